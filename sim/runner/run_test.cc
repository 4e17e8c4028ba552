// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the same seed is the same run, and a run takes the seeds it should.
// Method: small simulations, compared by their trace hashes.
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
using ::testing::IsEmpty;
using ::testing::SizeIs;

SimulationBuilder Busy() {
  SimulationBuilder builder;
  builder.Processes(Servers({2, 4}, Echo))
      .Attrition({.max_dead = 1})
      .Workloads({1, 3}, [](int) {
        return Driver({.run = [](SimContext& ctx) -> Task<absl::Status> {
          for (int i = 0; i < 20; ++i) {
            const std::string ip =
                ctx.random().Pick(ctx.topology().all_process_ips());
            // Whether it succeeds depends on the faults.
            (void)co_await ctx.time().Timeout(absl::Seconds(1), Call(ctx, ip));
            co_await ctx.time().Sleep(ctx.random().Range(
                absl::Milliseconds(10), absl::Milliseconds(900)));
          }
          co_return absl::OkStatus();
        }});
      });
  return builder;
}

TEST(DeterminismTest, SameSeedSameRun) {
  std::set<uint64_t> hashes;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimulationBuilder builder = Busy();
    const IterationResult first = builder.RunIteration(seed);
    builder.RunIteration(seed + 1);
    const IterationResult again = builder.RunIteration(seed);
    const IterationResult other = Busy().RunIteration(seed);
    EXPECT_THAT(first.violations, IsEmpty());
    for (const IterationResult* result : {&again, &other}) {
      EXPECT_EQ(result->trace_hash, first.trace_hash);
      EXPECT_EQ(result->events, first.events);
      EXPECT_EQ(result->draws, first.draws);
      EXPECT_EQ(result->simulated_ns, first.simulated_ns);
      EXPECT_EQ(result->trace_samples.size(), first.trace_samples.size());
    }
    hashes.insert(first.trace_hash);
  }
  EXPECT_THAT(hashes, SizeIs(20));
}

TEST(DeterminismTest, BreakpointsChangeTheRestOnly) {
  struct Hooks final : IterationHooks {
    void OnWorldReady(World& world) override {
      world.random().SetBreakpoints({{100, seed}});
    }
    uint64_t seed = 0;
  } hooks;
  SimulationBuilder builder = Busy();
  const IterationResult plain = builder.RunIteration(7);
  hooks.seed = 1;
  const IterationResult one = builder.RunIteration(7, &hooks);
  EXPECT_EQ(builder.RunIteration(7, &hooks).trace_hash, one.trace_hash);
  hooks.seed = 2;
  const IterationResult two = builder.RunIteration(7, &hooks);
  EXPECT_NE(one.trace_hash, plain.trace_hash);
  EXPECT_NE(one.trace_hash, two.trace_hash);
  ASSERT_FALSE(one.trace_samples.empty());
  ASSERT_LE(one.trace_samples[0].draws, 100u);
  EXPECT_EQ(one.trace_samples[0].hash, plain.trace_samples[0].hash);
}

TEST(SeedsTest, ExplicitOnesComeFirst) {
  std::vector<uint64_t> seeds;
  SimulationBuilder builder =
      WithRun([&](SimContext& ctx) -> Task<absl::Status> {
        seeds.push_back(SeedOfRun(ctx));
        co_return absl::OkStatus();
      });
  EXPECT_EQ(builder.Run().iterations, 1);
  EXPECT_EQ(builder.Seeds({11, 12}).Run().iterations, 2);
  EXPECT_THAT(seeds, ElementsAre(builder.BaseSeed(1).Seeds({}).SeedOf(0), 11,
                                 12));
  seeds.clear();
  EXPECT_EQ(builder.Seeds({11, 12}).Iterations(4).Run().iterations, 4);
  ASSERT_THAT(seeds, SizeIs(4));
  EXPECT_EQ(seeds[1], 12u);
  EXPECT_EQ(seeds[2], builder.SeedOf(2));
  EXPECT_EQ(builder.Iterations(1).Run().iterations, 1);
  EXPECT_EQ(seeds.back(), 11u);
  EXPECT_NE(builder.BaseSeed(2).SeedOf(2), seeds[2]);
}

