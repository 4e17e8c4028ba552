// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a job goes where it is likely to cost least, and nowhere while no
// worker is free. Method: no process runs; the test plays the runners, by
// writing into their slots what they would write.
#include "explorer/search/runner_set.h"

#include <deque>
#include <utility>

#include "gtest/gtest.h"

namespace moonpool::explorer {
namespace {

using Way = RunnerSet::Choice::Way;

class RunnerSetTest : public ::testing::Test {
 protected:
  RunnerSetTest() {
    near_ = Add(0, 100);
    deep_ = Add(near_, 1000000);
  }
  ~RunnerSetTest() override { Region::Unmap(region_); }

  // A splitpoint after so many draws.
  int Add(int parent, uint64_t draws) {
    Splitpoint splitpoint;
    splitpoint.draws = draws;
    splitpoint.parent = parent;
    return archive_.AddSplitpoint(std::move(splitpoint));
  }
  RunnerSet Make(SnapshotMode mode, int workers) {
    return RunnerSet({.mode = mode, .workers = workers}, region_, &archive_);
  }
  int Start(RunnerSet& set) {
    const int runner = set.Add();
    region_->runners[runner].pid.store(++last_pid_);
    return runner;
  }
  // The runner has carried out so many jobs more.
  void Finish(int runner, uint32_t jobs, uint64_t cpu_ns, uint64_t steps) {
    RunnerSlot& slot = region_->runners[runner];
    slot.cpu_ns.fetch_add(cpu_ns);
    slot.measured_steps.fetch_add(steps);
    slot.measured.fetch_add(jobs);
    slot.done.fetch_add(jobs);
  }
  // One whose steps take so long, ten of them a job. Returns the runner.
  int Measure(RunnerSet& set, uint64_t ns_per_step) {
    const int runner = Start(set);
    for (uint64_t n = 0; n < 3; ++n) set.Give(runner, n, 0);
    // The first job pays for memory that is shared still: it does not count.
    Finish(runner, 1, 12345678901, 1);
    set.Collect([](uint64_t) {});
    Finish(runner, 2, 20 * ns_per_step, 20);
    set.Collect([](uint64_t) {});
    EXPECT_EQ(set.busy(), 0);
    return runner;
  }
  void ImagesAreTooLarge() { region_->images_failed.store(100); }

  Region* region_ = Region::Map();
  Archive archive_;
  int near_;  // the beginning: splitpoint 0
  int deep_;
  pid_t last_pid_ = 1 << 30;  // no such process
};

TEST_F(RunnerSetTest, InForkModeThereAreNone) {
  RunnerSet set = Make(SnapshotMode::kFork, 2);
  set.CountPick(near_, 0);
  EXPECT_EQ(set.Choose(near_, Job::kNone, true).way, Way::kFork);
  EXPECT_EQ(set.Choose(near_, Job::kNone, false).way, Way::kWait);
  EXPECT_TRUE(set.PaysToPark(near_));
}

TEST_F(RunnerSetTest, EveryWayIsReplayedWhileImagesFit) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  EXPECT_EQ(set.Choose(deep_, Job::kNone, true).way, Way::kNewRunner);
  const int runner = Start(set);
  for (const int splitpoint : {Job::kNone, 0, near_, deep_}) {
    EXPECT_EQ(set.Choose(splitpoint, Job::kNone, true).runner, runner);
    EXPECT_FALSE(set.PaysToPark(splitpoint));
  }
}

TEST_F(RunnerSetTest, OfALargeWorldLongWaysAreForked) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  const int runner = Start(set);
  ImagesAreTooLarge();
  EXPECT_EQ(set.Choose(deep_, Job::kNone, true).way, Way::kFork);
  EXPECT_EQ(set.Choose(deep_, Job::kNone, false).way, Way::kWait);
  EXPECT_EQ(set.Choose(near_, Job::kNone, true).runner, runner);
  EXPECT_EQ(set.Choose(deep_, deep_, true).runner, runner);
  // More have been stored since.
  region_->images_stored.store(100);
  EXPECT_EQ(set.Choose(deep_, Job::kNone, true).runner, runner);
}

TEST_F(RunnerSetTest, WhatAStepCostsIsMeasured) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  ImagesAreTooLarge();
  EXPECT_NE(set.Choose(near_, Job::kNone, true).way, Way::kFork);
  Measure(set, 5000000);
  EXPECT_EQ(set.Choose(near_, Job::kNone, true).way, Way::kFork);
  EXPECT_TRUE(set.PaysToPark(near_));
}

