// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/log.h"

#include <utility>

#include "explorer/campaigns/raft/codec.h"
#include "providers/base/check.h"

namespace moonpool::raft {

Log::Log(std::shared_ptr<const Snapshot> snapshot) {
  Reset(std::move(snapshot));
}

uint64_t Log::term(uint64_t index) const {
  CHECK(Holds(index));
  return index == base_index() ? snapshot_->term : at(index).term;
}

uint64_t Log::chain(uint64_t index) const {
  CHECK(Holds(index));
  return index == base_index() ? snapshot_->chain : at(index).chain;
}

uint64_t Log::FirstOfTerm(uint64_t index) const {
  const uint64_t term = at(index).term;
  while (index - 1 > base_index() && at(index - 1).term == term) --index;
  return index;
}

const Members& Log::MembersAt(uint64_t index) const {
  size_t i = members_.size() - 1;
  while (i > 0 && members_[i].index > index) --i;
  return members_[i].members;
}

void Log::Append(Entry entry) {
  entry.chain = ChainOf(chain(last_index()), entry);
  if (entry.kind == EntryKind::kMembers) {
    members_.push_back({last_index() + 1, DecodeMembers(entry.data)});
  }
  entries_.push_back(std::move(entry));
}

void Log::TruncateAfter(uint64_t index) {
  CHECK_GE(index, base_index());
  while (last_index() > index) entries_.pop_back();
  while (members_.back().index > index) members_.pop_back();
}

void Log::Compact(std::shared_ptr<const Snapshot> snapshot) {
  CHECK(Holds(snapshot->index));
  const uint64_t dropped = snapshot->index - base_index();
  entries_.erase(entries_.begin(),
                 entries_.begin() + static_cast<ptrdiff_t>(dropped));
  std::vector<Change> members = {{snapshot->index, snapshot->members}};
  for (const Change& change : members_) {
    if (change.index > snapshot->index) members.push_back(change);
  }
  members_ = std::move(members);
  snapshot_ = std::move(snapshot);
}

void Log::Reset(std::shared_ptr<const Snapshot> snapshot) {
  entries_.clear();
  members_ = {{snapshot->index, snapshot->members}};
  snapshot_ = std::move(snapshot);
}

std::string EncodeMembers(const Members& members) {
  std::string data;
  Writer writer(&data);
  WriteMembers(members, writer);
  return data;
}

Members DecodeMembers(absl::string_view data) {
  Reader reader(data);
  return ReadMembers(reader);
}

}  // namespace moonpool::raft
