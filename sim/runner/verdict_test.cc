// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: each way to fail gives exactly one failing seed with its own text.
// Method: small simulations that fail in one way.
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

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Runs the seeds 1, 2, 3 of a simulation that goes wrong for seed 2, and
// returns the violations of that one.
std::vector<Violation> FailureOf(SimulationBuilder builder) {
  const SimulationReport report = builder.Seeds({1, 2, 3}).Run();
  EXPECT_EQ(report.iterations, 3);
  EXPECT_EQ(report.failed_iterations, 1) << report.ToString();
  EXPECT_FALSE(report.ok());
  if (report.failures.size() != 1) return {};
  EXPECT_EQ(report.failures[0].seed, 2u);
  for (const Violation& violation : report.failures[0].violations) {
    EXPECT_THAT(report.ToString(), HasSubstr(violation.message));
  }
  return report.failures[0].violations;
}

MATCHER_P3(IsViolation, kind, message, details, "") {
  *result_listener << arg.kind << ": " << arg.message << ": " << arg.details;
  return arg.kind == kind && arg.message == message && arg.details == details;
}

SimulationBuilder WithServer(Body run) {
  SimulationBuilder builder = WithRun(Sleeping(absl::Seconds(1)));
  builder.Processes(Servers(1, std::move(run)));
  return builder;
}

// Goes wrong, for seed 2 only.
Task<absl::Status> ReturnsError(SimContext& ctx) {
  co_await ctx.time().Sleep(absl::Milliseconds(5));
  if (SeedOfRun(ctx) == 2) co_return absl::DataLossError("boom");
  co_return absl::OkStatus();
}
Task<absl::Status> Throws(SimContext& ctx) {
  co_await ctx.time().Sleep(absl::Milliseconds(5));
  if (SeedOfRun(ctx) == 2) throw std::runtime_error("boom");
  co_return absl::OkStatus();
}

TEST(VerdictTest, ErrorOfASetUp) {
  int runs = 0;
  int checks = 0;
  SimulationBuilder builder;
  builder.Workload(
      Driver({.setup = ReturnsError,
              .run = [&](SimContext&) -> Task<absl::Status> {
                ++runs;
                co_return absl::OkStatus();
              },
              .check = [&](SimContext&) -> Task<absl::Status> {
                ++checks;
                co_return absl::OkStatus();
              }}));
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation(
                  "workload error",
                  "set-up of workload driver returned DATA_LOSS", "boom")));
  EXPECT_EQ(runs, 2);  // not after a failed set-up
  EXPECT_EQ(checks, 2);
}

TEST(VerdictTest, ErrorOfARun) {
  EXPECT_THAT(FailureOf(WithRun(ReturnsError)),
              ElementsAre(IsViolation("workload error",
                                      "run of workload driver returned "
                                      "DATA_LOSS",
                                      "boom")));
}

TEST(VerdictTest, ErrorOfACheck) {
  SimulationBuilder builder;
  builder.Workload(Driver({.check = ReturnsError}));
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation("workload error",
                                      "check of workload driver returned "
                                      "DATA_LOSS",
                                      "boom")));
}

TEST(VerdictTest, ExceptionInACheck) {
  SimulationBuilder builder;
  builder.Workload(Driver({.check = Throws}));
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation("exception",
                                      "an exception left driver", "boom")));
}

TEST(VerdictTest, ErrorOfAProcess) {
  EXPECT_THAT(
      FailureOf(WithServer(ReturnsError)),
      ElementsAre(IsViolation("process error",
                              "process server returned DATA_LOSS",
                              "10.0.1.1: boom")));
}

TEST(VerdictTest, ExceptionInAProcess) {
  EXPECT_THAT(FailureOf(WithServer(Throws)),
              ElementsAre(IsViolation("exception",
                                      "an exception left server", "boom")));
}

TEST(VerdictTest, ExceptionInAChildTaskOfAProcess) {
  SimulationBuilder builder =
      WithServer([](SimContext& ctx) -> Task<absl::Status> {
        auto child = [](SimContext* ctx) -> Task<absl::Status> {
          co_return co_await Throws(*ctx);
        };
        ctx.tasks().Spawn(child, &ctx);
        co_await ctx.shutdown().Cancelled();
        co_return absl::OkStatus();
      });
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation("exception",
                                      "an exception left server", "boom")));
}

TEST(VerdictTest, ExceptionInAWorkload) {
  EXPECT_THAT(FailureOf(WithRun(Throws)),
              ElementsAre(IsViolation("exception",
                                      "an exception left driver", "boom")));
}

