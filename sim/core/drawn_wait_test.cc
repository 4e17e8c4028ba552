// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a wait ends when it was drawn to end, and whoever branches meanwhile
// gets all futures that there are, by their chances. Method: many seeds; the
// law of the rest is compared with that of waits which lasted as long.
#include "sim/core/drawn_wait.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"

namespace moonpool {
namespace {

constexpr int kWaits = 3;
constexpr int64_t kLowMs = 10;
constexpr int64_t kHighMs = 100;
constexpr int64_t kBranchMs = 40;

// Three waits from the beginning, and somebody who draws after 40 ms: the first
// draws are those of the waits, the fourth is his, so 3@seed branches there.
class Scene {
 public:
  explicit Scene(uint64_t seed, std::vector<Breakpoint> breakpoints = {},
                 int64_t branch_ms = kBranchMs)
      : branch_ms_(branch_ms),
        world_({.seed = seed, .ready_order = ReadyOrder::kFifo}),
        time_(&world_),
        faults_(&world_.random(), "faults", 0, StreamKind::kFaults),
        other_(&world_.random(), "other") {
    world_.random().SetBreakpoints(std::move(breakpoints));
    ends_ms_.fill(-1);
    for (int i = 0; i < kWaits; ++i) tasks_.Spawn(&Scene::Wait, this, i);
    tasks_.Spawn(&Scene::DrawLater, this);
  }

  struct Outcome {
    std::array<double, kWaits> ends_ms;
    uint64_t value;  // of the fourth
    uint64_t trace;
    bool operator==(const Outcome&) const = default;
  };
  Outcome Run() {
    while (world_.Turn()) {
    }
    return {ends_ms_, value_, world_.trace().value()};
  }
  World& world() { return world_; }
  TaskSet& tasks() { return tasks_; }

 private:
  Task<void> Wait(int i) {
    co_await DrawnSleep(
        &world_, &faults_,
        DurationRange(absl::Milliseconds(kLowMs), absl::Milliseconds(kHighMs)));
    ends_ms_[i] = absl::ToDoubleMilliseconds(world_.now());
  }
  Task<void> DrawLater() {
    co_await time_.Sleep(absl::Milliseconds(branch_ms_));
    value_ = other_.Next();
  }

  const int64_t branch_ms_;
  World world_;
  SimTime time_;
  RandomStream faults_;
  RandomStream other_;
  std::array<double, kWaits> ends_ms_;
  uint64_t value_ = 0;
  TaskSet tasks_;
};

Scene::Outcome Play(uint64_t seed, std::vector<Breakpoint> breakpoints = {}) {
  return Scene(seed, std::move(breakpoints)).Run();
}

TEST(DrawnWait, EndsUniformlyBetweenItsBounds) {
  std::array<int, 9> tens = {};
  constexpr int kSeeds = 3000;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    for (const double end : Play(seed).ends_ms) {
      ASSERT_GE(end, kLowMs);
      ASSERT_LE(end, kHighMs);
      ++tens[std::min<size_t>(8, static_cast<size_t>((end - kLowMs) / 10))];
    }
  }
  for (const int count : tens) EXPECT_NEAR(count, kSeeds * kWaits / 9, 125);
}

// The law of a rest is that of the waits that last beyond the moment.
TEST(DrawnWait, ABranchDrawsTheRestGivenWhatHasPassed) {
  // A world of which at least one wait lasts beyond the branch, and its
  // branches: those that were over stay so, the others end anywhere.
  uint64_t seed = 1;
  std::array<double, kWaits> plain;
  for (;; ++seed) {
    plain = Play(seed).ends_ms;
    int later = 0;
    for (const double end : plain) later += end > kBranchMs ? 1 : 0;
    if (later == 2) break;
  }
  constexpr int kBranches = 3000;
  std::array<int, 6> tens = {};
  for (uint64_t branch = 1; branch <= kBranches; ++branch) {
    const Scene::Outcome scene = Play(seed, {{kWaits, branch}});
    for (int i = 0; i < kWaits; ++i) {
      if (plain[i] <= kBranchMs) {
        ASSERT_EQ(scene.ends_ms[i], plain[i]);
        continue;
      }
      ASSERT_GE(scene.ends_ms[i], kBranchMs);
      ASSERT_LE(scene.ends_ms[i], kHighMs);
      ++tens[std::min<size_t>(
          5, static_cast<size_t>((scene.ends_ms[i] - kBranchMs) / 10))];
    }
  }
  for (const int count : tens) EXPECT_NEAR(count, kBranches * 2 / 6, 130);
}

TEST(DrawnWait, BreakpointsForOtherStreamsLeaveItAlone) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const StreamKinds kFaults = KindBit(StreamKind::kFaults);
    const StreamKinds kWorkload = KindBit(StreamKind::kWorkload);
    const Scene::Outcome plain = Play(seed);
    const Scene::Outcome workload = Play(seed, {{kWaits, 700, kWorkload}});
    const Scene::Outcome faults = Play(seed, {{kWaits, 700, kFaults}});
    EXPECT_EQ(workload.ends_ms, plain.ends_ms);
    EXPECT_NE(workload.value, plain.value);
    EXPECT_EQ(faults.value, plain.value);
    for (int i = 0; i < kWaits; ++i) {
      EXPECT_EQ(faults.ends_ms[i] == plain.ends_ms[i],
                plain.ends_ms[i] <= kBranchMs);
    }
  }
}

