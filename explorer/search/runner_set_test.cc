// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a job goes where it is likely to cost least, and nowhere while no
// worker is free. Method: no process runs; the test plays the runners, by
// writing into their slots what they would write.
#include "explorer/search/runner_set.h"

#include <algorithm>
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
    return RunnerSet(mode, workers, region_, &archive_);
  }
  RunnerSet::Choice Choose(const RunnerSet& set, int splitpoint,
                           bool has_free_worker = true) {
    return set.Choose(splitpoint, has_free_worker,
                      [this](int) { return all_alive_; });
  }
  // A new runner at the place has been forked.
  int Start(RunnerSet& set, int place, int checkpoint = 0) {
    const int runner = set.Add(place, checkpoint);
    region_->runners[runner].pid.store(++last_pid_);
    return runner;
  }
  // The runner has carried out so many jobs more.
  void Finish(int runner, uint32_t jobs, uint64_t cpu_ns) {
    region_->runners[runner].cpu_ns.fetch_add(cpu_ns);
    region_->runners[runner].done.fetch_add(jobs);
  }

  Region* region_ = Region::Map();
  Archive archive_;
  int near_;  // the beginning: splitpoint 0
  int deep_;
  bool all_alive_ = true;
  pid_t last_pid_ = 1 << 30;  // no such process
};

TEST_F(RunnerSetTest, InForkModeThereAreNone) {
  RunnerSet set = Make(SnapshotMode::kFork, 2);
  set.CountPick(near_, 0);
  EXPECT_EQ(Choose(set, near_).way, Way::kFork);
  EXPECT_EQ(Choose(set, near_, false).way, Way::kWait);
}

TEST_F(RunnerSetTest, AShortWayIsReplayedFromTheNursery) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  set.CountPick(near_, 0);
  const RunnerSet::Choice made = Choose(set, near_);
  EXPECT_EQ(made.way, Way::kNewRunner);
  EXPECT_EQ(made.place, Job::kNone);
  const int runner = Start(set, Job::kNone);
  EXPECT_EQ(Choose(set, near_).runner, runner);
  EXPECT_EQ(Choose(set, 0).runner, runner);
  EXPECT_EQ(Choose(set, Job::kNone).runner, runner);
}

TEST_F(RunnerSetTest, ALongWayIsForkedUntilItIsUsedOften) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  set.CountPick(deep_, 0);
  EXPECT_EQ(Choose(set, deep_).way, Way::kFork);
  for (uint64_t n = 1; n < 5; ++n) set.CountPick(deep_, n);
  const RunnerSet::Choice made = Choose(set, deep_);
  EXPECT_EQ(made.way, Way::kNewRunner);
  EXPECT_EQ(made.place, deep_);
  // Nothing is parked there that could become one.
  all_alive_ = false;
  EXPECT_EQ(Choose(set, deep_).way, Way::kFork);
  // Long ago does not count.
  all_alive_ = true;
  set.CountPick(deep_, 1000);
  EXPECT_EQ(Choose(set, deep_).way, Way::kFork);
}

TEST_F(RunnerSetTest, WhatAStepCostsIsMeasured) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  set.CountPick(near_, 0);
  const int runner = Start(set, Job::kNone);
  for (uint64_t n = 0; n < 3; ++n) set.Give(runner, n, 0);
  Finish(runner, 1, 1);
  set.Collect([](uint64_t) { return uint64_t{1}; });
  // Ten steps took 100 ms: no way is short any more.
  Finish(runner, 2, 100000000);
  set.Collect([](uint64_t) { return uint64_t{5}; });
  EXPECT_EQ(set.busy(), 0);
  EXPECT_EQ(Choose(set, near_).way, Way::kFork);
  EXPECT_TRUE(set.PaysToPark(near_));
}

TEST_F(RunnerSetTest, AProcessIsParkedWhereSomeoneIsLikelyToComeBack) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  // Before anything is measured, too.
  EXPECT_FALSE(set.PaysToPark(near_));
  EXPECT_FALSE(set.PaysToPark(Job::kNone));
  set.CountPick(near_, 0);
  set.CountPick(deep_, 1);
  EXPECT_TRUE(set.PaysToPark(deep_));
  // Jobs come back to two of so many.
  for (int i = 0; i < 5000; ++i) Add(near_, 200);
  EXPECT_FALSE(set.PaysToPark(deep_));
  EXPECT_TRUE(Make(SnapshotMode::kRewind, 1).PaysToPark(near_));
}

// Each replay of the way there costs 90 us of the 130 that a fork does.
TEST_F(RunnerSetTest, ARunnerStandsWhereManyJobsInARowComeBack) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  const int in_nursery = Start(set, Job::kNone);
  for (uint64_t n = 0; n < 9; ++n) set.Give(in_nursery, n, 0);
  for (const uint32_t jobs : {1, 8}) {
    Finish(in_nursery, jobs, jobs * 90000);
    set.Collect([](uint64_t) { return uint64_t{150}; });
  }
  set.CountPick(near_, 9);
  EXPECT_EQ(Choose(set, near_).runner, in_nursery);
  for (uint64_t n = 10; n < 15; ++n) set.CountPick(near_, n);
  const RunnerSet::Choice made = Choose(set, near_);
  EXPECT_EQ(made.way, Way::kNewRunner);
  EXPECT_EQ(made.place, near_);
  // Where nobody is parked, somebody has to be first: that takes more jobs, and
  // one of them only is forked for it.
  all_alive_ = false;
  EXPECT_EQ(Choose(set, near_).runner, in_nursery);
  for (uint64_t n = 15; n < 20; ++n) set.CountPick(near_, n);
  EXPECT_EQ(Choose(set, near_).way, Way::kFork);
  EXPECT_EQ(Choose(set, near_, false).way, Way::kWait);
  set.CountParking(near_);
  EXPECT_EQ(Choose(set, near_).runner, in_nursery);
}