TEST(VerdictTest, ErrorOfAnInjector) {
  SimulationBuilder builder = WithRun(Sleeping(absl::Seconds(1)));
  builder.Fault(Gremlin([](FaultContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(absl::Milliseconds(5));
    if (World::Current()->random().root_seed() != 2) co_return absl::OkStatus();
    co_return absl::DataLossError("boom");
  }));
  EXPECT_THAT(
      FailureOf(builder),
      ElementsAre(IsViolation("injector error",
                              "fault injector gremlin returned DATA_LOSS",
                              "boom")));
}

TEST(VerdictTest, ExceptionInAnInjector) {
  SimulationBuilder builder = WithRun(Sleeping(absl::Seconds(1)));
  builder.Fault(Gremlin([](FaultContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(absl::Milliseconds(5));
    if (World::Current()->random().root_seed() == 2) {
      throw std::runtime_error("boom");
    }
    co_return absl::OkStatus();
  }));
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation(
                  "exception", "an exception left a fault injector", "boom")));
}

TEST(VerdictTest, ViolatedAssertion) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        co_await ctx.time().Sleep(absl::Milliseconds(5));
        const uint64_t seed = SeedOfRun(ctx);
        ASSERT_ALWAYS(seed != 2, "the seed is not 2", {"seed", seed});
        co_return absl::OkStatus();
      });
  const std::vector<Violation> violations = FailureOf(builder);
  EXPECT_THAT(violations, ElementsAre(IsViolation(
                              "ASSERT_ALWAYS", "the seed is not 2", "seed=2")));
  ASSERT_THAT(violations, SizeIs(1));
  EXPECT_EQ(violations[0].time_ns, 5'000'000);
  EXPECT_EQ(violations[0].event, 1u);
  EXPECT_THAT(violations[0].place, HasSubstr("verdict_test.cc:"));
}

TEST(VerdictTest, ViolatedInvariant) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        co_await ctx.time().Sleep(absl::Milliseconds(5));
        ctx.state().Publish("seed", SeedOfRun(ctx));
        co_return absl::OkStatus();
      });
  builder.Invariant("no 2", [](const StateHandle& state, absl::Duration now) {
    EXPECT_EQ(state.Get<int>("seed"), nullptr);  // another type
    const uint64_t* seed = state.Get<uint64_t>("seed");
    if (seed == nullptr) return;
    EXPECT_EQ(now, absl::Milliseconds(5));
    ASSERT_ALWAYS(*seed != 2, "the published seed is not 2");
  });
  EXPECT_THAT(FailureOf(builder),
              Contains(IsViolation("ASSERT_ALWAYS",
                                   "the published seed is not 2", "")));
}

TEST(VerdictTest, ExceptionInAnInvariant) {
  SimulationBuilder builder = WithRun(Sleeping(absl::Seconds(1)));
  builder.Invariant("throws", [](const StateHandle&, absl::Duration) {
    if (World::Current()->random().root_seed() == 2) {
      throw std::runtime_error("boom");
    }
  });
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation(
                  "exception", "an exception left invariant throws",
                  "boom")));
}

TEST(VerdictTest, Deadlock) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        // Nobody asks a workload to stop.
        if (SeedOfRun(ctx) == 2) co_await ctx.shutdown().Cancelled();
        co_return absl::OkStatus();
      });
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation(
                  "deadlock", "nothing can happen any more in phase run",
                  "waiting: driver; tasks of driver: workload")));
}

TEST(VerdictTest, RunTimeBudget) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        // The whole budget is allowed.
        co_await ctx.time().Sleep(absl::Minutes(1));
        while (SeedOfRun(ctx) == 2) co_await ctx.time().Sleep(absl::Seconds(1));
        co_return absl::OkStatus();
      });
  builder.RunTimeBudget(absl::Minutes(1));
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation("time budget",
                                      "more than 1m of simulated time",
                                      "waiting: driver; tasks of driver: workload")));
}

TEST(VerdictTest, BusyLoop) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        while (SeedOfRun(ctx) == 2) co_await ctx.tasks().YieldNow();
        co_return absl::OkStatus();
      });
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation(
                  "busy loop", "tasks run for ever without time passing",
                  "waiting: driver; tasks of driver: workload")));
}