// A rest of up to 60 ms: 1/7 of them is cut to 1/64, and so on.
TEST(DrawnWait, ABreakpointMayMakeThemEndSoon) {
  uint64_t seed = 1;
  while (Play(seed).ends_ms[0] < kBranchMs) ++seed;
  constexpr int kBranches = 4000;
  const StreamKinds soon = KindBit(StreamKind::kFaults) | kSoon;
  std::array<int, 2> early = {};  // within the first 60/64 ms, 60/8 ms
  for (uint64_t branch = 1; branch <= kBranches; ++branch) {
    const double end = Play(seed, {{kWaits, branch, soon}}).ends_ms[0];
    ASSERT_GE(end, kBranchMs);
    ASSERT_LE(end, kHighMs);
    if (end < kBranchMs + 60.0 / 64) ++early[0];
    if (end < kBranchMs + 60.0 / 8) ++early[1];
  }
  // All that are cut so far, and their share of the others: (1 + 1/2 + 1/4 ...
  // + 1/64) / 7, (4 + 1/2 + 1/4 + 1/8) / 7.
  EXPECT_NEAR(early[0], kBranches * (127.0 / 64) / 7, 120);
  EXPECT_NEAR(early[1], kBranches * 4.875 / 7, 120);
  // Of other streams only, it changes nothing.
  EXPECT_EQ(Play(seed, {{kWaits, 7, KindBit(StreamKind::kWorkload) | kSoon}}),
            Play(seed, {{kWaits, 7, KindBit(StreamKind::kWorkload)}}));
}

// A moment is as likely in what is left of minutes as of seconds.
TEST(DrawnWait, HasteCutsLongWaitsToAMoment) {
  constexpr double kSpanMs = 400'000;
  constexpr double kSoonMs = 100;
  constexpr int kSeeds = 3000;
  const StreamKinds soon = KindBit(StreamKind::kFaults) | kSoon;
  int ended = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    World world({.seed = seed});
    world.random().SetBreakpoints({{0, seed + 1000, soon}});
    RandomStream faults(&world.random(), "faults", 0, StreamKind::kFaults);
    TaskSet tasks;
    auto wait = [&]() -> Task<void> {
      (void)faults.Next();  // the breakpoint
      const absl::Duration begin = world.now();
      co_await DrawnSleep(&world, &faults,
                          DurationRange(absl::ZeroDuration(),
                                        absl::Milliseconds(kSpanMs)));
      ended += world.now() - begin < absl::Milliseconds(kSoonMs);
    };
    tasks.Spawn(wait);
    while (world.Turn()) {
    }
  }
  // Halved 0 to n times, all alike, where n is 6 or as many as leave less than
  // 1/16 s.
  double expected = 0;
  constexpr int kRests = 4000;
  for (int i = 0; i < kRests; ++i) {
    const double rest_ms = kSpanMs * (i + 0.5) / kRests;
    int most = 6;
    while (rest_ms / std::exp2(most) >= 62.5) ++most;
    int soon_enough = 0;
    for (int n = 0; n <= most; ++n) {
      soon_enough += rest_ms / std::exp2(n) < kSoonMs;
    }
    expected += double{kSeeds} * soon_enough / (most + 1) / kRests;
  }
  EXPECT_GT(expected, kSeeds / 20);
  EXPECT_NEAR(ended, expected, 50);
}

// What haste makes of a world, chance could have made of it.
TEST(DrawnWait, HasteCutsNoWaitBelowItsLeast) {
  constexpr int kBranches = 1000;
  constexpr double kSpanMs = kHighMs - kLowMs;
  const StreamKinds soon = KindBit(StreamKind::kFaults) | kSoon;
  int early = 0;
  for (uint64_t branch = 1; branch <= kBranches; ++branch) {
    Scene scene(1, {{kWaits, branch, soon}}, /*branch_ms=*/5);
    for (const double end : scene.Run().ends_ms) {
      ASSERT_GE(end, kLowMs);
      ASSERT_LE(end, kHighMs);
      if (end < kLowMs + kSpanMs / 64) ++early;
    }
  }
  EXPECT_NEAR(early, kWaits * kBranches * (127.0 / 64) / 7, 120);
}

