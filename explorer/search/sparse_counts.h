// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What the log counts of timelines that it does not mention by themselves:
// where they branched off, and to which rare marks they came again.
#ifndef MOONPOOL_EXPLORER_SEARCH_SPARSE_COUNTS_H_
#define MOONPOOL_EXPLORER_SEARCH_SPARSE_COUNTS_H_

#include <cstdint>
#include <map>
#include <vector>

#include "explorer/directory/log.pb.h"
#include "explorer/search/archive.h"
#include "explorer/search/job.h"
#include "explorer/shared/region.h"

namespace moonpool::explorer {

class SparseCounts {
 public:
  // Takes up the counts of a restored search. REQUIRES: all that it had
  // discovered is in the archive.
  void Restore(const std::map<uint32_t, uint64_t>& again,
               Archive& archive, Region& region);
  // After the job's discoveries have been committed. Tells timelines to come,
  // through the region, of which marks they need not report any more.
  void Commit(const Job& job, const JobSlot& slot, Archive& archive,
              Region& region);
  // Moves the counts since the last time into a batch.
  void MoveTo(LoggedBatch& batch);

 private:
  size_t known_ = 1;  // cells, when it was asked last
  std::map<uint32_t, uint32_t> branches_;
  std::map<uint32_t, uint32_t> again_;  // by mark: its cell's index less one
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_SPARSE_COUNTS_H_
