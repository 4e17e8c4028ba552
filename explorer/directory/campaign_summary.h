// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What a campaign directory says about its search: totals, marks, bugs with
// their recipes, assertions, the course of the search, and the tree of
// timelines. All of it follows from DIR/search.log; of DIR/bugs only recipes
// that somebody has made shorter are taken.
//
// Determinism: a pure function of the files.
#ifndef MOONPOOL_EXPLORER_DIRECTORY_CAMPAIGN_SUMMARY_H_
#define MOONPOOL_EXPLORER_DIRECTORY_CAMPAIGN_SUMMARY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "explorer/directory/campaign.pb.h"
#include "sim/core/rng.h"

namespace moonpool {

// Of the PartPoints in a part: so many are equally far apart, at most; between
// them lie others, each an eighth further than the one before, so that the
// beginning is as fine as the rest.
inline constexpr uint64_t kEvenPoints = 200;

// A timeline with discoveries that were accepted, or a violation, or one that
// died. The others are counted where they branched off.
struct TreeTimeline {
  static constexpr int kNone = -1;
  struct Discovery {
    uint32_t mark = 0;      // index in the part's marks
    bool is_first = false;  // and not a better arrival
    int64_t time_ns = 0;    // simulated
  };

  uint64_t number = 0;
  int parent = kNone;  // index in the tree; kNone: it is the root of the tree
  uint64_t root_seed = 0;
  uint64_t seed = 0;
  StreamKinds streams = kAllStreams;   // that took its seed
  uint64_t split_draws = 0;            // where it branched off, since the root
  uint32_t segments = 0;               // of its recipe
  std::vector<Discovery> discoveries;  // those that were accepted
  bool has_ways = false;               // more ways to marks of others
  // Timelines that branched off its discoveries.
  uint64_t branches = 0;
  int bug = kNone;  // index in the part's bugs
  bool died = false;
};

struct CampaignSummary {
  CampaignPart part;
  // Parents come before their children. The first is no timeline: it stands
  // for the beginning, and its children are the timelines with a root seed of
  // their own and those that branched off before the first event.
  std::vector<TreeTimeline> tree;
  uint64_t dropped_bytes = 0;  // of a batch that was torn
};

// Errors: NotFound, InvalidArgument (no log of a search), DataLoss (damaged).
absl::StatusOr<CampaignSummary> ReadCampaign(const std::string& directory);

// By file, line and id.
void SortByPlace(google::protobuf::RepeatedPtrField<PartAssertion>& assertions);

// Whether one recipe is preferred to another of the same bug: fewer segments,
// then fewer draws.
bool IsShorterRecipe(const BugRecipe& recipe, const BugRecipe& than);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_DIRECTORY_CAMPAIGN_SUMMARY_H_
