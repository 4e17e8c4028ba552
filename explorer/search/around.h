// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Searching around a recipe: the first timeline is the recipe's own instead of
// the campaign's seed, and its way is a place to branch off, at its breakpoints
// and between them.
#ifndef MOONPOOL_EXPLORER_SEARCH_AROUND_H_
#define MOONPOOL_EXPLORER_SEARCH_AROUND_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "explorer/recipe/recipe.pb.h"
#include "explorer/search/explore.h"
#include "sim/core/rng.h"

namespace moonpool::explorer {

// Of the splits that come from a recipe; with what assertions mark, they are to
// fit among the discoveries of one timeline.
inline constexpr size_t kMaxSplitsAround = 128;

// InvalidArgument: the recipe is another campaign's, or has other parameters,
// or is too long.
absl::Status CheckAround(const ExploreOptions& options);

// Where timelines may branch on the recipe's way, in draws since the root: at
// each breakpoint and at three numbers between each two, likewise before the
// first and from the last to the end, if the recipe says where that is; of a
// recipe with very many breakpoints at fewer. Ascending.
std::vector<uint64_t> SplitsAround(const BugRecipe& recipe);

// The first timeline's.
uint64_t FirstRootSeed(const ExploreOptions& options);
std::vector<Breakpoint> FirstSegments(const ExploreOptions& options);

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_AROUND_H_
