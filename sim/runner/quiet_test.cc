// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: after chaos, and in quiet periods, everything is up and stays so; what
// does not come to rest is a failure. Method: small simulations whose
// injectors and workloads record who was down when.
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/test_simulation.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Task<absl::Status> KillEverySecond(FaultContext& ctx) {
  for (;;) {
    co_await ctx.time().Sleep(absl::Seconds(1));
    ctx.RebootAll(RebootKind::kCrash);
  }
}

TEST(QuietTest, AQuietPeriodRestoresAndSparesEverybody) {
  absl::Duration quiet_from;
  std::vector<absl::Duration> kills;
  SimulationBuilder builder;
  builder.Processes(Servers(3, UntilShutdown));
  builder.Fault(Gremlin([&](FaultContext& ctx) -> Task<absl::Status> {
    for (;;) {
      co_await ctx.time().Sleep(absl::Milliseconds(700));
      if (ctx.RebootAll(RebootKind::kCrash) > 0) {
        kills.push_back(ctx.time().Now());
      }
    }
  }));
  builder.Workload(Driver({.run = [&](SimContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(absl::Seconds(5));
    CO_RETURN_IF_ERROR(co_await ctx.QuietPeriod(absl::Seconds(60)));
    quiet_from = ctx.time().Now();
    co_await ctx.time().Sleep(absl::Seconds(100));
    co_return absl::OkStatus();
  }}));
  const IterationResult result = builder.RunIteration(1);
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_GT(quiet_from, absl::Seconds(5));
  int before = 0;
  int after = 0;
  for (const absl::Duration kill : kills) {
    EXPECT_TRUE(kill <= absl::Seconds(5) ||
                kill >= quiet_from + absl::Seconds(60))
        << kill;
    (kill <= absl::Seconds(5) ? before : after)++;
  }
  EXPECT_GE(before, 1);
  EXPECT_GE(after, 2);  // chaos goes on
}

