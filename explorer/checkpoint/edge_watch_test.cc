// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what a timeline sees depends on its own run alone; what it tells, on
// what the jobs before it have committed; and it tells of it in few pieces.
// Method: instrumented code, run here, and a frontier filled in by hand.
#include "explorer/checkpoint/edge_watch.h"

#include <vector>

#include "explorer/coverage/edges.h"
#include "explorer/coverage/testing_header.h"
#include "gtest/gtest.h"

namespace moonpool::explorer {
namespace {

using testing_header::Loop;
using testing_header::NeverCalled;

class EdgeWatchTest : public ::testing::Test {
 protected:
  ~EdgeWatchTest() override { Region::Unmap(region_); }

  JobSlot& job() { return region_->jobs[0]; }
  uint32_t told() { return job().edge_count.load(); }
  // All that the job has told is committed by that one.
  void CommitAll(uint64_t by_job) {
    for (uint32_t i = 0; i < told(); ++i) {
      region_->edges.known[job().edges[i]].store(by_job + 1);
    }
  }
  // As if for another job.
  EdgeWatch Fresh() {
    job().edge_count.store(0);
    EdgeWatch watch(region_);
    watch.Record(&job(), /*known_until=*/10, /*events=*/0);
    return watch;
  }

  Region* region_ = Region::Map();
};

TEST_F(EdgeWatchTest, SeesEachClassOnce) {
  EdgeWatch watch(region_);
  ASSERT_TRUE(watch.is_on());
  EXPECT_EQ(watch.distance(), 1u);
  EXPECT_FALSE(watch.Look());
  NeverCalled(1);
  EXPECT_TRUE(watch.Look());
  EXPECT_FALSE(watch.Look());
  NeverCalled(1);  // twice
  EXPECT_TRUE(watch.Look());
  NeverCalled(1);
  NeverCalled(1);  // four times
  EXPECT_TRUE(watch.Look());
  NeverCalled(1);  // five times: the same class
  EXPECT_FALSE(watch.Look());
  // Nothing was to be told.
  EXPECT_EQ(told(), 0u);
}

TEST_F(EdgeWatchTest, TellsWhatEarlierJobsHaveNotCommitted) {
  EdgeWatch first = Fresh();
  NeverCalled(1);
  EXPECT_TRUE(first.Look());
  ASSERT_GT(told(), 0u);

  // By one that this job knows nothing of, and by one that it does know.
  CommitAll(10);
  EdgeWatch same = Fresh();
  NeverCalled(1);
  EXPECT_TRUE(same.Look());
  ASSERT_GT(told(), 0u);
  CommitAll(9);
  EdgeWatch later = Fresh();
  NeverCalled(1);
  EXPECT_TRUE(later.Look());  // its mark counts all the same
  EXPECT_EQ(told(), 0u);
  EXPECT_FALSE(later.IsClusterDue(100));
}

TEST_F(EdgeWatchTest, NewEdgesAreAClusterAtOnce) {
  EdgeWatch watch = Fresh();
  NeverCalled(1);
  watch.Look();
  ASSERT_TRUE(watch.IsClusterDue(0));
  const EdgeWatch::Cluster one = watch.TakeCluster(0);
  EXPECT_EQ(one.first, 0u);
  EXPECT_EQ(one.size, told());
  EXPECT_FALSE(watch.IsClusterDue(0));
  Loop(1);
  watch.Look();
  ASSERT_TRUE(watch.IsClusterDue(0));
  const EdgeWatch::Cluster two = watch.TakeCluster(0);
  EXPECT_EQ(two.first, one.size);
  EXPECT_EQ(two.first + two.size, told());
}

TEST_F(EdgeWatchTest, ClassesAloneAreClustersMoreAndMoreSeldom) {
  EdgeWatch watch = Fresh();
  std::vector<uint64_t> clusters;
  for (uint64_t event = 0; event < 200; ++event) {
    NeverCalled(1);
    watch.Look();
    if (!watch.IsClusterDue(event)) continue;
    watch.TakeCluster(event);
    clusters.push_back(event);
  }
  // 1 | 2 | 3 and 4-7, only then | 8-15, 16-31 | 32-127 | 128
  EXPECT_EQ(clusters, std::vector<uint64_t>({0, 1, 3, 7, 15, 31, 127}));
}

TEST_F(EdgeWatchTest, AtTheEndOnlyWhatIsNotCoveredYet) {
  EdgeWatch watch = Fresh();
  NeverCalled(1);
  watch.Look();
  const EdgeWatch::Cluster cluster = watch.TakeCluster(0);
  Loop(1);
  watch.Finish();
  ASSERT_GT(told(), cluster.size);
  const uint32_t with_the_end = told();
  for (uint32_t i = cluster.size; i < with_the_end; ++i) {
    region_->edges.covered[job().edges[i]].store(1);
  }
  EdgeWatch other = Fresh();
  NeverCalled(1);
  other.Look();
  other.TakeCluster(0);
  Loop(1);
  other.Finish();
  EXPECT_EQ(told(), cluster.size);
  // At a boundary they are news as long as they are no cell.
  EdgeWatch boundary = Fresh();
  Loop(1);
  boundary.Look();
  EXPECT_TRUE(boundary.IsClusterDue(0));
}

TEST_F(EdgeWatchTest, IsOffWhereEdgesAreIgnored) {
  region_->ignores_edges = 1;
  EdgeWatch watch(region_);
  EXPECT_FALSE(watch.is_on());
}

}  // namespace
}  // namespace moonpool::explorer
