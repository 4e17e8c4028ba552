// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: ALL marks each largest set, EACH every bucket and each better quality,
// REPORT_STATE every state. Method: few values by hand, many against a model.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/assertions/assertions.h"
#include "sim/assertions/table.h"
#include "sim/assertions/testing_assertions.h"

namespace moonpool {
namespace {

TEST_F(AssertionsTest, AllMarksEachLargestSet) {
  const auto all = [](bool a, bool b, bool c) {
    ASSERT_SOMETIMES_ALL("all", {{"a", a}, {"b", b}, {"c", c}});
  };
  all(false, false, false);  // nothing holds: no place to go on from
  all(true, false, false);
  all(true, false, false);
  all(false, true, false);  // another subset of the same size
  all(true, true, false);
  all(true, false, false);  // less than what held before
  ExpectCounts("all", 0, 6);
  EXPECT_EQ(Validate("all").misses.size(), 1u);
  all(true, true, true);
  ExpectCounts("all", 1, 6);
  EXPECT_TRUE(Validate("all").misses.empty());
  EXPECT_EQ(recorder_.Labels(),
            Strings({"all a", "all b", "all a b", "all a b c"}));
}

TEST_F(AssertionsTest, ASubsetOfWhatHeldBeforeIsNoMark) {
  const auto hold = [](unsigned set) {
    ASSERT_SOMETIMES_ALL("front", {{"a", (set & 1) != 0},
                                   {"b", (set & 2) != 0},
                                   {"c", (set & 4) != 0},
                                   {"d", (set & 8) != 0}});
  };
  hold(0b0011);
  hold(0b1100);  // as large, but another
  for (const unsigned subset : {0b0001, 0b0010, 0b0100, 0b1000}) {
    hold(subset);
  }
  hold(0b0110);  // a part of each is not a part of one
  hold(0b0111);  // takes the place of two
  hold(0b0110);
  hold(0b0101);  // a subset of the last only
  EXPECT_EQ(recorder_.Labels(), Strings({"front a b", "front c d", "front b c",
                                         "front a b c"}));
  // The next timeline begins with nothing.
  table().BeginWorld();
  hold(0b0001);
  EXPECT_EQ(recorder_.marks.back().label, "front a");
  EXPECT_EQ(recorder_.marks.size(), 5u);
}

// Against all sets of the timeline, kept as they are.
TEST_F(AssertionsTest, SetsAreMarkedAsAModelSays) {
  std::vector<uint64_t> held;
  size_t marks = 0;
  uint64_t state = 1;
  for (int i = 0; i < 5000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    // Small sets first.
    uint64_t set = (state >> 33) & (state >> 45) & 0xFFF;
    if (i > 2000) set |= (state >> 20) & 0xFFF;
    ASSERT_SOMETIMES_ALL(
        "model", {{"0", (set & 1) != 0}, {"1", (set & 2) != 0},
                  {"2", (set & 4) != 0}, {"3", (set & 8) != 0},
                  {"4", (set & 16) != 0}, {"5", (set & 32) != 0},
                  {"6", (set & 64) != 0}, {"7", (set & 128) != 0},
                  {"8", (set & 256) != 0}, {"9", (set & 512) != 0},
                  {"10", (set & 1024) != 0}, {"11", (set & 2048) != 0}});
    const bool is_new =
        set != 0 && std::none_of(held.begin(), held.end(),
                                 [set](uint64_t other) {
                                   return (set & other) == set;
                                 });
    held.push_back(set);
    marks += is_new ? 1 : 0;
    ASSERT_EQ(recorder_.marks.size(), marks) << "set " << set << " at " << i;
  }
  EXPECT_GT(marks, 20u);
}

TEST_F(AssertionsTest, EachMarksEveryBucketOnce) {
  for (int round = 0; round < 2; ++round) {
    for (const int lock : {0, 1}) {
      for (const int depth : {0, 1}) {
        ASSERT_SOMETIMES_EACH("each", {{"lock", lock}, {"depth", depth}});
      }
    }
  }
  ExpectCounts("each", 8, 0);
  // (0, 1) and (1, 0) are different buckets.
  EXPECT_EQ(recorder_.Labels(),
            Strings({"each lock=0 depth=0", "each lock=0 depth=1",
                     "each lock=1 depth=0", "each lock=1 depth=1"}));
}

TEST_F(AssertionsTest, EachMarksAgainWhenItsQualityImproves) {
  const auto arrive = [](int floor, int key, int health) {
    ASSERT_SOMETIMES_EACH("quality", {{"floor", floor}},
                          {{"key", key}, {"health", health}});
  };
  arrive(1, 0, 3);
  arrive(1, 0, 2);  // worse
  arrive(1, 0, 3);  // equal
  arrive(1, 0, 4);  // better
  arrive(1, 1, 1);  // better: the first value counts more
  arrive(2, 0, 0);  // another bucket
  ASSERT_EQ(recorder_.marks.size(), 4u);
  EXPECT_EQ(recorder_.marks[1].quality, (MarkQuality{0, 4, 0, 0}));
  EXPECT_EQ(recorder_.marks[2].quality, (MarkQuality{1, 1, 0, 0}));
  EXPECT_EQ(recorder_.marks[0].key, recorder_.marks[2].key);
  EXPECT_NE(recorder_.marks[0].key, recorder_.marks[3].key);
}

enum class Role { kFollower, kLeader };

TEST_F(AssertionsTest, EachNewStateIsAMarkAndNothingIsDemanded) {
  const auto report = [](int leaders, bool is_partitioned, Role role) {
    REPORT_STATE("state", {{"leaders", leaders},
                           {"partitioned", is_partitioned},
                           {"role", role}});
  };
  report(1, false, Role::kLeader);
  report(1, false, Role::kLeader);
  report(0, true, Role::kFollower);
  report(1, false, Role::kLeader);
  report(1, false, Role::kFollower);
  EXPECT_EQ(recorder_.Labels(),
            Strings({"state leaders=1 partitioned=0 role=1",
                     "state leaders=0 partitioned=1 role=0",
                     "state leaders=1 partitioned=0 role=0"}));
  EXPECT_EQ(recorder_.marks[0].quality, MarkQuality());
  EXPECT_NE(recorder_.marks[0].key, recorder_.marks[2].key);
  EXPECT_EQ(recorder_.marks[0].entry, &Find("state"));
  EXPECT_EQ(AssertionKindName(Find("state").kind), "state");
  ExpectCounts("state", 5, 0);
  EXPECT_TRUE(Validate("state").misses.empty());
  EXPECT_FALSE(table().has_violations());
}

TEST_F(AssertionsTest, TenThousandBucketsAndMore) {
  constexpr int kBuckets = 12000;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kBuckets; ++i) {
      ASSERT_SOMETIMES_EACH("many", {{"i", i}});
    }
  }
  EXPECT_EQ(recorder_.marks.size(), size_t{kBuckets});
  EXPECT_EQ(table().bucket_count(), size_t{kBuckets});
  EXPECT_EQ(Find("many").passes, uint64_t{2 * kBuckets});
}

}  // namespace
}  // namespace moonpool