TEST(QuietTest, OutsideChaosAQuietPeriodIsThereAlready) {
  SimulationBuilder builder;
  builder.Processes(Servers(1, UntilShutdown));
  builder.Workload(Driver({.check = [](SimContext& ctx) -> Task<absl::Status> {
    const absl::Duration before = ctx.time().Now();
    CO_RETURN_IF_ERROR(co_await ctx.QuietPeriod(absl::Seconds(1)));
    EXPECT_EQ(ctx.time().Now(), before);
    co_return absl::OkStatus();
  }}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
}

TEST(QuietTest, NothingHappensBetweenHealAndCheck) {
  absl::Duration end_of_run;
  absl::Duration check;
  SimulationBuilder builder;
  builder.Processes(Servers(2, UntilShutdown));
  builder.Fault(Gremlin(KillEverySecond));
  builder.Phases({.quiet = absl::Seconds(30)});
  builder.Workload(Driver({.run = [&](SimContext& ctx) -> Task<absl::Status> {
                             co_await ctx.time().Sleep(absl::Seconds(3));
                             end_of_run = ctx.time().Now();
                             co_return absl::OkStatus();
                           },
                           .check = [&](SimContext& ctx) -> Task<absl::Status> {
                             check = ctx.time().Now();
                             co_return absl::OkStatus();
                           }}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_GE(check, end_of_run + absl::Seconds(30));
  EXPECT_LE(check, end_of_run + absl::Seconds(41));  // recovery <= 10 s
}

TEST(QuietTest, AWorkloadThatDoesNotEndAfterChaosIsNotLive) {
  SimulationBuilder builder;
  builder.Processes(Servers(1, UntilShutdown));
  builder.Workload(Driver({.run = Sleeping(absl::Minutes(30))}));
  builder.Phases({.chaos_duration = absl::Seconds(10),
                  .liveness_deadline = absl::Seconds(60)});
  const IterationResult result = builder.RunIteration(1);
  ASSERT_THAT(result.violations, SizeIs(1));
  EXPECT_EQ(result.violations[0].kind, "liveness");
  EXPECT_THAT(result.violations[0].details, HasSubstr("driver"));
}

TEST(QuietTest, WorkloadsAreAskedToStopAfterTheRecovery) {
  absl::Duration asked;
  SimulationBuilder builder;
  builder.Phases({.chaos_duration = absl::Seconds(10),
                  .recovery_duration = absl::Seconds(20)});
  builder.Workload(Driver({.run = [&](SimContext& ctx) -> Task<absl::Status> {
    co_await ctx.shutdown().Cancelled();
    asked = ctx.time().Now();
    co_return absl::OkStatus();
  }}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_EQ(asked, absl::Seconds(30));
}

TEST(QuietTest, ChaosBeginsAfterTheWarmUp) {
  absl::Duration began;
  absl::Duration ended;
  SimulationBuilder builder;
  builder.Phases({.warm_up = absl::Seconds(5),
                  .chaos_duration = absl::Seconds(7)});
  builder.Fault(Gremlin([&](FaultContext& ctx) -> Task<absl::Status> {
    began = ctx.time().Now();
    struct AtEnd {
      AtEnd(absl::Duration* at, Time* time) : at(at), time(time) {}
      AtEnd(const AtEnd&) = delete;
      ~AtEnd() { *at = time->Now(); }
      absl::Duration* at;
      Time* time;
    } at_end(&ended, &ctx.time());
    co_await ctx.time().Sleep(absl::Hours(1));
    co_return absl::OkStatus();
  }));
  builder.Workload(Driver({.run = Sleeping(absl::Seconds(30))}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_EQ(began, absl::Seconds(5));
  EXPECT_EQ(ended, absl::Seconds(12));
}

// --- Pause ------------------------------------------------------------------

TEST(PauseTest, AProcessDoesNotRunWhileItIsPaused) {
  std::vector<absl::Duration> ticks;
  std::vector<bool> up;
  SimulationBuilder builder;
  builder.Processes(Servers(1, [&](SimContext& ctx) -> Task<absl::Status> {
    for (;;) {
      co_await ctx.time().Sleep(absl::Milliseconds(100));
      ticks.push_back(ctx.time().Now());
    }
  }));
  builder.Fault(Gremlin([&](FaultContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(absl::Milliseconds(1050));
    CO_RETURN_IF_ERROR(ctx.Pause("10.0.1.1", absl::Seconds(2)));
    EXPECT_TRUE(absl::IsFailedPrecondition(
        ctx.Pause("10.0.1.1", absl::Seconds(2))));
    up.push_back(ctx.is_up("10.0.1.1"));
    EXPECT_EQ(ctx.dead_count(), 1);
    co_await ctx.time().Sleep(absl::Milliseconds(2001));
    up.push_back(ctx.is_up("10.0.1.1"));
    co_return absl::OkStatus();
  }));
  builder.Workload(Driver({.run = Sleeping(absl::Seconds(5))}));
  const IterationResult result = builder.RunIteration(1);
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_EQ(result.boots, 1);
  EXPECT_EQ(result.faults.of(FaultFamily::kPause), 1u);
  EXPECT_EQ(up, (std::vector<bool>{false, true}));
  ASSERT_GT(ticks.size(), 12u);
  EXPECT_EQ(ticks[9], absl::Seconds(1));
  EXPECT_EQ(ticks[10], absl::Milliseconds(3050));  // late, but not lost
}

TEST(PauseTest, APausedProcessCanCrash) {
  SimulationBuilder builder;
  builder.Processes(Servers(1, UntilShutdown));
  builder.Fault(Gremlin([&](FaultContext& ctx) -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(ctx.Pause("10.0.1.1", absl::InfiniteDuration()));
    CO_RETURN_IF_ERROR(ctx.Reboot("10.0.1.1", RebootKind::kCrash));
    CO_RETURN_IF_ERROR(co_await ctx.WaitUntilUp("10.0.1.1"));
    EXPECT_TRUE(absl::IsFailedPrecondition(ctx.Resume("10.0.1.1")));
    co_return absl::OkStatus();
  }));
  builder.Workload(Driver({.run = Sleeping(absl::Seconds(20))}));
  const IterationResult result = builder.RunIteration(1);
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_EQ(result.boots, 2);
}

TEST(PauseTest, ChaosEndsEveryPause) {
  absl::Duration resumed;
  SimulationBuilder builder;
  builder.Processes(Servers(1, [&](SimContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(absl::Seconds(1));
    resumed = ctx.time().Now();
    co_return absl::OkStatus();
  }));
  builder.ChaosDuration(absl::Seconds(10));
  builder.Fault(Gremlin([&](FaultContext& ctx) -> Task<absl::Status> {
    co_return ctx.Pause("10.0.1.1", absl::InfiniteDuration());
  }));
  builder.Workload(Driver({.run = Sleeping(absl::Seconds(20))}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_EQ(resumed, absl::Seconds(10));
}

// --- Supervision and versions -------------------------------------------------

TEST(RestartTest, AProcessThatReturnsIsRestartedIfAsked) {
  SimulationBuilder builder;
  ProcessOptions servers = Servers(1, [](SimContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(absl::Seconds(1));
    co_return absl::DataLossError("the disk failed");
  });
  servers.restart_on_exit = true;
  servers.expected_exit = [](const absl::Status& status) {
    return absl::IsDataLoss(status);
  };
  builder.Processes(std::move(servers));
  builder.Workload(Driver({.run = Sleeping(absl::Minutes(2))}));
  const IterationResult result = builder.RunIteration(1);
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_GE(result.boots, 10);
}

TEST(RestartTest, ARollingRestartChangesTheProgramOneByOne) {
  std::vector<std::string> boots;
  const auto version = [&boots](std::string name) {
    return Servers(3, [&boots, name](SimContext& ctx) -> Task<absl::Status> {
      boots.push_back(absl::StrCat(name, " ", ctx.my_ip()));
      co_await ctx.shutdown().Cancelled();
      co_return absl::OkStatus();
    });
  };
  int max_dead = 0;
  SimulationBuilder builder;
  builder.Processes(version("old"));
  builder.Fault(Gremlin([&](FaultContext& ctx) -> Task<absl::Status> {
    co_return co_await ctx.RollingRestart(version("new").factory,
                                          absl::Seconds(1));
  }));
  builder.Fault(Gremlin([&](FaultContext& ctx) -> Task<absl::Status> {
    for (;;) {
      max_dead = std::max(max_dead, ctx.dead_count());
      co_await ctx.time().Sleep(absl::Milliseconds(100));
    }
  }));
  builder.Workload(Driver({.run = Sleeping(absl::Minutes(2))}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_EQ(std::multiset<std::string>(boots.begin() + 3, boots.end()),
            (std::multiset<std::string>{"new 10.0.1.1", "new 10.0.1.2",
                                        "new 10.0.1.3"}));
  EXPECT_EQ(max_dead, 1);
}

}  // namespace
}  // namespace moonpool
