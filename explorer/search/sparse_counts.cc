// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/sparse_counts.h"

#include <algorithm>

#include "explorer/directory/search_log.h"

namespace moonpool::explorer {

static_assert(kReachesCounted == kMaxReaches,
              "the log says so of what the region counts");

void SparseCounts::Restore(const std::map<uint32_t, uint64_t>& again,
                           const Archive& archive, Region& region) {
  reaches_.assign(archive.cells().size() - 1, 1);
  for (uint32_t mark = 0; mark < reaches_.size(); ++mark) {
    auto it = again.find(mark);
    if (it != again.end()) reaches_[mark] += static_cast<uint32_t>(it->second);
    region.frontier.SetReaches(archive.cells()[mark + 1].key, reaches_[mark]);
  }
}

void SparseCounts::Commit(const Job& job, const JobSlot& slot,
                          const Archive& archive, Region& region) {
  // The first timeline is the beginning itself; it does not branch off there.
  if (job.splitpoint >= 0 && job.number > 0) {
    ++branches_[static_cast<uint32_t>(job.splitpoint)];
  }
  std::vector<uint64_t> keys;
  for (uint32_t i = 0; i < slot.discovery_count.load(); ++i) {
    keys.push_back(slot.discoveries[i].key);
  }
  const uint32_t again =
      std::min(slot.again_count.load(), static_cast<uint32_t>(kMaxAgain));
  keys.insert(keys.end(), slot.again, slot.again + again);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  const size_t known_before = reaches_.size();
  reaches_.resize(archive.cells().size() - 1);
  for (const uint64_t key : keys) {
    const int cell = archive.Find(key);
    if (cell < 0) continue;  // it did not fit
    const auto mark = static_cast<uint32_t>(cell - 1);
    // Whether a timeline reports a mark may depend on what the coordinator has
    // committed meanwhile; what is counted here does not: below the bound all
    // of them do.
    if (reaches_[mark] >= kReachesCounted) continue;
    region.frontier.SetReaches(key, ++reaches_[mark]);
    if (mark < known_before) ++again_[mark];
  }
}

void SparseCounts::MoveTo(LoggedBatch& batch) {
  for (const auto& [splitpoint, count] : branches_) {
    batch.add_branch_splitpoints(splitpoint);
    batch.add_branch_counts(count);
  }
  for (const auto& [mark, count] : again_) {
    batch.add_again_marks(mark);
    batch.add_again_counts(count);
  }
  branches_.clear();
  again_.clear();
}

}  // namespace moonpool::explorer