TEST(VerdictTest, EveryPhaseIsGuarded) {
  Body deadlock = [](SimContext& ctx) -> Task<absl::Status> {
    co_await ctx.shutdown().Cancelled();
    co_return absl::OkStatus();
  };
  Body late = [](SimContext& ctx) -> Task<absl::Status> {
    // Long enough for a guard to notice, and no longer.
    for (int i = 0; i < 3; ++i) co_await ctx.time().Sleep(absl::Minutes(1));
    co_return absl::OkStatus();
  };
  Body busy = [](SimContext& ctx) -> Task<absl::Status> {
    for (;;) co_await ctx.tasks().YieldNow();
  };
  const std::pair<const char*, Body> bad[] = {
      {"deadlock", deadlock}, {"time budget", late}, {"busy loop", busy}};
  for (const auto& [kind, body] : bad) {
    for (const bool check : {false, true}) {
      SimulationBuilder builder;
      builder.RunTimeBudget(absl::Minutes(1));
      builder.Workload(Driver(check ? Steps{.check = body}
                                    : Steps{.setup = body}));
      const IterationResult result = builder.RunIteration(1);
      ASSERT_THAT(result.violations, SizeIs(1)) << kind << check;
      EXPECT_EQ(result.violations[0].kind, kind);
    }
  }
}

TEST(VerdictTest, Leak) {
  CancellationSource never;
  TaskSet elsewhere;
  SimulationBuilder builder =
      WithRun([&](SimContext& ctx) -> Task<absl::Status> {
        auto wait = [](const CancellationSource* source) -> Task<void> {
          co_await source->token().Cancelled();
        };
        if (SeedOfRun(ctx) == 2) elsewhere.Spawn(wait, &never);
        co_await ctx.time().Sleep(absl::Milliseconds(1));
        co_return absl::OkStatus();
      });
  const std::vector<Violation> violations = FailureOf(builder);
  ASSERT_THAT(violations, SizeIs(1));
  EXPECT_EQ(violations[0].kind, "leak");
  EXPECT_EQ(violations[0].message,
            "coroutine frames are left after the teardown");
}

TEST(VerdictTest, FailFastEndsTheRun) {
  SimulationBuilder builder = WithRun(ReturnsError);
  const SimulationReport report =
      builder.Seeds({1, 2, 3}).FailFast().Run();
  EXPECT_EQ(report.iterations, 2);
  EXPECT_EQ(report.failed_iterations, 1);
}

TEST(VerdictTest, StopAtViolationEndsTheIteration) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        co_await ctx.time().Sleep(absl::Seconds(1));
        ASSERT_UNREACHABLE("the first second has passed");
        co_await ctx.time().Sleep(absl::Seconds(1));
        co_return absl::OkStatus();
      });
  EXPECT_EQ(builder.RunIteration(1).simulated_ns, 2'000'000'000);
  EXPECT_EQ(builder.StopAtViolation().RunIteration(1).simulated_ns,
            1'000'000'000);
}

// Asks its context something when it is destroyed.
class LateInjector final : public FaultInjector {
 public:
  explicit LateInjector(int* members) : members_(members) {}
  ~LateInjector() override {
    context_->network().HealAll();
    *members_ = static_cast<int>(context_->up_ips().size());
  }
  absl::string_view name() const override { return "late"; }
  Task<absl::Status> Inject(FaultContext& ctx) override {
    context_ = &ctx;
    co_await ctx.time().Sleep(absl::Hours(1));
    co_return absl::OkStatus();
  }

 private:
  int* members_;
  FaultContext* context_ = nullptr;
};

TEST(VerdictTest, InjectorsMayUseTheirContextUntilTheyAreDestroyed) {
  int members = -1;
  SimulationBuilder builder =
      WithServer([](SimContext& ctx) -> Task<absl::Status> {
        co_await ctx.time().Sleep(absl::Milliseconds(5));
        ASSERT_UNREACHABLE("chaos ends early");
        co_await ctx.time().Sleep(absl::Hours(1));
        co_return absl::OkStatus();
      });
  builder.Fault([&members] { return std::make_unique<LateInjector>(&members); });
  EXPECT_EQ(builder.StopAtViolation().RunIteration(1).simulated_ns, 5'000'000);
  EXPECT_EQ(members, 1);
}

TEST(VerdictTest, FailuresAreCountedBeyondThoseThatAreKept) {
  SimulationBuilder builder = WithRun([](SimContext&) -> Task<absl::Status> {
    co_return absl::InternalError("always");
  });
  const SimulationReport report =
      builder.Iterations(SimulationReport::kMaxFailures + 20).Run();
  EXPECT_EQ(report.failed_iterations, report.iterations);
  EXPECT_THAT(report.failures, SizeIs(SimulationReport::kMaxFailures));
}

}  // namespace
}  // namespace moonpool
