// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a timeline is the same run whichever process it branches off, and no
// process outlives the coordinator. Method: the test is the coordinator: it
// orders jobs one by one, and compares with runs of the whole recipe. So a
// runner's jobs are the same runs, too.
#include "explorer/checkpoint/timeline.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "explorer/checkpoint/orders.h"
#include "explorer/checkpoint/snapshot.h"
#include "gtest/gtest.h"
#include "sim/assertions/assertions.h"
#include "sim/assertions/table.h"
#include "sim/core/arena.h"
#include "sim/core/world.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"
#include "sim/runner/workload.h"

namespace moonpool::explorer {
namespace {

constexpr uint64_t kRootSeed = 5;

// What a copy of memory cannot put right.
bool maps_memory = false;

// Eight steps, each with a mark of its own.
class Walk final : public Workload {
 public:
  absl::string_view name() const override { return "walk"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    if (maps_memory) {
      mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    for (int64_t step = 0; step < 8; ++step) {
      co_await ctx.time().Sleep(
          absl::Milliseconds(ctx.random().Range(int64_t{1}, 100)));
      ASSERT_SOMETIMES_EACH("walk step", {{"step", step}});
      ASSERT_SOMETIMES(true, "walk walks");
    }
    co_return absl::OkStatus();
  }
};

SimulationBuilder MakeWalk() {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<Walk>());
  return builder;
}

class Breakpoints final : public IterationHooks {
 public:
  explicit Breakpoints(std::vector<Breakpoint> breakpoints)
      : breakpoints_(std::move(breakpoints)) {}
  void OnWorldReady(World& world) override {
    Arena::OutsideScope outside;
    world.random().SetBreakpoints(breakpoints_);
  }

 private:
  std::vector<Breakpoint> breakpoints_;
};

IterationResult RunHere(std::vector<Breakpoint> breakpoints) {
  SimulationBuilder walk = MakeWalk();
  Breakpoints hooks(std::move(breakpoints));
  return walk.StopAtViolation().RunIteration(kRootSeed, &hooks);
}

const AssertionEntry& Entry(absl::string_view message) {
  for (const AssertionEntry& entry : AssertionTable::Get().entries()) {
    if (entry.message == message) return entry;
  }
  ADD_FAILURE() << message;
  return AssertionTable::Get().entries()[0];
}

class TimelineTest : public ::testing::Test {
 protected:
  TimelineTest() {
    region_->coordinator_pid = getpid();
    region_->free_workers = 1;
    root_ = fork();
    if (root_ == 0) {
      setpgid(0, 0);
      maps_memory =
          absl::StrContains(::testing::UnitTest::GetInstance()
                                ->current_test_info()
                                ->name(),
                            "CannotBePutBack");
      SimulationBuilder walk = MakeWalk();
      RunNursery(region_, &images_, &walk);
    }
    setpgid(root_, root_);
  }
  ~TimelineTest() override {
    kill(-root_, SIGKILL);
    while (waitpid(-root_, nullptr, 0) > 0) {
    }
    Region::Unmap(region_);
  }

  // Orders the process parked in the slot to run a job, and waits for its end.
  JobSlot& RunJob(uint32_t number, int32_t from, uint64_t split_ordinal,
                  std::vector<Breakpoint> path,
                  std::vector<int32_t> free_checkpoints,
                  int32_t recreate = -1) {
    JobSlot& job =
        SetJob(number, split_ordinal, path, free_checkpoints, recreate);
    Order(region_, from, number);
    int status = -1;
    const pid_t pid = waitpid(-root_, &status, 0);
    EXPECT_EQ(pid, job.pid.load());
    EXPECT_EQ(status, 0);
    EXPECT_EQ(job.finished.load(), 1u);
    return job;
  }

  JobSlot& SetJob(uint32_t number, uint64_t split_ordinal,
                  const std::vector<Breakpoint>& path,
                  const std::vector<int32_t>& free_checkpoints,
                  int32_t recreate = -1) {
    JobOrder& order = region_->orders[number];
    order.job = number;
    order.root_seed = kRootSeed;
    order.split_ordinal = split_ordinal;
    order.path_size = static_cast<uint32_t>(path.size());
    std::copy(path.begin(), path.end(), region_->PathOf(number, path.size()));
    order.free_count = 0;
    for (int32_t i : free_checkpoints) {
      order.free_checkpoints[order.free_count++] = i;
    }
    order.recreate = recreate;
    return region_->jobs[number];
  }

