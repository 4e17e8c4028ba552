// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a run has as many iterations as its control says. Method: workloads
// whose coverage depends on how many iterations there have been.
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/test_simulation.h"

namespace moonpool {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ControlTest, FixedCountAndTheSeedsGiven) {
  std::vector<uint64_t> seeds;
  SimulationBuilder builder = WithRun(Sleeping(absl::Seconds(1)));
  builder.BeforeIteration([&](uint64_t seed) { seeds.push_back(seed); });
  EXPECT_EQ(builder.Run().iterations, 1);
  EXPECT_EQ(builder.Seeds({7, 8}).Run().iterations, 2);
  EXPECT_EQ(builder.Iterations(5).Run().iterations, 5);
  ASSERT_EQ(seeds.size(), 8u);
  EXPECT_EQ(seeds[1], 7u);
  EXPECT_EQ(seeds[3], 7u);
  EXPECT_EQ(seeds[4], 8u);
}

TEST(ControlTest, TheBaseSeedIsReportedAndReproduces) {
  SimulationBuilder builder = WithRun(Sleeping(absl::Seconds(1)));
  const SimulationReport report = builder.BaseSeed(99).Iterations(3).Run();
  EXPECT_EQ(report.base_seed, 99u);
  EXPECT_EQ(builder.base_seed(), 99u);
  EXPECT_THAT(report.ToString(), HasSubstr("base seed 99"));

  const auto seeds_of = [](uint64_t base_seed) {
    std::vector<uint64_t> seeds;
    SimulationBuilder recorded =
        WithRun([&](SimContext& ctx) -> Task<absl::Status> {
          seeds.push_back(SeedOfRun(ctx));
          co_return absl::OkStatus();
        });
    recorded.BaseSeed(base_seed).Iterations(3).Run();
    return seeds;
  };
  EXPECT_EQ(seeds_of(99), seeds_of(99));
  EXPECT_NE(seeds_of(99), seeds_of(98));
}

TEST(ControlTest, TimeLimitStopsAfterTheIterationInWhichItPasses) {
  SimulationBuilder builder = WithRun(Sleeping(absl::Seconds(1)));
  const absl::Time start = absl::Now();
  const SimulationReport report =
      builder.TimeLimit(absl::Milliseconds(50)).Run();
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(50));
  EXPECT_GT(report.iterations, 1);
  EXPECT_EQ(builder.TimeLimit(absl::ZeroDuration()).Run().iterations, 1);
}

TEST(ControlTest, UntilAllSometimesReached) {
  int runs = 0;
  SimulationBuilder builder =
      WithRun([&](SimContext&) -> Task<absl::Status> {
        ++runs;
        ASSERT_SOMETIMES(runs == 4, "the fourth run comes");
        co_return absl::OkStatus();
      });
  SimulationReport report = builder.UntilAllSometimesReached(100).Run();
  EXPECT_EQ(report.iterations, 4);
  EXPECT_FALSE(report.coverage_incomplete);
  EXPECT_TRUE(report.Check().ok());
  // It will not come again.
  report = builder.UntilAllSometimesReached(10).Run();
  EXPECT_EQ(report.iterations, 10);
  EXPECT_TRUE(report.coverage_incomplete);
  EXPECT_THAT(std::string(report.Check().message()),
              HasSubstr("coverage is incomplete"));
}

TEST(ControlTest, UntilCoverageStable) {
  int runs = 0;
  SimulationBuilder builder =
      WithRun([&](SimContext&) -> Task<absl::Status> {
        ++runs;
        ASSERT_REACHABLE("a run of the plateau test");
        // Something new in runs 1 to 6.
        ASSERT_SOMETIMES_EACH("the run's number", {{"run", std::min(runs, 6)}});
        co_return absl::OkStatus();
      });
  const SimulationReport report = builder.UntilCoverageStable(5, 1000).Run();
  EXPECT_EQ(report.iterations, 11);
  EXPECT_FALSE(report.coverage_incomplete);
}

TEST(ControlTest, AnInvariantObjectIsResetForEachIteration) {
  struct Counting final : Invariant {
    explicit Counting(std::vector<int>* checks) : checks(checks) {}
    absl::string_view name() const override { return "counting"; }
    void Reset() override { checks->push_back(0); }
    void Check(const StateHandle&, absl::Duration) override {
      ++checks->back();
    }
    std::vector<int>* checks;
  };
  std::vector<int> checks;
  SimulationBuilder builder = WithRun(Sleeping(absl::Seconds(1)));
  builder.Invariant(std::make_unique<Counting>(&checks));
  builder.Iterations(2).Run();
  ASSERT_EQ(checks.size(), 2u);
  EXPECT_GE(checks[0], 2);  // after every turn
  EXPECT_EQ(checks[0], checks[1]);
}

TEST(ControlTest, AReportSaysWhichSeedsFailed) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        if (SeedOfRun(ctx) % 2 == 0) co_return absl::AbortedError("even");
        co_return absl::OkStatus();
      });
  const SimulationReport report = builder.Seeds({1, 2, 3, 4}).Run();
  EXPECT_THAT(report.failing_seeds, ElementsAre(2, 4));
  EXPECT_EQ(report.success_rate(), 50);
  EXPECT_THAT(report.ToString(), HasSubstr("failing seeds: 2, 4"));
  EXPECT_THAT(std::string(report.Check().message()),
              HasSubstr("2 of 4 iterations failed; seed 2"));
}

TEST(WatchdogDeathTest, ALoopWithoutAwaitEndsTheProgramWithItsSeed) {
  SimulationBuilder builder = WithRun([](SimContext&) -> Task<absl::Status> {
    for (volatile bool forever = true; forever;) {
    }
    co_return absl::OkStatus();
  });
  builder.Seeds({77}).WallClockLimit(absl::Milliseconds(200));
  EXPECT_DEATH(builder.Run(), "seed 77 takes too much real time");
}

}  // namespace
}  // namespace moonpool