// One wait after another, of 0 to 100 ms.
std::vector<double> LengthsOfWaits(uint64_t seed,
                                   std::vector<Breakpoint> breakpoints) {
  World world({.seed = seed});
  world.random().SetBreakpoints(std::move(breakpoints));
  RandomStream faults(&world.random(), "faults", 0, StreamKind::kFaults);
  std::vector<double> lengths_ms;
  TaskSet tasks;
  auto wait = [&]() -> Task<void> {
    for (int i = 0; i < 15; ++i) {
      const absl::Duration begin = world.now();
      co_await DrawnSleep(
          &world, &faults,
          DurationRange(absl::ZeroDuration(), absl::Milliseconds(100)));
      lengths_ms.push_back(absl::ToDoubleMilliseconds(world.now() - begin));
    }
  };
  tasks.Spawn(wait);
  while (world.Turn()) {
  }
  return lengths_ms;
}

TEST(DrawnWait, HasteLastsUntilTheNextBreakpointForFaults) {
  constexpr int kSeeds = 600;
  constexpr double kPlainMs = 50;
  constexpr double kHastyMs = kPlainMs * (127.0 / 64) / 7;
  const StreamKinds kFaults = KindBit(StreamKind::kFaults);
  const StreamKinds kWorkload = KindBit(StreamKind::kWorkload);
  for (const StreamKinds later : {kFaults, kWorkload}) {
    std::array<double, 3> means_ms = {};
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
      // Five waits, five with two draws each, and five.
      const std::vector<double> lengths_ms = LengthsOfWaits(
          seed, {{5, seed + 1000, static_cast<StreamKinds>(kFaults | kSoon)},
                 {10, seed + 2000, later}});
      for (size_t i = 0; i < lengths_ms.size(); ++i) {
        means_ms[i / 5] += lengths_ms[i] / (5 * kSeeds);
      }
    }
    EXPECT_NEAR(means_ms[0], kPlainMs, 2);
    EXPECT_NEAR(means_ms[1], kHastyMs, 2);
    EXPECT_NEAR(means_ms[2], later == kFaults ? kPlainMs : kHastyMs, 2);
  }
}

// Who branches on the spot, and who replays it from the beginning.
TEST(DrawnWait, BranchesAndTheirReplaysAreEqual) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Scene::Outcome branch;
    {
      Scene live(seed);
      live.world().RunReady();
      ASSERT_EQ(live.world().random().draws(), kWaits);
      live.world().random().SetBreakpoints({{kWaits, seed + 1000}});
      branch = live.Run();
    }
    EXPECT_EQ(Play(seed, {{kWaits, seed + 1000}}), branch);
  }
}

// Breakpoints that apply at the rests' own draws, of which there are up to
// three: each lets the rests be drawn once more.
TEST(DrawnWait, ABreakpointMayApplyWhileRestsAreDrawn) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Scene::Outcome once = Play(seed, {{kWaits, 7}});
    for (uint64_t count = 0; count < 6; ++count) {
      const Scene::Outcome twice = Play(seed, {{kWaits, 7}, {count, 8}});
      EXPECT_EQ(Play(seed, {{kWaits, 7}, {count, 8}}), twice);
      int later = 0;
      for (const double end : once.ends_ms) later += end > kBranchMs ? 1 : 0;
      // From the last of the rests' draws, or that of the fourth after them, on
      // there is nothing that the second one could change.
      EXPECT_EQ(twice.trace != once.trace,
                count < static_cast<uint64_t>(later) + 1)
          << seed << ": " << later << " rests, breakpoint at " << count;
      for (int i = 0; i < kWaits; ++i) {
        EXPECT_EQ(twice.ends_ms[i] <= kBranchMs, once.ends_ms[i] <= kBranchMs);
      }
    }
    // A breakpoint at once replaces the one before.
    EXPECT_EQ(Play(seed, {{kWaits, 7}, {0, 8}}), Play(seed, {{kWaits, 8}}));
  }
}

TEST(DrawnWait, WhoIsDestroyedLeavesNothing) {
  Scene scene(1);
  scene.world().RunReady();
  EXPECT_EQ(scene.world().pending_events(), kWaits + 1u);
  scene.tasks().Clear();
  EXPECT_EQ(scene.world().pending_events(), 0u);
  // Nothing is left to draw again.
  const uint64_t draws = scene.world().random().draws();
  scene.world().random().SetBreakpoints({{draws, 2}});
  RandomStream other(&scene.world().random(), "more");
  other.Next();
  EXPECT_EQ(scene.world().random().draws(), draws + 1);
}

}  // namespace
}  // namespace moonpool
