// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/edge_ledger.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "explorer/coverage/scan.h"
#include "explorer/recipe/outcome.h"
#include "providers/base/hash.h"

namespace moonpool::explorer {
namespace {

size_t EdgeOf(uint32_t hit) { return hit / coverage::kHitClasses; }
int ClassOf(uint32_t hit) {
  return static_cast<int>(hit % coverage::kHitClasses);
}

// The end of a place tells one from another: "…Server::Handle()+0x3c".
std::string Shortened(const std::string& place) {
  constexpr size_t kLength = 64;
  return place.size() <= kLength
             ? place
             : absl::StrCat("…", place.substr(place.size() - kLength));
}

}  // namespace

EdgeLedger::EdgeLedger(Region* region) : region_(region) {
  if (region->ignores_edges != 0) return;
  functions_ = coverage::Functions();
  function_of_.reserve(coverage::EdgeCount());
  for (size_t i = 0; i < functions_.size(); ++i) {
    function_of_.resize(functions_[i].first + functions_[i].edges,
                        static_cast<uint32_t>(i));
    covered_.emplace_back().edges = functions_[i].edges;
  }
  logged_.resize(covered_.size());
  is_known_.resize(edges());
  is_covered_.resize(edges());
}

bool EdgeLedger::Name(const JobSlot& slot, Discovery& found) {
  const uint32_t* const begin = slot.edges + found.first_edge;
  const uint32_t* const end = begin + found.edges;
  auto is_new = [this](uint32_t hit) {
    return IsSound(hit) && region_->edges.known[hit].load() == 0;
  };
  const uint32_t* first = std::find_if(begin, end, is_new);
  if (first == end) return false;
  // An edge that nobody had come to says more than a new class.
  const uint32_t* const edge = std::find_if(first, end, [&](uint32_t hit) {
    return is_new(hit) && !is_known_[EdgeOf(hit)];
  });
  if (edge != end) first = edge;
  found.at.key =
      Combine64(Combine64(HashBytes("edge"), coverage::EdgeId(EdgeOf(*first))),
                static_cast<uint64_t>(ClassOf(*first)));
  const auto more = std::count_if(begin, end, is_new) - 1;
  const coverage::Function& function = functions_[function_of_[EdgeOf(*first)]];
  found.label.Set(absl::StrCat(
      "edge ", Shortened(coverage::PlaceOf(function, EdgeOf(*first))), " ",
      coverage::HitClassName(ClassOf(*first)),
      more > 0 ? absl::StrCat(", ", more, " more") : ""));
  return true;
}

bool EdgeLedger::Commit(uint64_t job, const JobSlot& slot,
                        const Discovery& found) {
  bool has_new_edge = false;
  for (uint32_t i = 0; i < found.edges; ++i) {
    const uint32_t hit = slot.edges[found.first_edge + i];
    if (!IsSound(hit)) continue;
    Cover(job, hit);
    if (region_->edges.known[hit].load() != 0) continue;
    region_->edges.known[hit].store(job + 1);
    young_.emplace_back(job, hit);
    if (is_known_[EdgeOf(hit)]) continue;
    is_known_[EdgeOf(hit)] = true;
    has_new_edge = true;
  }
  return has_new_edge;
}

void EdgeLedger::CommitEnd(uint64_t job, const JobSlot& slot) {
  if (slot.finished.load() == 0) return;
  uint32_t begin = 0;
  for (uint32_t i = 0; i < slot.discovery_count.load(); ++i) {
    const Discovery& found = slot.discoveries[i];
    if (found.assertion == kEdgesAssertion) {
      begin = found.first_edge + found.edges;
    }
  }
  for (uint32_t i = begin; i < slot.edge_count.load(); ++i) {
    if (IsSound(slot.edges[i])) Cover(job, slot.edges[i]);
  }
}

void EdgeLedger::Cover(uint64_t job, uint32_t hit) {
  if (region_->edges.covered[hit].load() == 0) {
    region_->edges.covered[hit].store(job + 1);
  }
  const size_t edge = EdgeOf(hit);
  if (is_covered_[edge]) return;
  is_covered_[edge] = true;
  CoveredFunction& function = covered_[function_of_[edge]];
  if (function.covered++ == 0) function.first_timeline = job + 1;
  function.last_timeline = job + 1;
}

void EdgeLedger::SetAllKnowUntil(uint64_t job) {
  for (; !young_.empty() && young_.front().first < job; young_.pop_front()) {
    const uint32_t hit = young_.front().second;
    uint8_t& known = region_->edges.known_to_all[EdgeOf(hit)];
    known = static_cast<uint8_t>(known | 1 << ClassOf(hit));
  }
}

void EdgeLedger::SetLogged() {
  is_logged_ = true;
  for (size_t i = 0; i < covered_.size(); ++i) {
    logged_[i] = covered_[i].covered;
  }
}

void EdgeLedger::MoveTo(LoggedBatch& batch, bool is_end) {
  for (size_t i = 0; i < covered_.size(); ++i) {
    const CoveredFunction& now = covered_[i];
    const bool has_news = now.covered > logged_[i];
    if (is_logged_ && !has_news && !(is_end && now.covered == 0)) continue;
    LoggedFunction& logged = *batch.add_functions();
    logged.set_number(static_cast<uint32_t>(i));
    if (!is_logged_) logged.set_edges(now.edges);
    if (has_news || is_end) logged.set_name(ToValidUtf8(NameOf(i)));
    if (!has_news) continue;
    logged.set_covered(now.covered - logged_[i]);
    logged.set_first_timeline(now.first_timeline);
    logged.set_last_timeline(now.last_timeline);
  }
  SetLogged();
}

std::vector<CoveredFunction> EdgeLedger::Functions() {
  std::vector<CoveredFunction> functions;
  std::map<std::string, size_t> index;
  for (size_t i = 0; i < covered_.size(); ++i) {
    const auto [it, is_new] = index.emplace(NameOf(i), functions.size());
    if (is_new) {
      functions.push_back(covered_[i]);
      continue;
    }
    CoveredFunction& sum = functions[it->second];
    const CoveredFunction& part = covered_[i];
    if (part.covered > 0) {
      sum.first_timeline =
          sum.covered == 0 ? part.first_timeline
                           : std::min(sum.first_timeline, part.first_timeline);
      sum.last_timeline = std::max(sum.last_timeline, part.last_timeline);
    }
    sum.edges += part.edges;
    sum.covered += part.covered;
  }
  return functions;
}

const std::string& EdgeLedger::NameOf(size_t function) {
  std::string& name = covered_[function].name;
  if (name.empty()) name = coverage::NameOf(functions_[function]);
  return name;
}

}  // namespace moonpool::explorer