  // Waits until the runner has carried out so many jobs.
  void WaitForRunner(uint32_t runner, uint32_t done) {
    const RunnerSlot& slot = region_->runners[runner];
    const absl::Time limit = absl::Now() + absl::Seconds(20);
    while (slot.done.load() < done && absl::Now() < limit) {
      absl::SleepFor(absl::Microseconds(100));
    }
    ASSERT_EQ(slot.done.load(), done);
  }

  bool IsParked(int32_t checkpoint) {
    const pid_t pid = region_->checkpoints[checkpoint].pid.load();
    return pid != 0 && kill(pid, 0) == 0;
  }

  Region* region_ = Region::Map();
  const ImagePool images_;
  pid_t root_;
};

TEST_F(TimelineTest, TheFirstTimelineIsThePlainSeed) {
  const JobSlot& job = RunJob(0, 0, 0, {}, {});
  const IterationResult plain = RunHere({});
  EXPECT_EQ(job.trace_hash, plain.trace_hash);
  EXPECT_EQ(job.events, plain.events);
  EXPECT_EQ(job.draws, plain.draws);
  EXPECT_EQ(job.has_violation.load(), 0u);
  ASSERT_EQ(job.discovery_count.load(), 9u);
  for (uint32_t i = 0; i < 9; ++i) EXPECT_EQ(job.discoveries[i].checkpoint, -1);
}

TEST_F(TimelineTest, EveryWayToABranchIsTheSameRun) {
  const JobSlot& first = RunJob(0, 0, 0, {}, {10, 11, 12});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(first.discoveries[i].checkpoint, 10 + i);
    EXPECT_TRUE(IsParked(10 + i));
  }
  EXPECT_EQ(first.discoveries[3].checkpoint, -1);
  const Discovery split = first.discoveries[2];
  const Breakpoint branch = {split.at.segment_draws, 99};
  const IterationResult whole = RunHere({branch});
  EXPECT_NE(whole.trace_hash, first.trace_hash);

