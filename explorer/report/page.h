// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A campaign's report for people: one HTML page that needs nothing else, no
// network and no server.
//
// Determinism: the page is a pure function of the directory and the options.
#ifndef MOONPOOL_EXPLORER_REPORT_PAGE_H_
#define MOONPOOL_EXPLORER_REPORT_PAGE_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "explorer/directory/campaign_summary.h"
#include "explorer/directory/merged_parts.h"
#include "explorer/recipe/recipe.pb.h"

namespace moonpool {

// Rows of the page's tables, at most; the page says what it leaves out.
inline constexpr int kMaxBugRows = 200;
inline constexpr int kMaxMarkRows = 500;
inline constexpr int kMaxPartRows = 500;

// What the page is made of.
struct PageInput {
  CampaignParts parts;
  // Of a directory that holds one search and no merge.
  std::optional<CampaignSummary> search;
};
// Errors: as ReadParts.
absl::StatusOr<PageInput> ReadPageInput(const std::string& directory);

struct PageOptions {
  // The command that replays the number-th bug (from 1).
  std::function<std::string(size_t number, const BugRecipe& recipe)> replay;
  // The program has this campaign only, so that all its assertions count; if
  // not, those do not whose file had none evaluated.
  bool all_assertions_count = false;
};
std::string RenderPage(const PageInput& input, const PageOptions& options);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_REPORT_PAGE_H_
