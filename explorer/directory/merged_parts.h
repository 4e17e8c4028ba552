// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Many searches of one campaign as one set of parts, and its file
// DIR/merged.parts.
//
// A part is what one search came to; two states of one search are the same
// part, and the one with more timelines wins. So a merge is commutative,
// associative and idempotent, and its file has the same bytes however the set
// was put together. Sums and unions over the parts are made on reading.
#ifndef MOONPOOL_EXPLORER_DIRECTORY_MERGED_PARTS_H_
#define MOONPOOL_EXPLORER_DIRECTORY_MERGED_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "explorer/directory/campaign.pb.h"

namespace moonpool {

inline constexpr uint32_t kMergedSchemaVersion = 1;

// By the identity of the search: its configuration.
using CampaignParts = std::map<std::string, CampaignPart>;

// "DIR/merged.parts".
std::string MergedPartsFile(const std::string& directory);

void AddPart(CampaignPart part, CampaignParts& parts);

// The parts of a directory: of its search, of its merge, or of both. Errors:
// NotFound if it has neither, InvalidArgument, DataLoss.
absl::StatusOr<CampaignParts> ReadParts(const std::string& directory);

// All parts together. Sorted, so that it does not depend on how they came.
struct PartsView {
  CampaignPart total;  // sums and unions; no config, points or tree hash
  // For each bug of the total: the identity of the search whose recipe it is.
  std::vector<std::string> bug_sources;
};
PartsView Combine(const CampaignParts& parts);

struct MergeResult {
  size_t parts = 0;
  size_t bugs = 0;
  uint64_t timelines = 0;
};
// Writes OUT/merged.parts, and each bug's shortest recipe to OUT/bugs. Nothing
// is written unless all of the inputs are sound. InvalidArgument also if they
// are of several campaigns, or if out holds a search, or a merge with parts
// that the inputs do not cover.
absl::StatusOr<MergeResult> MergeCampaigns(absl::Span<const std::string> inputs,
                                           const std::string& out);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_DIRECTORY_MERGED_PARTS_H_