  // From its own process, twice; from an ancestor, which brings the process of
  // the splitpoint back; from that one; from the root.
  uint32_t number = 1;
  for (const auto [from, recreate] : std::vector<std::pair<int32_t, int32_t>>{
           {12, -1}, {12, -1}, {10, 20}, {20, -1}, {0, -1}}) {
    SCOPED_TRACE(from);
    const JobSlot& job = RunJob(number++, from, split.at.ordinal, {branch}, {},
                                recreate);
    EXPECT_EQ(job.trace_hash, whole.trace_hash);
    EXPECT_EQ(job.events, whole.events);
    EXPECT_EQ(job.draws, whole.draws);
    if (recreate >= 0) EXPECT_TRUE(IsParked(recreate));
    // Recorded and counted from the splitpoint on only: steps 1 to 7 are new,
    // the mark of the splitpoint itself is not.
    EXPECT_EQ(job.discoveries[0].at.ordinal, split.at.ordinal + 1);
    EXPECT_EQ(job.discovery_count.load(), 9 - split.at.ordinal);
    const uint32_t walks = Entry("walk walks").index;
    EXPECT_EQ(job.counts[walks].passes, first.counts[walks].passes - 1);
  }
}

TEST_F(TimelineTest, WhatTheFrontierKnowsIsNotDiscovered) {
  const uint64_t key = RunJob(0, 0, 0, {}, {}).discoveries[3].at.key;
  ASSERT_TRUE(region_->frontier.Commit(key, {1, 1, 1, 1}, /*job=*/0, 0));
  region_->orders[1].known_until = 1;
  const JobSlot& job = RunJob(1, 0, 0, {}, {});
  EXPECT_EQ(job.discovery_count.load(), 8u);
  for (uint32_t i = 0; i < 8; ++i) EXPECT_NE(job.discoveries[i].at.key, key);
  // A job that may not know of job 0 yet.
  region_->orders[2].known_until = 0;
  EXPECT_EQ(RunJob(2, 0, 0, {}, {}).discovery_count.load(), 9u);
}

TEST_F(TimelineTest, ARunnersJobsAreTheSameRuns) {
  if (!Snapshot::IsPossible()) GTEST_SKIP() << "needs the arena";
  const JobSlot& first = RunJob(0, 0, 0, {}, {});
  const Discovery parent = first.discoveries[1];
  const Discovery split = first.discoveries[4];
  const ImageRef of_parent = {.slot = 2, .generation = 70};
  const ImageRef of_split = {.slot = 5, .generation = 71};
  OrderRunner(region_, 3);
  OrderRunner(region_, 4);
  // Replays; one that leaves an image of the splitpoint, and goes on; from that
  // image, from one farther up, and from where there is none: in the process
  // that stored it, and in another.
  for (const uint32_t runner : {3u, 4u}) {
    for (uint32_t i = 0; i < 12; ++i) {
      SetJob(1 + i, split.at.ordinal, {{split.at.segment_draws, 90 + i % 5}},
             {});
      JobOrder& order = region_->orders[1 + i];
      order.store = {};
      order.image_count = 0;
      auto list = [&order](const ImageRef& image) {
        order.images[order.image_count++] = {image, /*segments=*/0};
      };
      if (runner == 3 && i == 1) {
        order.split_ordinal = parent.at.ordinal;
        region_->PathOf(1 + i, 1)->count = parent.at.segment_draws;
        order.store = of_parent;
      }
      if (runner == 3 && i == 3) order.store = of_split;
      const bool is_stored = runner == 4 || i > 3;
      if (i % 3 == 1 && is_stored) list({.slot = 9, .generation = 72});
      if (i % 3 != 2 && is_stored) list(of_split);
      if (i > 1 || is_stored) list(of_parent);
      region_->jobs[1 + i].finished.store(0);
      region_->jobs[1 + i].discovery_count.store(0);
      OrderJob(region_, runner, 1 + i);
    }
    WaitForRunner(runner, 12);
    EXPECT_TRUE(images_.Has(of_parent));
    EXPECT_TRUE(images_.Has(of_split));
    for (uint32_t i = 0; i < 12; ++i) {
      SCOPED_TRACE(absl::StrCat("runner ", runner, " job ", i));
      const JobSlot& job = region_->jobs[1 + i];
      const Discovery& from = runner == 3 && i == 1 ? parent : split;
      const IterationResult whole =
          RunHere({{from.at.segment_draws, 90 + i % 5}});
      EXPECT_EQ(job.finished.load(), 1u);
      EXPECT_EQ(job.pid.load(), region_->runners[runner].pid.load());
      EXPECT_EQ(job.trace_hash, whole.trace_hash);
      EXPECT_EQ(job.draws, whole.draws);
      EXPECT_EQ(job.discovery_count.load(), 9 - from.at.ordinal);
    }
  }
  // Which shows in what had to be replayed.
  EXPECT_EQ(region_->images_stored.load(), 2u);
  EXPECT_GT(region_->images_ns.load(), 0u);
  EXPECT_LT(region_->runners[4].steps, region_->runners[3].steps);
  // Whoever is idle has said what its jobs have cost.
  for (const int runner : {3, 4}) {
    EXPECT_EQ(region_->runners[runner].measured.load(), 12u);
    EXPECT_EQ(region_->runners[runner].measured_steps.load(),
              region_->runners[runner].steps);
  }
}

TEST_F(TimelineTest, ARunnerLeavesImagesOfItsDiscoveries) {
  if (!Snapshot::IsPossible()) GTEST_SKIP() << "needs the arena";
  OrderRunner(region_, 0);
  SetJob(0, 0, {}, {});
  region_->orders[0].new_image_count = 2;
  region_->orders[0].new_images[0] = {.slot = 8, .generation = 30};
  region_->orders[0].new_images[1] = {.slot = 1, .generation = 31};
  OrderJob(region_, 0, 0);
  WaitForRunner(0, 1);
  const JobSlot& first = region_->jobs[0];
  EXPECT_EQ(first.discoveries[0].image, 8);
  EXPECT_EQ(first.discoveries[1].image, 1);
  EXPECT_EQ(first.discoveries[2].image, -1);
  const Discovery& split = first.discoveries[1];
  const Breakpoint branch = {split.at.segment_draws, 99};
  const uint64_t steps = region_->runners[0].steps;
  SetJob(1, split.at.ordinal, {branch}, {});
  region_->orders[1].image_count = 1;
  region_->orders[1].images[0] = {{.slot = 1, .generation = 31}, 0};
  OrderJob(region_, 0, 1);
  WaitForRunner(0, 2);
  const JobSlot& job = region_->jobs[1];
  EXPECT_EQ(job.trace_hash, RunHere({branch}).trace_hash);
  EXPECT_EQ(region_->runners[0].steps - steps,
            job.draws + job.events - split.at.draws - split.at.events);
}

TEST_F(TimelineTest, WhatForksOffInARunnerIsNone) {
  if (!Snapshot::IsPossible()) GTEST_SKIP() << "needs the arena";
  OrderRunner(region_, 0);
  SetJob(0, 0, {}, {10, 11, 12});
  SetJob(1, 0, {}, {});
  OrderJob(region_, 0, 0);
  OrderJob(region_, 0, 1);
  WaitForRunner(0, 2);
  EXPECT_EQ(region_->jobs[1].trace_hash, region_->jobs[0].trace_hash);
  ASSERT_TRUE(IsParked(12));
  // It has parked, and forks timelines that end when they are done.
  const Discovery split = region_->jobs[0].discoveries[2];
  const Breakpoint branch = {split.at.segment_draws, 99};
  const JobSlot& job = RunJob(2, 12, split.at.ordinal, {branch}, {});
  EXPECT_EQ(job.trace_hash, RunHere({branch}).trace_hash);
  EXPECT_EQ(region_->runners[0].done.load(), 2u);
}

TEST_F(TimelineTest, ARunnerThatCannotBePutBackEndsAfterItsJob) {
  if (!Snapshot::IsPossible()) GTEST_SKIP() << "needs the arena";
  OrderRunner(region_, 0);
  SetJob(0, 0, {}, {});
  SetJob(1, 0, {}, {});
  OrderJob(region_, 0, 0);
  OrderJob(region_, 0, 1);
  WaitForRunner(0, 1);
  int status = -1;
  EXPECT_EQ(waitpid(-root_, &status, 0), region_->runners[0].pid.load());
  EXPECT_EQ(status, 0);
  EXPECT_EQ(region_->jobs[0].finished.load(), 1u);
  EXPECT_EQ(region_->jobs[1].finished.load(), 0u);
  EXPECT_EQ(region_->runners[0].done.load(), 1u);
}

TEST_F(TimelineTest, AllProcessesDieWithTheCoordinator) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t coordinator = fork();
  if (coordinator == 0) {
    Region* region = Region::Map();
    region->coordinator_pid = getpid();
    if (fork() == 0) {
      SimulationBuilder walk = MakeWalk();
      RunNursery(region, nullptr, &walk);
    }
    JobOrder& order = region->orders[0];
    order.free_count = 2;
    order.free_checkpoints[0] = 1;
    order.free_checkpoints[1] = 2;
    order.recreate = -1;
    const JobSlot& job = region->jobs[0];
    Order(region, 0, 0);
    while (job.finished.load() == 0) absl::SleepFor(absl::Milliseconds(1));
    if (write(ends[1], "x", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  close(ends[1]);
  char byte;
  ASSERT_EQ(read(ends[0], &byte, 1), 1);
  kill(coordinator, SIGKILL);
  // All hold the pipe's other end: it is closed when the last one is gone.
  pollfd closed = {ends[0], POLLIN, 0};
  EXPECT_EQ(poll(&closed, 1, 5000), 1);
  EXPECT_EQ(read(ends[0], &byte, 1), 0);
  close(ends[0]);
  waitpid(coordinator, nullptr, 0);
}

}  // namespace
}  // namespace moonpool::explorer
