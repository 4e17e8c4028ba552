// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the estimates are those of the papers. Method: worked examples, and
// independent draws from a known population, whose future is then drawn, too.
#include "explorer/report/estimate.h"

#include <gtest/gtest.h>

#include <vector>

#include "providers/base/hash.h"

namespace moonpool {
namespace {

TEST(EstimateUnseen, FollowsGoodAndToulmin) {
  // t = 1/2: 8/2 - 4/4 + 2/8, without the last one.
  const UnseenEstimate estimate =
      EstimateUnseen({0, 8, 4, 2, 100}, /*timelines=*/1000, /*wanted=*/500);
  EXPECT_DOUBLE_EQ(estimate.per_timeline, 0.008);
  EXPECT_EQ(estimate.horizon, 500u);
  EXPECT_DOUBLE_EQ(estimate.expected, 3.25);
}

TEST(EstimateUnseen, LooksAheadByHalfOfWhatItKnowsAtMost) {
  EXPECT_EQ(EstimateUnseen({0, 1, 0}, 1000, 10000).horizon, 500u);
  EXPECT_EQ(EstimateUnseen({0, 1, 0}, 50000, 10000).horizon, 10000u);
  EXPECT_DOUBLE_EQ(EstimateUnseen({0, 5, 0}, 50000, 10000).expected, 1.0);
}

TEST(EstimateUnseen, WithoutRareThingsNothingIsExpected) {
  const UnseenEstimate estimate = EstimateUnseen({0, 0, 0, 9}, 1000, 100);
  EXPECT_EQ(estimate.per_timeline, 0);
  EXPECT_EQ(estimate.expected, 0);
  EXPECT_EQ(EstimateUnseen({}, 1000, 100).expected, 0);
  EXPECT_EQ(EstimateUnseen({0, 3}, 0, 100).expected, 0);
}

TEST(EstimateUnseen, NeverExpectsLessThanNothing) {
  EXPECT_EQ(EstimateUnseen({0, 0, 50, 0}, 100, 50).expected, 0);
}

// Thing i of 400 shows in a timeline with probability 1 in 4 (i + 1).
TEST(EstimateUnseen, ForetellsIndependentDraws) {
  constexpr uint64_t kThings = 400;
  constexpr uint64_t kTimelines = 600;
  constexpr uint64_t kMore = 300;
  auto shows = [](uint64_t timeline, uint64_t thing) {
    return Mix64(timeline * kThings + thing + 1) % (4 * (thing + 1)) == 0;
  };
  std::vector<uint64_t> seen(kThings);
  for (uint64_t timeline = 0; timeline < kTimelines; ++timeline) {
    for (uint64_t thing = 0; thing < kThings; ++thing) {
      if (shows(timeline, thing)) ++seen[thing];
    }
  }
  std::vector<uint64_t> frequencies(9);
  for (const uint64_t count : seen) ++frequencies[count < 8 ? count : 8];
  uint64_t fresh = 0;
  for (uint64_t thing = 0; thing < kThings; ++thing) {
    bool is_new = false;
    for (uint64_t i = 0; i < kMore; ++i) {
      is_new = is_new || shows(kTimelines + i, thing);
    }
    if (is_new && seen[thing] == 0) ++fresh;
  }
  const UnseenEstimate estimate =
      EstimateUnseen(frequencies, kTimelines, kMore);
  ASSERT_GT(fresh, 20u);
  EXPECT_NEAR(estimate.expected, static_cast<double>(fresh),
              0.3 * static_cast<double>(fresh));
}

}  // namespace
}  // namespace moonpool
