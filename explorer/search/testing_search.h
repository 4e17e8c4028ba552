// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What tests of whole searches share. Linking it registers these campaigns:
//   gates      three gates of 1/10, each behind the mark of the one before
//   litter     a ladder, and below it something new at each end
//   race       four laps, a mark after each, and a record of 10⁻⁵
//   wild       dies in every way there is; hangs=true: also loops for ever
//   slow       takes 200 ms of real time before anything happens
//   stillborn  its process' factory ends the program
//   scribbles, scribbles_unused, scribbles_orders: overwrite results and
//              orders of the explorer, behind the first gate
#ifndef MOONPOOL_EXPLORER_SEARCH_TESTING_SEARCH_H_
#define MOONPOOL_EXPLORER_SEARCH_TESTING_SEARCH_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "explorer/recipe/recipe.h"
#include "explorer/search/explore.h"

namespace moonpool {

#if __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;  // a fork takes eight times as long
#else
inline constexpr bool kSanitized = false;
#endif

// With two workers.
ExploreOptions Options(const std::string& campaign, uint64_t timelines);

// Explores; fails the test unless that succeeds and leaves no process behind.
ExploreResult MustExplore(const ExploreOptions& options);

// Fails the test unless the search is refused, saying so.
void ExpectRefused(const ExploreOptions& options, absl::StatusCode code,
                   absl::string_view says);

// All that a tree determines, as text.
std::string TreeOf(const ExploreResult& result);

// The recipe replays to its bug, in this process: that must survive it.
void ExpectReplaysHere(const BugRecipe& recipe);
// A bug that ends its process.
void ExpectReplaysInChild(const BugRecipe& recipe);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_SEARCH_TESTING_SEARCH_H_
