// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: numbers that come nearer to what they are compared with are marks, and
// few. Method: long runs of values, and the extremes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "sim/assertions/assertions.h"
#include "sim/assertions/table.h"
#include "sim/assertions/testing_assertions.h"

namespace moonpool {
namespace {

TEST_F(AssertionsTest, WatermarkMarksEachLevelOnce) {
  for (int round = 0; round < 2; ++round) {
    for (int value = 1; value <= 40; ++value) {
      ASSERT_SOMETIMES_GREATER_THAN(value, 1000, "level");
    }
  }
  // Exact below 16, then four levels a doubling.
  Strings want;
  for (int value = 1; value <= 16; ++value) {
    want.push_back("level = " + std::to_string(value));
  }
  for (const int value : {20, 24, 28, 32, 40}) {
    want.push_back("level = " + std::to_string(value));
  }
  EXPECT_EQ(recorder_.Labels(), want);
  EXPECT_EQ(Find("level").watermark, 40);
  std::vector<uint64_t> keys;
  for (const Mark& mark : recorder_.marks) keys.push_back(mark.key);
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::unique(keys.begin(), keys.end()), keys.end());
}

TEST_F(AssertionsTest, WatermarkMovesTowardsTheGoal) {
  for (const int value : {0, 2, -2}) {
    ASSERT_SOMETIMES_GREATER_THAN_OR_EQUAL_TO(value, 9, "up to a goal");
    ASSERT_SOMETIMES_LESS_THAN(value, -9, "down to a goal");
    // Of an ALWAYS assertion the interesting values are near its bound.
    ASSERT_ALWAYS_LESS_THAN_OR_EQUAL_TO(value, 9, "up to a bound");
    ASSERT_ALWAYS_GREATER_THAN(value, -9, "down to a bound");
  }
  EXPECT_EQ(
      recorder_.Labels(),
      Strings({"up to a goal = 0", "down to a goal = 0", "up to a bound = 0",
               "down to a bound = 0", "up to a goal = 2", "up to a bound = 2",
               "down to a goal = -2", "down to a bound = -2"}));
}

TEST_F(AssertionsTest, ExtremeWatermarksHaveLevels) {
  for (const int64_t value : {std::numeric_limits<int64_t>::min(), int64_t{0},
                              std::numeric_limits<int64_t>::max()}) {
    ASSERT_SOMETIMES_GREATER_THAN(value, 0, "extreme");
  }
  EXPECT_EQ(recorder_.marks.size(), 3u);
}

// The values of which each is a mark, if they come one after another.
std::vector<int64_t> MarkedOf(const Recorder& recorder) {
  std::vector<int64_t> values;
  for (const Mark& mark : recorder.marks) {
    const size_t at = mark.label.rfind(" = ") + 3;
    values.push_back(std::stoll(mark.label.substr(at)));
  }
  return values;
}

TEST_F(AssertionsTest, WatermarksAreExactAtZeroAndAtTheBoundAndSparseBetween) {
  constexpr int64_t kBound = 1000000;
  for (int64_t value = 0; value <= kBound + 20; ++value) {
    ASSERT_SOMETIMES_GREATER_THAN_OR_EQUAL_TO(value, kBound, "up to a million");
  }
  const std::vector<int64_t> up = MarkedOf(recorder_);
  EXPECT_LT(up.size(), 200u);
  for (int64_t value = 0; value < 16; ++value) {
    for (const int64_t exact : {value, kBound - value, kBound + value}) {
      EXPECT_TRUE(std::count(up.begin(), up.end(), exact) == 1) << exact;
    }
  }
  recorder_.marks.clear();
  for (int64_t value = 0; value >= -kBound - 20; --value) {
    ASSERT_SOMETIMES_LESS_THAN_OR_EQUAL_TO(value, -kBound,
                                           "down to minus a million");
  }
  const std::vector<int64_t> down = MarkedOf(recorder_);
  ASSERT_EQ(down.size(), up.size());
  for (size_t i = 0; i < up.size(); ++i) EXPECT_EQ(down[i], -up[i]);
  // The other way round: from far beyond the goal, past zero where levels are
  // exact, too.
  recorder_.marks.clear();
  for (int64_t value = kBound; value >= -1; --value) {
    ASSERT_SOMETIMES_LESS_THAN(value, 0, "down from a million");
  }
  EXPECT_LT(recorder_.marks.size(), 100u);
  const std::vector<int64_t> last = MarkedOf(recorder_);
  for (int64_t value = 15; value >= -1; --value) {
    EXPECT_EQ(last[last.size() - 2 - static_cast<size_t>(value)], value);
  }
}

TEST_F(AssertionsTest, AnAlwaysIsFollowedUpToItsBoundAndNotBeyond) {
  constexpr int64_t kBound = 1000000;
  for (int64_t value = 0; value <= kBound + 20; ++value) {
    ASSERT_ALWAYS_LESS_THAN(value, kBound, "always below");
    ASSERT_ALWAYS_GREATER_THAN_OR_EQUAL_TO(-value, -kBound, "always above");
  }
  std::vector<int64_t> below;
  std::vector<int64_t> above;
  for (const int64_t value : MarkedOf(recorder_)) {
    // Zero is one of each.
    if (value >= 0) below.push_back(value);
    if (value <= 0) above.push_back(-value);
  }
  for (int64_t value = 1; value < 16; ++value) {
    EXPECT_TRUE(std::count(below.begin(), below.end(), kBound - value) == 1);
    EXPECT_TRUE(std::count(above.begin(), above.end(), kBound - value) == 1);
  }
  // A violation is the end: there is nothing to come back to.
  EXPECT_EQ(*std::max_element(below.begin(), below.end()), kBound - 1);
  EXPECT_EQ(*std::max_element(above.begin(), above.end()), kBound);
  ExpectCounts("always below", kBound, 21);
}

TEST_F(AssertionsTest, WatermarksOfExtremeBounds) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  for (const int64_t value : {kMin, kMin + 1, int64_t{-1}, int64_t{0},
                              kMax / 2, kMax - 17, kMax - 2, kMax - 1, kMax}) {
    ASSERT_SOMETIMES_GREATER_THAN_OR_EQUAL_TO(value, kMax, "up to the end");
  }
  // The two first have one level: as far from anything as can be.
  EXPECT_EQ(MarkedOf(recorder_),
            (std::vector<int64_t>{kMin, kMin + 1, -1, 0, kMax / 2, kMax - 17,
                                  kMax - 2, kMax - 1, kMax}));
  recorder_.marks.clear();
  for (const int64_t value : {kMax, kMax - 1, kMin + 3, kMin + 1, kMin}) {
    ASSERT_SOMETIMES_LESS_THAN_OR_EQUAL_TO(value, kMin, "down to the end");
  }
  EXPECT_EQ(MarkedOf(recorder_),
            (std::vector<int64_t>{kMax, kMin + 3, kMin + 1, kMin}));
}

