// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/sparse_counts.h"

#include <algorithm>
#include <utility>

#include "explorer/directory/search_log.h"

namespace moonpool::explorer {

static_assert(kReachesCounted == kMaxReaches,
              "the log says so of what the region counts");

void SparseCounts::Restore(const std::map<uint32_t, uint64_t>& again,
                           Archive& archive, Region& region) {
  known_ = archive.cells().size();
  for (int i = 1; i < archive.size(); ++i) {
    Cell& cell = archive.cell(i);
    cell.reaches = 1;
    auto it = again.find(static_cast<uint32_t>(i - 1));
    if (it != again.end()) cell.reaches += static_cast<uint32_t>(it->second);
    region.frontier.SetReaches(cell.key, cell.reaches);
  }
}

void SparseCounts::Commit(const Job& job, const JobSlot& slot,
                          Archive& archive, Region& region) {
  // The first timeline is the beginning itself; it does not branch off there.
  if (job.from.splitpoint >= 0 && job.number > 0) {
    ++branches_[static_cast<uint32_t>(job.from.splitpoint)];
  }
  std::vector<uint64_t> keys;
  for (uint32_t i = 0; i < slot.discovery_count.load(); ++i) {
    keys.push_back(slot.discoveries[i].at.key);
  }
  for (uint32_t i = 0; i < slot.arrival_count.load(); ++i) {
    keys.push_back(slot.arrivals[i].key);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  const size_t known_before = std::exchange(known_, archive.cells().size());
  for (const uint64_t key : keys) {
    const int index = archive.Find(key);
    if (index < 0) continue;  // it did not fit
    Cell& cell = archive.cell(index);
    // Whether a timeline reports a mark may depend on what the coordinator has
    // committed meanwhile; what is counted here does not: below the bound all
    // of them do.
    if (cell.reaches >= kReachesCounted) continue;
    region.frontier.SetReaches(key, ++cell.reaches);
    if (static_cast<size_t>(index) < known_before) {
      ++again_[static_cast<uint32_t>(index - 1)];
    }
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
