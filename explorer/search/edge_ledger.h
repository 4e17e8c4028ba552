// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What the search has seen of the code under test: the coordinator's side of
// checkpoint/edge_watch.h. Takes in the edges of committed jobs, tells later
// jobs of them through the region, gives discoveries of edges their keys and
// names, and counts what is covered, by function.
#ifndef MOONPOOL_EXPLORER_SEARCH_EDGE_LEDGER_H_
#define MOONPOOL_EXPLORER_SEARCH_EDGE_LEDGER_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "explorer/coverage/edges.h"
#include "explorer/directory/log.pb.h"
#include "explorer/search/explore.h"
#include "explorer/shared/region.h"

namespace moonpool::explorer {

class EdgeLedger {
 public:
  // Lifetime: region outlives it.
  explicit EdgeLedger(Region* region);

  // Of a discovery of edges: gives it key and label by the first of them that
  // no job has committed. False: there is none.
  bool Name(const JobSlot& slot, Discovery& found);
  // It has become a cell. Whether it has an edge that nobody had come to, not
  // only new classes.
  bool Commit(uint64_t job, const JobSlot& slot, const Discovery& found);
  // The job is committed: what it came to at its end is covered.
  void CommitEnd(uint64_t job, const JobSlot& slot);
  // Jobs below this one have been committed for every job from now on.
  void SetAllKnowUntil(uint64_t job);

  size_t edges() const { return function_of_.size(); }
  // All functions, by name, in the order of their first edges. The parts of a
  // coroutine are one.
  std::vector<CoveredFunction> Functions();

  // Adds what was covered since the last time to a batch; the first time, how
  // many functions there are; at the end, which ones were never entered.
  void MoveTo(LoggedBatch& batch, bool is_end);
  // All that is covered so far is in the log.
  void SetLogged();

 private:
  // Looked up once.
  const std::string& NameOf(size_t function);
  void Cover(uint64_t job, uint32_t hit);
  bool IsSound(uint32_t hit) const {
    return hit / coverage::kHitClasses < edges();
  }

  Region* region_;
  std::vector<coverage::Function> functions_;
  std::vector<uint32_t> function_of_;     // by edge
  std::vector<bool> is_known_;            // likewise, in any class
  std::vector<bool> is_covered_;          // likewise
  std::vector<CoveredFunction> covered_;  // by function
  bool is_logged_ = false;                // that there are functions
  std::vector<uint64_t> logged_;          // by function: the covered edges
  // Committed, but maybe not for every job yet.
  std::deque<std::pair<uint64_t, uint32_t>> young_;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_EDGE_LEDGER_H_
