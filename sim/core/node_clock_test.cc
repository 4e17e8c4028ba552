// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a node's clock keeps its law: rate, steps, never back, time-outs on the
// node's own time, late timers as drawn. Method: worlds of fixed seeds, exact
// expectations; the law of late timers statistically.
#include <algorithm>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "providers/coro/task_set.h"
#include "sim/core/node_clock.h"
#include "sim/core/world.h"

namespace moonpool {
namespace {

struct Fixture {
  explicit Fixture(uint64_t seed = 1)
      : world(WorldOptions{.seed = seed}),
        clock(&world, "10.0.1.1"),
        time(&world, &clock),
        world_time(&world) {}
  void RunFor(absl::Duration duration) {
    bool done = false;
    tasks.Spawn([&]() -> Task<void> {
      co_await world_time.Sleep(duration);
      done = true;
    });
    do {
      world.RunReady();
    } while (!done && world.FireNext());
  }
  World world;
  NodeClock clock;
  SimTime time;
  SimTime world_time;
  TaskSet tasks;
};

TEST(NodeClockTest, IsTheWorldsTimeUntilToldOtherwise) {
  Fixture f;
  f.RunFor(absl::Seconds(3));
  EXPECT_EQ(f.time.Now(), absl::Seconds(3));
  EXPECT_EQ(f.time.WallNow(),
            absl::FromUnixSeconds(1767225600) + absl::Seconds(3));
  EXPECT_EQ(f.world.faults().total(), 0u);
  EXPECT_EQ(f.world.random().draws(), 0u);
}

class RateTest : public testing::TestWithParam<int64_t> {};

TEST_P(RateTest, LocalTimeRunsAtTheRate) {
  Fixture f;
  f.RunFor(absl::Seconds(1));
  f.clock.SetRateErrorPpm(GetParam());
  f.RunFor(absl::Seconds(10));
  EXPECT_EQ(f.time.Now(), absl::Seconds(11) + absl::Microseconds(10) * GetParam());
}

TEST_P(RateTest, SleepsTakeLocalTime) {
  Fixture f;
  f.clock.SetRateErrorPpm(GetParam());
  absl::Duration local;
  absl::Duration world;
  f.tasks.Spawn([&]() -> Task<void> {
    co_await f.time.Sleep(absl::Seconds(100));
    local = f.time.Now();
    world = f.world.now();
  });
  while (f.world.Turn()) {
  }
  EXPECT_GE(local, absl::Seconds(100));
  EXPECT_LE(local, absl::Seconds(100) + absl::Nanoseconds(2));
  const double expected = 100 / (1 + GetParam() * 1e-6);
  EXPECT_NEAR(absl::ToDoubleSeconds(world), expected, 1e-6);
}

// A timer set before the rate changes still takes its whole local delay.
TEST_P(RateTest, PendingTimersFollowTheRate) {
  Fixture f;
  absl::Duration woken;
  f.tasks.Spawn([&]() -> Task<void> {
    co_await f.time.Sleep(absl::Seconds(100));
    woken = f.time.Now();
  });
  f.RunFor(absl::Seconds(50));
  f.clock.SetRateErrorPpm(GetParam());
  while (f.world.Turn()) {
  }
  EXPECT_GE(woken, absl::Seconds(100));
  // A clock that now runs fast is noticed when the timer fires, not before.
  if (GetParam() < 0) {
    EXPECT_LE(woken, absl::Seconds(100) + absl::Microseconds(1));
  }
}

INSTANTIATE_TEST_SUITE_P(Rates, RateTest,
                         testing::Values(-500000, -50000, -200, 200, 50000,
                                         500000));

TEST(NodeClockTest, MonotonicTimeNeverGoesBack) {
  Fixture f;
  absl::Duration last;
  RandomStream random(&f.world.random(), "test");
  for (int i = 0; i < 1000; ++i) {
    f.clock.SetRateErrorPpm(random.Range(int64_t{-500000}, int64_t{500000}));
    if (i % 7 == 0) f.clock.StepWall(absl::Seconds(-10));
    if (i % 11 == 0) f.clock.StepMonotonic(absl::Milliseconds(3));
    if (i % 13 == 0) f.clock.Heal();
    f.RunFor(absl::Microseconds(random.Range(int64_t{0}, int64_t{900})));
    ASSERT_GE(f.time.Now(), last);
    last = f.time.Now();
  }
}

TEST(NodeClockTest, TheCalendarStepsBothWaysAndTimersDoNotCare) {
  Fixture f;
  const absl::Time before = f.time.WallNow();
  absl::Duration woken;
  f.tasks.Spawn([&]() -> Task<void> {
    co_await f.time.Sleep(absl::Seconds(2));
    woken = f.world.now();
  });
  f.RunFor(absl::Seconds(1));
  f.clock.StepWall(absl::Hours(-3));
  EXPECT_EQ(f.time.WallNow(), before + absl::Seconds(1) - absl::Hours(3));
  f.clock.StepWall(absl::Hours(4));
  EXPECT_EQ(f.time.WallNow(), before + absl::Seconds(1) + absl::Hours(1));
  f.RunFor(absl::Seconds(2));
  EXPECT_EQ(woken, absl::Seconds(2));
  EXPECT_EQ(f.world.faults().of(FaultFamily::kClockStep), 2u);
}

TEST(NodeClockTest, HealingKeepsWhatMonotonicTimeHasGained) {
  Fixture f;
  f.clock.SetRateErrorPpm(100000);
  f.clock.StepWall(absl::Hours(1));
  f.RunFor(absl::Seconds(10));
  f.clock.Heal();
  f.RunFor(absl::Seconds(10));
  EXPECT_EQ(f.time.Now(), absl::Seconds(21));
  EXPECT_EQ(f.time.WallNow(),
            absl::FromUnixSeconds(1767225600) + absl::Seconds(21));
}

TEST(NodeClockTest, ClocksAreIndependent) {
  Fixture f;
  NodeClock other(&f.world, "10.0.1.2");
  f.clock.SetRateErrorPpm(-50000);
  f.RunFor(absl::Seconds(10));
  EXPECT_EQ(other.NowNs(), 10000000000);
  EXPECT_EQ(f.clock.NowNs(), 9500000000);  // behind: a drift has two signs
}

// P(extra > x) = chance * (1 - (x / max)^(1/1000)).
TEST(NodeClockTest, TimersAreLateByTheLaw) {
  Fixture f;
  f.clock.set_delay_faults({.chance = {1, 4}, .max = absl::Milliseconds(100)});
  constexpr int kSleeps = 200000;
  int over_1us = 0;
  int over_1ms = 0;
  int over_10ms = 0;
  for (int i = 0; i < kSleeps; ++i) {
    const int64_t extra = f.clock.WorldDelayNs(1000) - 1000;
    ASSERT_GE(extra, 0);
    ASSERT_LE(extra, 100000000);
    over_1us += extra > 1000;
    over_1ms += extra > 1000000;
    over_10ms += extra > 10000000;
  }
  EXPECT_NEAR(over_1us, kSleeps * 0.25 * 0.011447, 120);
  EXPECT_NEAR(over_1ms, kSleeps * 0.25 * 0.004595, 75);
  EXPECT_NEAR(over_10ms, kSleeps * 0.25 * 0.002300, 50);
  EXPECT_EQ(f.world.faults().of(FaultFamily::kBuggifiedDelay) > 0, true);
}

TEST(NodeClockTest, ATimeoutRunsOnTheNodesClock) {
  Fixture f;
  f.clock.SetRateErrorPpm(-500000);  // half speed
  absl::Duration gave_up;
  f.tasks.Spawn([&]() -> Task<void> {
    const absl::Status status = co_await f.time.Timeout(
        absl::Seconds(1), [&]() -> Task<absl::Status> {
          co_await f.world_time.Sleep(absl::Hours(1));
          co_return absl::OkStatus();
        }());
    EXPECT_TRUE(absl::IsDeadlineExceeded(status));
    gave_up = f.world.now();
  });
  while (f.world.Turn()) {
  }
  EXPECT_EQ(gave_up, absl::Seconds(2));
}

}  // namespace
}  // namespace moonpool
