// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a forked timeline stays cheap, and nothing is forked where a replay
// costs less. Method: page faults are counted, which are most of what forks
// cost and, unlike times, the same on every machine.
#include <sys/resource.h>

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

TEST(ForkCost, AForkedTimelineTakesFewPageFaults) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "under sanitizers all is different";
  ExploreOptions options;
  options.campaign = "maze";
  options.snapshot = "fork";
  options.workers = 1;
  options.timelines = 2000;
  const long before = FaultsOfChildren();
  const absl::StatusOr<ExploreResult> result = Explore(options);
  ASSERT_TRUE(result.ok()) << result.status();
  // 58 where nothing is done about them, 22 where all of it works.
  EXPECT_LE((FaultsOfChildren() - before) /
                static_cast<long>(result->timelines),
            32);
}

// Short timelines that discover ten marks each, to which nobody comes back.
TEST(ForkCost, WhatIsCheapToReplayIsNotParked) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "under sanitizers all is different";
  ExploreOptions options;
  options.campaign = "trap";
  options.policy = "seeds";
  options.workers = 1;
  options.timelines = 300;
  const long before = FaultsOfChildren();
  const absl::StatusOr<ExploreResult> result = Explore(options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GE(result->discoveries, 1000u);
  // 300 if a process is parked at each.
  EXPECT_LE((FaultsOfChildren() - before) /
                static_cast<long>(result->timelines),
            30);
}

}  // namespace
}  // namespace moonpool

int main(int argc, char** argv) {
  moonpool::FixAddresses(argv);  // as every program that explores
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
