// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The sums over all committed timelines: what they drew and executed, how often
// each assertion held, and one hash of them all.
#ifndef MOONPOOL_EXPLORER_SEARCH_TOTALS_H_
#define MOONPOOL_EXPLORER_SEARCH_TOTALS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "explorer/directory/log.pb.h"
#include "explorer/directory/search_log.h"
#include "explorer/search/archive.h"
#include "explorer/search/explore.h"
#include "explorer/search/job.h"
#include "explorer/shared/region.h"

namespace moonpool::explorer {

class Totals {
 public:
  // Of the assertions that the program has now.
  Totals();

  size_t assertions() const { return now_.counts.size(); }

  // Takes up the sums of a restored search.
  void Restore(const SearchLog::Restored& restored);
  void Commit(const Job& job, const JobSlot& slot, const Archive& archive);

  // Moves what was added since the last time into a batch.
  void MoveTo(LoggedBatch& batch);
  void FillIn(ExploreResult& result) const;

 private:
  struct Sums {
    uint64_t draws = 0;
    uint64_t events = 0;
    uint64_t tree_hash = 0;
    // By assertion: dense, as every timeline adds to all.
    std::vector<JobSlot::Counts> counts;
  };

  Sums now_;
  Sums logged_;  // when it was asked last
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_TOTALS_H_
