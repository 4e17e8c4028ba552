// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/wal/model.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "providers/base/check.h"

namespace moonpool::wal {
namespace {

// Values are padded: the beginning tells which one it is.
constexpr size_t kShownBytes = 12;

std::string Show(const State& state, const std::string& key) {
  const auto it = state.find(key);
  return it == state.end() ? "nothing" : it->second.substr(0, kShownBytes);
}

std::vector<std::string> Differences(const State& found, const State& wanted) {
  std::set<std::string> keys;
  for (const auto& [key, value] : found) keys.insert(key);
  for (const auto& [key, value] : wanted) keys.insert(key);
  std::vector<std::string> differences;
  for (const std::string& key : keys) {
    const auto a = found.find(key);
    const auto b = wanted.find(key);
    const bool same = a != found.end() && b != wanted.end()
                          ? a->second == b->second
                          : a == found.end() && b == wanted.end();
    if (same) continue;
    differences.push_back(absl::StrCat(key, ": got ", Show(found, key),
                                       ", wanted ", Show(wanted, key)));
  }
  return differences;
}

}  // namespace

void Model::Submit(Change change) {
  if (change.value.has_value()) submitted_.insert({change.key, *change.value});
  in_doubt_.push_back(std::move(change));
}

void Model::Acknowledge() {
  CHECK(!in_doubt_.empty());
  Apply(in_doubt_.front(), state_);
  in_doubt_.pop_front();
}

bool Model::Resolve(const State& found) {
  State state = state_;
  size_t happened = 0;
  while (state != found) {
    if (happened == in_doubt_.size()) return false;
    Apply(in_doubt_[happened++], state);
  }
  state_ = std::move(state);
  in_doubt_.clear();
  return true;
}

bool Model::AreKnown(const State& found) const {
  for (const auto& entry : found) {
    if (!submitted_.contains(entry)) return false;
  }
  return true;
}

std::string Model::Describe(const State& found) const {
  State state = state_;
  std::vector<std::string> closest = Differences(found, state);
  for (const Change& change : in_doubt_) {
    Apply(change, state);
    std::vector<std::string> differences = Differences(found, state);
    if (differences.size() < closest.size()) closest = std::move(differences);
  }
  return absl::StrJoin(closest, "; ");
}

}  // namespace moonpool::wal