TEST_F(RunnerSetTest, ToBuildTheWorldIsPartOfTheWayFromTheNursery) {
  RunnerSet set = Make(SnapshotMode::kAuto, 1);
  const int in_nursery = Start(set, Job::kNone);
  const int at_near = Start(set, near_);
  EXPECT_EQ(set.StepsFrom(at_near, 130), 30u);
  EXPECT_GT(set.StepsFrom(in_nursery, 130), 130u);
  // One that executes next to nothing is no reason to stand elsewhere.
  for (uint64_t n = 0; n < 9; ++n) set.Give(in_nursery, n, 0);
  for (const uint32_t jobs : {1, 8}) {
    Finish(in_nursery, jobs, jobs * 10000);
    set.Collect([&](uint64_t) { return set.StepsFrom(in_nursery, 2); });
  }
  set.CountPick(0, 9);
  EXPECT_EQ(Choose(set, 0).runner, in_nursery);
}

TEST_F(RunnerSetTest, JobsQueueOnlyWhileNoWorkerIsFree) {
  RunnerSet set = Make(SnapshotMode::kRewind, 2);
  const int first = Start(set, near_);
  set.CountPick(near_, 0);
  set.Give(first, 0, 0);
  EXPECT_EQ(set.busy(), 1);
  // A second runner for the second worker.
  EXPECT_EQ(Choose(set, near_).way, Way::kNewRunner);
  const int second = Start(set, near_);
  EXPECT_EQ(Choose(set, near_).runner, second);
  set.Give(second, 1, 1);
  EXPECT_EQ(set.busy(), 2);
  // By turns, and not for ever.
  for (uint64_t n = 2; n < 20; ++n) {
    const RunnerSet::Choice choice = Choose(set, near_, false);
    if (choice.way == Way::kWait) break;
    EXPECT_EQ(choice.runner, n % 2 == 0 ? std::min(first, second)
                                        : std::max(first, second));
    set.Give(choice.runner, n, 0);
    EXPECT_LT(n, 10u);
  }
  EXPECT_EQ(Choose(set, near_, false).way, Way::kWait);
  // A job elsewhere waits for a worker.
  EXPECT_EQ(Choose(set, deep_, false).way, Way::kWait);
}

TEST_F(RunnerSetTest, JobsAreCollectedInTheirOrder) {
  RunnerSet set = Make(SnapshotMode::kRewind, 1);
  const int runner = Start(set, near_);
  for (const uint64_t n : {4u, 7u, 9u}) set.Give(runner, n, 0);
  EXPECT_TRUE(set.IsFirst(runner, 4));
  std::deque<uint64_t> done;
  auto collect = [&] {
    set.Collect([&done](uint64_t n) {
      done.push_back(n);
      return uint64_t{1};
    });
  };
  collect();
  EXPECT_TRUE(done.empty());
  Finish(runner, 2, 1);
  collect();
  EXPECT_EQ(done, (std::deque<uint64_t>{4, 7}));
  EXPECT_TRUE(set.IsFirst(runner, 9));
  // It dies: the last job is still to be done.
  EXPECT_EQ(set.Find(last_pid_), runner);
  EXPECT_EQ(set.Remove(runner), (std::deque<uint64_t>{9}));
  EXPECT_EQ(set.Find(last_pid_), RunnerSet::kNone);
  EXPECT_EQ(set.busy(), 0);
}

TEST_F(RunnerSetTest, OneThatWasNeverForkedIsOwed) {
  RunnerSet set = Make(SnapshotMode::kRewind, 1);
  const int runner = set.Add(near_, /*checkpoint=*/5);
  EXPECT_EQ(set.FindOwed(5), runner);
  EXPECT_EQ(set.FindOwed(6), RunnerSet::kNone);
  region_->checkpoints[5].taken = 1;  // forked, but it has not run yet
  EXPECT_EQ(set.FindOwed(5), RunnerSet::kNone);
}

TEST_F(RunnerSetTest, TheColdestMakesRoom) {
  RunnerSet set = Make(SnapshotMode::kRewind, 1);
  std::deque<int> runners;
  for (int i = 0; i < 8; ++i) {
    set.CountPick(near_, static_cast<uint64_t>(i));
    const int place = Add(0, 100);
    runners.push_back(Start(set, place));
  }
  set.Give(runners[0], 8, 0);  // busy: it stays
  set.CountPick(deep_, 9);
  ASSERT_EQ(Choose(set, deep_).way, Way::kNewRunner);
  Start(set, deep_);
  // The second one is dying: it takes no more jobs.
  EXPECT_EQ(Choose(set, set.place(runners[1])).way, Way::kNewRunner);
  EXPECT_EQ(Choose(set, set.place(runners[2])).runner, runners[2]);
}

}  // namespace
}  // namespace moonpool::explorer
