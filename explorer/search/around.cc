// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/around.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "explorer/recipe/recipe.h"
#include "explorer/shared/region.h"

namespace moonpool::explorer {

absl::Status CheckAround(const ExploreOptions& options) {
  if (!options.around.has_value()) return absl::OkStatus();
  const BugRecipe& recipe = *options.around;
  if (recipe.campaign() != options.campaign) {
    return absl::InvalidArgumentError(
        absl::StrCat("the recipe to search around is one of campaign '",
                     recipe.campaign(), "': explore that"));
  }
  CampaignParams::Values values;
  for (const CampaignParameter& parameter : recipe.parameters()) {
    values[parameter.name()] = parameter.value();
  }
  if (values != options.parameters) {
    return absl::InvalidArgumentError(
        "the recipe to search around was found with other parameters: give "
        "the same ones");
  }
  // One segment more, for the timelines that branch there, must still fit.
  if (static_cast<size_t>(recipe.segments_size()) + 1 > kMaxPath) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the recipe to search around has ", recipe.segments_size(),
        " segments; at most ", kMaxPath - 1, " will do"));
  }
  return absl::OkStatus();
}

std::vector<uint64_t> SplitsAround(const BugRecipe& recipe) {
  std::vector<uint64_t> stops;  // the breakpoints, then the end
  uint64_t draws = 0;
  for (const RecipeSegment& segment : recipe.segments()) {
    // Beyond all that can be drawn.
    if (__builtin_add_overflow(draws, segment.count(), &draws)) break;
    stops.push_back(draws);
  }
  if (recipe.draws() > draws) stops.push_back(recipe.draws());
  if (stops.empty()) return {};
  const size_t stretches = stops.size();
  const size_t parts = std::clamp(kMaxSplitsAround / stretches, size_t{1},
                                  size_t{4});
  std::vector<uint64_t> splits;
  uint64_t begin = 0;
  for (size_t i = 0; i < stretches; ++i) {
    const uint64_t length = stops[i] - begin;
    for (size_t part = 1; part < parts; ++part) {
      splits.push_back(begin + length / parts * part +
                       length % parts * part / parts);
    }
    splits.push_back(stops[i]);
    begin = stops[i];
  }
  // At the recipe's end there is nothing to branch off to.
  if (recipe.draws() > draws) splits.pop_back();
  std::sort(splits.begin(), splits.end());
  splits.erase(std::unique(splits.begin(), splits.end()), splits.end());
  if (!splits.empty() && splits.front() == 0) splits.erase(splits.begin());
  // The last ones are the nearest to what the recipe is for.
  while (splits.size() > kMaxSplitsAround) {
    std::vector<uint64_t> fewer;
    for (size_t i = (splits.size() - 1) % 2; i < splits.size(); i += 2) {
      fewer.push_back(splits[i]);
    }
    splits = std::move(fewer);
  }
  return splits;
}

uint64_t FirstRootSeed(const ExploreOptions& options) {
  return options.around.has_value() ? options.around->root_seed()
                                    : options.seed;
}

std::vector<Breakpoint> FirstSegments(const ExploreOptions& options) {
  if (!options.around.has_value()) return {};
  return BreakpointsOf(*options.around);
}

}  // namespace moonpool::explorer
