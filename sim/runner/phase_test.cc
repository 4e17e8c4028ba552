// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: phases begin and end when they should. Method: small simulations of
// fixed seeds.
#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "providers/base/status_macros.h"
#include "providers/coro/cancellation.h"
#include "providers/coro/task_set.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/test_simulation.h"

namespace moonpool {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Task<absl::Status> CallAll(SimContext& ctx) {
  // A server that has just been booted may need a moment to listen.
  co_await ctx.time().Sleep(absl::Milliseconds(1));
  for (const std::string& ip : ctx.topology().all_process_ips()) {
    CO_RETURN_IF_ERROR(co_await Call(ctx, ip));
  }
  co_return absl::OkStatus();
}

TEST(PhaseTest, ChecksTalkToLiveServersAfterChaos) {
  SimulationBuilder builder;
  int boots = 0;
  builder.Processes(Servers({3, 5}, Echo))
      .Attrition({.max_dead = 2})
      .Fault(Gremlin([](FaultContext& ctx) -> Task<absl::Status> {
        // Left for the engine to heal.
        for (const std::string& ip : ctx.process_ips()) {
          ctx.network().Partition("10.0.0.1", ip);
        }
        co_return absl::OkStatus();
      }))
      .Workload(Driver(
          {.run = Sleeping(absl::Seconds(20)), .check = CallAll}));
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const IterationResult result = builder.RunIteration(seed);
    EXPECT_THAT(result.violations, IsEmpty()) << "seed " << seed;
    boots += result.boots;
  }
  EXPECT_GT(boots, 50 * 6);
}

TEST(PhaseTest, ChaosStartsAfterSetUpAndEndsInTime) {
  std::vector<int64_t> seconds;
  SimulationBuilder builder;
  builder.ChaosDuration(absl::Milliseconds(3500))
      .Fault(Gremlin([&](FaultContext& ctx) -> Task<absl::Status> {
        for (;;) {
          seconds.push_back(absl::ToInt64Seconds(ctx.time().Now()));
          co_await ctx.time().Sleep(absl::Seconds(1));
        }
      }))
      .Workload(Driver({.setup = Sleeping(absl::Seconds(2)),
                        .run = Sleeping(absl::Seconds(10)),
                        .check = Sleeping(absl::Seconds(5))}));
  EXPECT_EQ(builder.RunIteration(1).simulated_ns, 17'000'000'000);
  EXPECT_THAT(seconds, ElementsAre(2, 3, 4, 5));
}

TEST(PhaseTest, InjectorsRunInEveryIteration) {
  std::vector<uint64_t> seeds;
  SimulationBuilder builder;
  builder.Fault(Gremlin([&](FaultContext&) -> Task<absl::Status> {
    seeds.push_back(World::Current()->random().root_seed());
    co_return absl::OkStatus();
  }));
  builder.Workload(Driver({.run = Sleeping(absl::Seconds(1))}));
  EXPECT_TRUE(builder.Seeds({5, 6, 7}).Run().ok());
  EXPECT_THAT(seeds, ElementsAre(5, 6, 7));
}

TEST(PhaseTest, EndsAtTheVeryMomentItsWorkIsDone) {
  SimulationBuilder builder;
  builder.Processes(Servers(2, [](SimContext& ctx) -> Task<absl::Status> {
    for (;;) co_await ctx.time().Sleep(absl::Milliseconds(7));
  }));
  builder.Workload(Driver({.run = Sleeping(absl::Milliseconds(10))}));
  const IterationResult result = builder.RunIteration(1);
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_EQ(result.simulated_ns, 10'000'000);
}

TEST(PhaseTest, AnEmptyIterationTakesNoTime) {
  SimulationBuilder builder;
  const IterationResult result = builder.RunIteration(1);
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_EQ(result.simulated_ns, 0);
  EXPECT_EQ(result.events, 0u);
  EXPECT_EQ(result.boots, 0);
}

TEST(PhaseTest, CancelledTimeoutsLeaveNothingBehind) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        for (int i = 0; i < 1000; ++i) {
          CO_RETURN_IF_ERROR(co_await ctx.time().Timeout(
              absl::Hours(1), SleepFor(ctx.time(), absl::Milliseconds(1))));
        }
        EXPECT_EQ(ctx.world().pending_events(), 0u);
        co_return absl::OkStatus();
      });
  const IterationResult result = builder.RunIteration(1);
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_EQ(result.simulated_ns, 1'000'000'000);
}

TEST(PhaseTest, HooksSeeTheWholeIteration) {
  struct Hooks final : IterationHooks {
    void OnWorldReady(World& world) override {
      EXPECT_EQ(world.events(), 0u);
      EXPECT_EQ(world.random().draws(), 0u);
      ++ready;
    }
    void OnFinished(const IterationResult& result) override {
      EXPECT_EQ(result.simulated_ns, 10'000'000);
      ++finished;
    }
    int ready = 0;
    int finished = 0;
  } hooks;
  SimulationBuilder builder;
  builder.Processes(Servers(3, UntilShutdown));
  builder.Workload(Driver({.run = Sleeping(absl::Milliseconds(10))}));
  EXPECT_THAT(builder.RunIteration(1, &hooks).violations, IsEmpty());
  EXPECT_EQ(hooks.ready, 1);
  EXPECT_EQ(hooks.finished, 1);
}

}  // namespace
}  // namespace moonpool
