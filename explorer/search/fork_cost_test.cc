// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a forked timeline stays cheap, and nothing is forked where a replay
// costs less. Method: page faults are counted, which are most of what forks
// cost and, unlike times, the same on every machine.
#include <sys/resource.h>

#include <utility>

#include "absl/status/statusor.h"
#include "explorer/search/explore.h"
#include "gtest/gtest.h"
#include "sim/core/arena.h"
#include "sim/core/host.h"

namespace moonpool {
namespace {

long FaultsOfChildren() {
  rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  return usage.ru_minflt;
}

// Explores with one worker.
long FaultsPerTimeline(ExploreOptions options, ExploreResult& result) {
  options.workers = 1;
  const long before = FaultsOfChildren();
  absl::StatusOr<ExploreResult> explored = Explore(options);
  EXPECT_TRUE(explored.ok()) << explored.status();
  if (!explored.ok()) return -1;
  result = *std::move(explored);
  return (FaultsOfChildren() - before) / static_cast<long>(result.timelines);
}

class ForkCost : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Arena::IsEnabled()) {
      GTEST_SKIP() << "under sanitizers all is different";
    }
  }
  ExploreOptions options_;
  ExploreResult result_;
};

TEST_F(ForkCost, AForkedTimelineTakesFewPageFaults) {
  options_.campaign = "maze";
  options_.snapshot = "fork";
  options_.timelines = 2000;
  // 58 where nothing is done about them, 22 where all of it works.
  EXPECT_LE(FaultsPerTimeline(options_, result_), 32);
}

// Short timelines that discover ten marks each, to which nobody comes back.
TEST_F(ForkCost, WhatIsCheapToReplayIsNotParked) {
  options_.campaign = "trap";
  options_.policy = "seeds";
  options_.timelines = 300;
  // 300 if a process is parked at each.
  EXPECT_LE(FaultsPerTimeline(options_, result_), 30);
  EXPECT_GE(result_.discoveries, 1000u);
}

}  // namespace
}  // namespace moonpool

int main(int argc, char** argv) {
  moonpool::FixAddresses(argv);  // as every program that explores
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
