// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The tree of timelines as the report page's script reads it.
#ifndef MOONPOOL_EXPLORER_REPORT_TREE_DATA_H_
#define MOONPOOL_EXPLORER_REPORT_TREE_DATA_H_

#include <cstddef>
#include <string>

#include "explorer/directory/campaign_summary.h"

namespace moonpool {

// Of a larger tree, the timelines are kept that lead to a bug's first
// appearance, and then those with the most timelines below them.
inline constexpr size_t kMaxTreeTimelines = 10'000;
// Of one timeline; the others are counted.
inline constexpr size_t kMaxNamedDiscoveries = 6;

struct TreeData {
  std::string json;
  size_t shown = 0;
  size_t total = 0;
};
// One JSON object of columns, row by row a timeline, parents before children:
//   number, parent (row; -1: none), at (draws before it branched off), marks
//   (rows of labels), found (discoveries in all), branches, bug (row of the
//   bugs, -1: none), died (0 or 1), hidden (children that are not shown)
// and labels, and first: for each bug the row where it first appeared.
TreeData MakeTreeData(const CampaignSummary& summary);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_REPORT_TREE_DATA_H_
