// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a world runs its ready tasks in a random order and its events at their
// times. Method: small programs; the orders' frequencies with fixed seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "providers/coro/ready_queue.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "sim/core/testing_core.h"
#include "sim/core/trace_hash.h"
#include "sim/core/world.h"

namespace moonpool {
namespace {

// In which order three ready tasks run.
std::string OrderOf(uint64_t seed, ReadyOrder order) {
  World world(WorldOptions{.seed = seed, .ready_order = order});
  TaskSet tasks;
  std::string log;
  for (char c : {'a', 'b', 'c'}) {
    tasks.Spawn([&log, c]() -> Task<void> {
      log.push_back(c);
      co_return;
    });
  }
  RunAll(&world);
  return log;
}

TEST(World, EveryOrderOfReadyTasksIsEquallyLikely) {
  std::map<std::string, int> seen;
  for (uint64_t seed = 0; seed < 6000; ++seed) {
    ++seen[OrderOf(seed, ReadyOrder::kRandom)];
  }
  EXPECT_EQ(seen.size(), 6u);
  std::vector<int> counts;
  for (const auto& [order, count] : seen) counts.push_back(count);
  EXPECT_LT(ChiSquare(counts), 25.7);  // 5 degrees, p = 0.0001
}

TEST(World, FifoKeepsTheOrderOfWakeUps) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    EXPECT_EQ(OrderOf(seed, ReadyOrder::kFifo), "abc");
  }
}

TEST(World, BusyLoopIsDetected) {
  World world(WorldOptions{.max_resumptions_per_turn = 1000});
  TaskSet tasks;
  int loops = 0;
  tasks.Spawn([&]() -> Task<void> {
    for (;;) {
      ++loops;
      co_await Yield();
    }
  });
  EXPECT_FALSE(world.is_runaway());
  EXPECT_TRUE(world.Turn());
  EXPECT_TRUE(world.is_runaway());
  EXPECT_EQ(loops, 1000);
}

TEST(World, SleepsEndInOrderAndTimeIsExact) {
  World world(WorldOptions{});
  SimTime time(&world);
  TaskSet tasks;
  std::vector<int> log;
  EXPECT_EQ(World::Current(), &world);
  for (int ms : {30, 10, 20, 0, -5}) {
    tasks.Spawn([&, ms]() -> Task<void> {
      co_await time.Sleep(absl::Milliseconds(ms));
      EXPECT_EQ(time.Now(), absl::Milliseconds(std::max(ms, 0)));
      log.push_back(ms);
    });
  }
  RunAll(&world);
  ASSERT_EQ(log.size(), 5u);
  EXPECT_EQ(log[0] + log[1], -5);
  EXPECT_EQ(std::vector<int>(log.begin() + 2, log.end()),
            (std::vector<int>{10, 20, 30}));
  EXPECT_EQ(world.events(), 5u);
  EXPECT_EQ(time.WallNow(), absl::FromCivil(absl::CivilSecond(2026, 1, 1),
                                            absl::UTCTimeZone()) +
                                absl::Milliseconds(30));
}

TEST(World, NestsAndRestoresTheCurrentOne) {
  EXPECT_EQ(World::Current(), nullptr);
  World outer(WorldOptions{});
  {
    World inner(WorldOptions{});
    EXPECT_EQ(World::Current(), &inner);
  }
  EXPECT_EQ(World::Current(), &outer);
}

TEST(World, EndlessSleepDoesNotOverflow) {
  World world(WorldOptions{});
  SimTime time(&world);
  TaskSet tasks;
  tasks.Spawn([&]() -> Task<void> {
    co_await time.Sleep(absl::Hours(1));
    co_await time.Sleep(absl::InfiniteDuration());
  });
  EXPECT_TRUE(world.Turn());
  EXPECT_TRUE(world.Turn());
  EXPECT_EQ(world.now_ns(), std::numeric_limits<int64_t>::max());
}

// Sleeps a microsecond at a time, so that each event is one turn.
struct SteadyRun {
  // every: 0 for no watcher.
  SteadyRun(uint64_t every, TraceListener* listener)
      : world(WorldOptions{}), time(&world) {
    watcher.run = this;
    if (listener != nullptr) world.trace().set_listener(listener);
    if (every > 0) world.WatchBoundaries(&watcher, every);
    tasks.Spawn([this]() -> Task<void> {
      for (int i = 0; i < 100; ++i) {
        co_await time.Sleep(absl::Microseconds(1));
        ++steps;
      }
    });
    RunAll(&world);
  }
  struct Watcher final : BoundaryWatcher {
    void OnBoundary() override {
      EXPECT_TRUE(run->world.ready().empty());
      EXPECT_EQ(run->steps + 1, run->world.events());
      at.push_back(run->world.events());
    }
    SteadyRun* run = nullptr;
    std::vector<uint64_t> at;
  } watcher;
  World world;
  SimTime time;
  uint64_t steps = 0;
  TaskSet tasks;
};

TEST(World, BoundariesAreWatchedEverySoManyEvents) {
  struct Deaf final : TraceListener {
    void OnWord(const Word&) override {}
  } deaf;
  const SteadyRun plain(0, nullptr);
  EXPECT_TRUE(plain.watcher.at.empty());
  for (TraceListener* listener : {static_cast<TraceListener*>(nullptr),
                                  static_cast<TraceListener*>(&deaf)}) {
    for (const uint64_t every : {1, 7, 64, 1000}) {
      const SteadyRun run(every, listener);
      std::vector<uint64_t> expected;
      for (uint64_t n = every; n <= 100; n += every) expected.push_back(n);
      EXPECT_EQ(run.watcher.at, expected) << every;
      // Whoever watches changes nothing.
      const TraceHash& trace = const_cast<SteadyRun&>(run).world.trace();
      const TraceHash& other = const_cast<SteadyRun&>(plain).world.trace();
      EXPECT_EQ(trace.value(), other.value());
      EXPECT_EQ(trace.sample_count(), other.sample_count());
    }
  }
}

}  // namespace
}  // namespace moonpool