TEST(ReportTest, SumsAndCoverageAreOfTheWholeRun) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        co_await ctx.time().Sleep(absl::Seconds(1));
        ctx.random().Next();
        ASSERT_SOMETIMES(SeedOfRun(ctx) == 2, "the seed is 2 at last");
        ASSERT_SOMETIMES(SeedOfRun(ctx) == 9, "the seed is 9 at last");
        co_return absl::OkStatus();
      });
  for (int round = 0; round < 2; ++round) {  // counts start anew
    const SimulationReport report = builder.Seeds({1, 2, 3}).Run();
    EXPECT_TRUE(report.ok());
    EXPECT_EQ(report.simulated_ns, 3'000'000'000);
    EXPECT_EQ(report.events, 3u);
    EXPECT_EQ(report.draws, 3u);
    EXPECT_THAT(report.misses,
                Contains(HasSubstr("\"the seed is 9 at last\"")));
    EXPECT_THAT(report.misses,
                Not(Contains(HasSubstr("\"the seed is 2 at last\""))));
    for (const AssertionEntry& entry : report.assertions) {
      if (entry.message != "the seed is 2 at last") continue;
      EXPECT_EQ(entry.passes, 1u);
      EXPECT_EQ(entry.fails, 2u);
    }
    EXPECT_THAT(report.ToString(), HasSubstr("3 iterations, 0 failed"));
  }
}

// Appends and syncs; then calls a server, which crashes later.
SimulationBuilder Measured() {
  SimulationBuilder builder;
  builder.Processes(Servers(1, Echo));
  builder.Fault(Gremlin([](FaultContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(absl::Seconds(1));
    co_return ctx.Reboot("10.0.1.1", RebootKind::kCrash);
  }));
  builder.Workload(Driver({.run = [](SimContext& ctx) -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await WriteFile(ctx, "f", true));
    CO_RETURN_IF_ERROR(co_await Call(ctx, "10.0.1.1"));
    co_await ctx.time().Sleep(absl::Seconds(2));
    co_return absl::OkStatus();
  }}));
  return builder;
}

TEST(ReportTest, MetricsAreThoseOfEveryIteration) {
  SimulationBuilder builder = Measured();
  const IterationResult one = builder.RunIteration(1);
  EXPECT_THAT(one.violations, IsEmpty());
  EXPECT_EQ(one.bytes_sent, 8u);     // "ping", twice
  EXPECT_EQ(one.bytes_written, 4u);  // "data"
  EXPECT_EQ(one.fsyncs, 2u);         // of the file and of its directory
  EXPECT_EQ(one.max_disk_queue, 1);
  EXPECT_GE(one.max_in_flight, 1);
  EXPECT_GE(one.max_queue, 2);  // the crash, and whatever is under way

  const SimulationReport report = builder.Seeds({1, 2, 3}).Run();
  Metrics expected;
  for (const uint64_t seed : {1, 2, 3}) {
    builder.RunIteration(seed).RecordIn(expected);
  }
  for (const char* name : {"runs", "events", "draws", "simulated_ns",
                           "bytes sent", "bytes written", "fsyncs",
                           "fault: reboot"}) {
    EXPECT_EQ(report.metrics.counter(name), expected.counter(name)) << name;
  }
  EXPECT_EQ(report.metrics.counter("runs"), 3u);
  EXPECT_EQ(report.metrics.counter("events"), report.events);
  EXPECT_EQ(report.metrics.counter("bytes sent"), 24u);
  EXPECT_EQ(report.metrics.counter("fault: reboot"), 3u);
  EXPECT_GT(report.metrics.counter("wall_ns"), 0u);
  EXPECT_EQ(report.metrics.FindHistogram("wall_ns of a run")->count(), 3u);
  EXPECT_EQ(DescribeRuns(report.metrics), DescribeRuns(expected));
  EXPECT_THAT(report.ToString(), HasSubstr(DescribeRuns(report.metrics)));
  EXPECT_THAT(report.ToString(),
              HasSubstr("24 bytes sent, 12 written, 6 fsyncs, 3 faults"));
}

// ---- The example of sim/README.md -------------------------------------------

class Counter final : public Process {
 public:
  absl::string_view name() const override { return "counter"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(auto wal,
                        co_await ctx.storage().Open("wal", {.create = true}));
    while (!ctx.shutdown().is_cancelled()) {
      CO_RETURN_IF_ERROR(co_await wal->Append("x"));
      CO_RETURN_IF_ERROR(co_await wal->Sync());
    }
    co_return absl::OkStatus();
  }
};

TEST(ReadmeTest, TheExampleRuns) {
  SimulationReport report =
      SimulationBuilder()
          .Processes({.count = {3, 5},
                      .factory = [] { return std::make_unique<Counter>(); }})
          .Workload(Driver({.run = Sleeping(absl::Seconds(5))}))
          .Attrition({.max_dead = 1})
          .Iterations(10)
          .Run();
  EXPECT_TRUE(report.ok()) << report.ToString();
}

}  // namespace
}  // namespace moonpool