TEST_F(RunnerSetTest, AProcessIsParkedWhereSomeoneIsLikelyToComeBack) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  ImagesAreTooLarge();
  // Before anything is measured, too.
  EXPECT_FALSE(set.PaysToPark(near_));
  EXPECT_FALSE(set.PaysToPark(Job::kNone));
  set.CountPick(near_, 0);
  set.CountPick(deep_, 1);
  EXPECT_TRUE(set.PaysToPark(deep_));
  // Jobs come back to two of so many.
  for (int i = 0; i < 5000; ++i) Add(near_, 200);
  EXPECT_FALSE(set.PaysToPark(deep_));
}

TEST_F(RunnerSetTest, SomeImagesMayFail) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  region_->images_failed.store(8);
  EXPECT_NE(set.Choose(deep_, Job::kNone, true).way, Way::kFork);
  region_->images_failed.store(9);
  EXPECT_EQ(set.Choose(deep_, Job::kNone, true).way, Way::kFork);
  // Without room for them all do.
  region_->images_failed.store(0);
  RunnerSet none({.mode = SnapshotMode::kAuto, .has_images = false}, region_,
                 &archive_);
  EXPECT_EQ(none.Choose(deep_, Job::kNone, true).way, Way::kFork);
  none.CountPick(deep_, 1);
  EXPECT_TRUE(none.PaysToPark(deep_));
  EXPECT_FALSE(none.PaysToStore(deep_, Job::kNone));
}

// To replay the way there costs 15 us, an image 100.
TEST_F(RunnerSetTest, AnImageIsStoredWhereManyJobsInARowComeBack) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  Measure(set, 100);
  for (uint64_t n = 10; n < 16; ++n) {
    set.CountPick(near_, n);
    EXPECT_FALSE(set.PaysToStore(near_, Job::kNone)) << n;
  }
  set.CountPick(near_, 16);
  EXPECT_TRUE(set.PaysToStore(near_, Job::kNone));
  // From the one of the beginning the way is shorter: ten rows of ten.
  EXPECT_FALSE(set.PaysToStore(near_, 0));
  EXPECT_FALSE(set.PaysToStore(near_, near_));
  // Long ago does not count.
  set.CountPick(near_, 1000);
  EXPECT_FALSE(set.PaysToStore(near_, Job::kNone));
  // A long way costs as much as many short ones.
  set.CountPick(deep_, 1001);
  EXPECT_TRUE(set.PaysToStore(deep_, near_));
  ImagesAreTooLarge();
  EXPECT_FALSE(set.PaysToStore(deep_, near_));
}

TEST_F(RunnerSetTest, WhatAnImageCostsIsMeasured) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  Measure(set, 100);
  for (uint64_t n = 10; n < 17; ++n) set.CountPick(near_, n);
  EXPECT_TRUE(set.PaysToStore(near_, Job::kNone));
  // 300 us instead of 100: three times as many have to come back.
  region_->images_stored.store(9);
  region_->images_ns.store(9 * 300000 + 200000);
  EXPECT_FALSE(set.PaysToStore(near_, Job::kNone));
  for (uint64_t n = 17; n < 28; ++n) set.CountPick(near_, n);
  EXPECT_FALSE(set.PaysToStore(near_, Job::kNone));
  for (uint64_t n = 28; n < 30; ++n) set.CountPick(near_, n);
  EXPECT_TRUE(set.PaysToStore(near_, Job::kNone));
}

TEST_F(RunnerSetTest, DiscoveriesOfLongJobsAreWorthAnImageAtOnce) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  EXPECT_FALSE(set.PaysToStoreDiscoveries());
  Measure(set, 100);
  EXPECT_FALSE(set.PaysToStoreDiscoveries());
  RunnerSet slow = Make(SnapshotMode::kAuto, 1);
  Measure(slow, 100000);
  for (const int splitpoint : {0, near_, deep_}) slow.CountPick(splitpoint, 1);
  EXPECT_TRUE(slow.PaysToStoreDiscoveries());
  // If jobs come back to them.
  for (int i = 0; i < 50; ++i) Add(near_, 200);
  EXPECT_FALSE(slow.PaysToStoreDiscoveries());
}

TEST_F(RunnerSetTest, ForTestsEveryWayHasAnImage) {
  RunnerSet set = Make(SnapshotMode::kRewind, 1);
  EXPECT_TRUE(set.PaysToStore(near_, Job::kNone));
  EXPECT_FALSE(set.PaysToStore(near_, near_));
  EXPECT_FALSE(set.PaysToStore(Job::kNone, Job::kNone));
  EXPECT_TRUE(set.PaysToStoreDiscoveries());
  ImagesAreTooLarge();
  EXPECT_EQ(set.Choose(deep_, Job::kNone, true).way, Way::kNewRunner);
}

