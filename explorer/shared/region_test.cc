// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a job knows exactly what earlier jobs have committed, whatever the
// coordinator has committed since. Method: examples, and a reference model
// over random commits.
#include "explorer/shared/region.h"

#include <map>
#include <vector>

#include "gtest/gtest.h"

namespace moonpool::explorer {
namespace {

class RegionTest : public ::testing::Test {
 protected:
  ~RegionTest() override { Region::Unmap(region_); }
  Region* region_ = Region::Map();
};

TEST_F(RegionTest, AJobKnowsOnlyWhatEarlierJobsCommitted) {
  ASSERT_TRUE(region_->Commit(7, {}, /*job=*/5, /*all_know_until=*/0));
  EXPECT_FALSE(region_->Knows(7, {}, 5));
  EXPECT_TRUE(region_->Knows(7, {}, 6));
  EXPECT_FALSE(region_->Knows(8, {}, 6));
}

TEST_F(RegionTest, BetterQualityIsUnknownUntilItIsCommitted) {
  ASSERT_TRUE(region_->Commit(7, {1}, 0, 0));
  EXPECT_TRUE(region_->Knows(7, {1}, 9));
  EXPECT_TRUE(region_->Knows(7, {0}, 9));
  EXPECT_FALSE(region_->Knows(7, {2}, 9));
  ASSERT_TRUE(region_->Commit(7, {2}, 4, 0));
  EXPECT_FALSE(region_->Knows(7, {2}, 4));
  EXPECT_TRUE(region_->Knows(7, {2}, 5));
}

TEST_F(RegionTest, VersionsThatAllJobsKnowAreReused) {
  for (int64_t job = 0; job < 1000; ++job) {
    const uint64_t all_know = static_cast<uint64_t>(job > 2 ? job - 2 : 0);
    ASSERT_TRUE(region_->Commit(7, {job}, job, all_know)) << job;
    EXPECT_FALSE(region_->Knows(7, {job}, job));
    EXPECT_TRUE(region_->Knows(7, {job}, job + 1));
    if (job > 0) EXPECT_TRUE(region_->Knows(7, {job - 1}, job));
  }
  EXPECT_EQ(region_->frontier_count.load(), 1u);
}

TEST_F(RegionTest, CollidingKeysStayApart) {
  for (uint64_t i = 1; i <= 100; ++i) {
    ASSERT_TRUE(region_->Commit(i * kFrontierSlots, {}, i, 0));
  }
  for (uint64_t i = 1; i <= 100; ++i) {
    EXPECT_TRUE(region_->Knows(i * kFrontierSlots, {}, i + 1));
    EXPECT_FALSE(region_->Knows(i * kFrontierSlots, {}, i));
  }
  EXPECT_FALSE(region_->Knows(101 * kFrontierSlots, {}, 1000));
}

TEST_F(RegionTest, CountsArrivalsAtMarksThatItHas) {
  ASSERT_TRUE(region_->Commit(7, {}, 0, 0));
  EXPECT_EQ(region_->Find(8), nullptr);
  ASSERT_NE(region_->Find(7), nullptr);
  EXPECT_EQ(region_->Find(7)->reaches.load(), 0u);
  region_->SetReaches(7, 3);
  region_->SetReaches(8, 5);
  EXPECT_EQ(region_->Find(7)->reaches.load(), 3u);
  EXPECT_EQ(region_->Find(8), nullptr);
}

}  // namespace
}  // namespace moonpool::explorer
