// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What committed timelines came to, and what becomes of it: a discovery, one
// more way to a cell or a better one is a splitpoint in the archive from now
// on, and what is parked there is kept.
//
// What is accepted depends on nothing but the results of the jobs before, in
// their order.
#ifndef MOONPOOL_EXPLORER_SEARCH_ARRIVALS_H_
#define MOONPOOL_EXPLORER_SEARCH_ARRIVALS_H_

#include <cstdint>

#include "explorer/search/archive.h"
#include "explorer/search/edge_ledger.h"
#include "explorer/search/explore.h"
#include "explorer/search/job.h"
#include "explorer/search/process_pool.h"
#include "explorer/shared/region.h"

namespace moonpool::explorer {

class Arrivals {
 public:
  // Lifetime: all of them outlive it.
  Arrivals(Archive* archive, ProcessPool* pool, EdgeLedger* edges)
      : archive_(*archive), pool_(*pool), edges_(*edges) {}

  // Notes in the slot what it accepts, and counts it in the result. Jobs below
  // all_know_until have been committed for every job from now on. Returns
  // whether the timeline yielded: it discovered, or improved, a ranked cell that
  // is no dead end.
  bool Commit(const Job& job, uint64_t all_know_until, JobSlot& slot,
              ExploreResult& result);

 private:
  // Each returns whether it makes a splitpoint of the arrival.
  bool AcceptDiscovery(const Job& job, uint64_t all_know_until,
                       const JobSlot& slot, Discovery& discovery,
                       ExploreResult& result);
  bool AcceptWay(const Job& job, const Arrival& found, bool is_new) const;
  // The splitpoint of an arrival that is accepted, below its parent.
  int AddSplitpoint(const Job& job, const Arrival& found, int parent);
  // The ways to a cell are no longer the best.
  void Improve(Cell& cell, const Arrival& found);

  Archive& archive_;
  ProcessPool& pool_;
  EdgeLedger& edges_;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_ARRIVALS_H_