TEST_F(RunnerSetTest, JobsQueueOnlyWhileNoWorkerIsFree) {
  RunnerSet set = Make(SnapshotMode::kAuto, 2);
  const int first = Start(set);
  set.Give(first, 0, 0);
  EXPECT_EQ(set.busy(), 1);
  // A second runner for the second worker, and no third.
  EXPECT_EQ(set.Choose(near_, Job::kNone, false).runner, first);
  EXPECT_EQ(set.Choose(near_, Job::kNone, true).way, Way::kNewRunner);
  const int second = Start(set);
  EXPECT_EQ(set.Choose(near_, Job::kNone, true).runner, second);
  set.Give(second, 1, 1);
  EXPECT_EQ(set.busy(), 2);
  // By turns, and not for ever.
  for (uint64_t n = 2; n < 20; ++n) {
    const RunnerSet::Choice choice = set.Choose(near_, Job::kNone, true);
    if (choice.way == Way::kWait) break;
    EXPECT_EQ(choice.way, Way::kRunner);
    EXPECT_EQ(choice.runner, n % 2 == 0 ? first : second);
    set.Give(choice.runner, n, 0);
    EXPECT_LT(n, 10u);
  }
  EXPECT_EQ(set.Choose(near_, Job::kNone, true).way, Way::kWait);
}

// To wake the coordinator costs as much as a short job, each time.
TEST_F(RunnerSetTest, TheOnlyRunnerGetsAllJobsAndLetsTheCoordinatorSleep) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  const int runner = Measure(set, 1000000);  // 10 ms a job
  for (uint64_t n = 10; n < 16; ++n) {
    EXPECT_EQ(set.Choose(near_, Job::kNone, false).runner, runner);
    set.Give(runner, n, 0);
  }
  // All but the last, which leaves the time to hand out more.
  EXPECT_EQ(set.Batch(), 5u);
  Finish(runner, 5, 1, 1);
  set.Collect([](uint64_t) {});
  EXPECT_EQ(set.Batch(), 1u);
  // Short jobs leave it for several.
  RunnerSet fast = Make(SnapshotMode::kAuto, 1);
  const int other = Measure(fast, 1000);  // 10 us a job
  for (uint64_t n = 10; n < 18; ++n) fast.Give(other, n, 0);
  EXPECT_EQ(fast.Batch(), 4u);
}

// On one core nothing runs while the coordinator answers.
TEST_F(RunnerSetTest, OnOneCoreTheCoordinatorSleepsUntilAllIsDone) {
  RunnerSet set({.cores = 1}, region_, &archive_);
  const int runner = Measure(set, 1000);  // 10 us a job
  EXPECT_EQ(set.Batch(), 1u);
  for (uint64_t n = 10; n < 16; ++n) set.Give(runner, n, 0);
  EXPECT_EQ(set.Batch(), 6u);
}

TEST_F(RunnerSetTest, JobsThatHaveNotBeenMeasuredAreNotForNothing) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  const int runner = Measure(set, 100000);  // 1 ms a job
  for (uint64_t n = 10; n < 20; ++n) set.Give(runner, n, 0);
  EXPECT_EQ(set.Batch(), 9u);
  for (uint64_t n = 20; n < 120; ++n) set.Give(runner, n, 0);
  region_->runners[runner].done.fetch_add(100);
  set.Collect([](uint64_t) {});
  EXPECT_EQ(set.Batch(), 9u);
}

TEST_F(RunnerSetTest, JobsAreCollectedInTheirOrder) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  const int runner = Start(set);
  for (const uint64_t n : {4u, 7u, 9u}) set.Give(runner, n, 0);
  std::deque<uint64_t> done;
  auto collect = [&] {
    set.Collect([&done](uint64_t n) { done.push_back(n); });
  };
  collect();
  EXPECT_TRUE(done.empty());
  Finish(runner, 2, 1, 1);
  collect();
  EXPECT_EQ(done, (std::deque<uint64_t>{4, 7}));
  // It dies: the last job is still to be done, by another.
  EXPECT_EQ(set.Find(last_pid_), runner);
  EXPECT_EQ(set.Remove(runner), (std::deque<uint64_t>{9}));
  EXPECT_EQ(set.Find(last_pid_), RunnerSet::kNone);
  EXPECT_EQ(set.busy(), 0);
  EXPECT_EQ(set.Choose(near_, Job::kNone, true).way, Way::kNewRunner);
}

}  // namespace
}  // namespace moonpool::explorer
