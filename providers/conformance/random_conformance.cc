// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Contract of Random: values are in their ranges, both ends are reached, and
// shares are about what was asked for. The bounds are six standard deviations
// wide, so an honest source fails one run in 10^8.
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "providers/conformance/conformance.h"

namespace moonpool {
namespace {

constexpr int kDraws = 6000;

// Whether hits of kDraws fits a probability of num / den.
void ExpectShare(int hits, double share) {
  const double mean = kDraws * share;
  EXPECT_NEAR(hits, mean, 6 * std::sqrt(mean * (1 - share)) + 1);
}

TEST_P(RandomConformance, BelowIsUniformWithinItsBound) {
  std::vector<int> hits(6);
  for (int i = 0; i < kDraws; ++i) {
    const uint64_t value = random().Below(hits.size());
    ASSERT_LT(value, hits.size());
    ++hits[value];
    EXPECT_EQ(random().Below(1), 0u);
  }
  for (int count : hits) ExpectShare(count, 1.0 / 6);
}

TEST_P(RandomConformance, RangeReachesBothEnds) {
  std::set<int64_t> seen;
  for (int i = 0; i < kDraws; ++i) {
    seen.insert(random().Range(int64_t{-2}, int64_t{2}));
    EXPECT_EQ(random().Range(int64_t{5}, int64_t{5}), 5);
  }
  EXPECT_EQ(seen, std::set<int64_t>({-2, -1, 0, 1, 2}));
}

TEST_P(RandomConformance, RangeOfEverythingDoesNotOverflow) {
  int negative = 0;
  for (int i = 0; i < kDraws; ++i) {
    negative += random().Range(std::numeric_limits<int64_t>::min(),
                               std::numeric_limits<int64_t>::max()) < 0;
  }
  ExpectShare(negative, 0.5);
}

TEST_P(RandomConformance, RangeOfDurations) {
  const absl::Duration low = absl::Milliseconds(-1);
  const absl::Duration high = absl::Seconds(1);
  int above_half = 0;
  for (int i = 0; i < kDraws; ++i) {
    const absl::Duration value = random().Range(low, high);
    ASSERT_GE(value, low);
    ASSERT_LE(value, high);
    above_half += value > (low + high) / 2;
  }
  ExpectShare(above_half, 0.5);
}

TEST_P(RandomConformance, ChanceKeepsItsShare) {
  int hits = 0;
  for (int i = 0; i < kDraws; ++i) {
    EXPECT_FALSE(random().Chance(Ratio{0, 10}));
    EXPECT_TRUE(random().Chance(Ratio{10, 10}));
    hits += random().Chance(Ratio{3, 10});
  }
  ExpectShare(hits, 0.3);
}

TEST_P(RandomConformance, UnitIsBelowOne) {
  int above_half = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random().Unit();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    above_half += value >= 0.5;
  }
  ExpectShare(above_half, 0.5);
}

TEST_P(RandomConformance, WeightsAreShares) {
  std::vector<int> hits(3);
  for (int i = 0; i < kDraws; ++i) {
    const size_t index = random().Weighted({1, 0, 3});
    ASSERT_LT(index, hits.size());
    ++hits[index];
  }
  ExpectShare(hits[0], 0.25);
  EXPECT_EQ(hits[1], 0);
  ExpectShare(hits[2], 0.75);
}

TEST_P(RandomConformance, PickTakesEveryElement) {
  const std::vector<char> items = {'x', 'y', 'z'};
  std::set<char> seen;
  for (int i = 0; i < kDraws; ++i) seen.insert(random().Pick(items));
  EXPECT_EQ(seen.size(), 3u);
}

TEST_P(RandomConformance, HostsDrawDifferently) {
  int equal = 0;
  for (int i = 0; i < 100; ++i)
    equal += a().random().Next() == b().random().Next();
  EXPECT_EQ(equal, 0);
}

}  // namespace
}  // namespace moonpool