TEST_F(AssertionsTest, ABoundThatMovesIsApproached) {
  // Ever further from zero, but not nearer to the bound: one mark a level.
  for (int64_t value = 1000; value < 1000000; ++value) {
    ASSERT_ALWAYS_LESS_THAN(value, value + 100, "a lag of a hundred");
  }
  EXPECT_EQ(recorder_.marks.size(), 1u);
  recorder_.marks.clear();
  // Less than before, but nearer to the bound.
  for (const int64_t lag : {50, 60, 50, 5, 6, 4, 5, 0}) {
    ASSERT_ALWAYS_LESS_THAN_OR_EQUAL_TO(1000 + lag, 1000 + 2 * lag, "a lag");
  }
  EXPECT_EQ(recorder_.Labels(),
            Strings({"a lag = 1050 (bound 1100)", "a lag = 1060 (bound 1120)",
                     "a lag = 1005 (bound 1010)", "a lag = 1004 (bound 1008)",
                     "a lag = 1000 (bound 1000)"}));
}

TEST_F(AssertionsTest, AMovingBoundMarksEachLevelOnce) {
  uint64_t state = 1;
  for (int64_t value = 1; value < 200000; ++value) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const int64_t bound = value + static_cast<int64_t>((state >> 40) % 1000);
    ASSERT_ALWAYS_LESS_THAN_OR_EQUAL_TO(value, bound, "wavering");
  }
  EXPECT_LT(recorder_.marks.size(), 100u);
  std::vector<uint64_t> keys;
  for (const Mark& mark : recorder_.marks) keys.push_back(mark.key);
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::unique(keys.begin(), keys.end()), keys.end());
}

}  // namespace
}  // namespace moonpool
