// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a profile does to the whole simulation what it says: off is nothing at
// all, chaos begins and ends with its phase, attrition keeps its budget under
// every profile. Method: a small cluster that talks and writes, over many
// seeds; faults are counted by the world where they are injected.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/assertions.h"
#include "sim/chaos/buggify.h"
#include "sim/chaos/family.h"
#include "sim/runner/builder.h"
#include "sim/runner/test_simulation.h"

namespace moonpool {
namespace {

using ::testing::IsEmpty;

// Errors are the faults' doing; a client tries again.
Task<absl::Status> WriteOnce(SimContext& ctx, std::string path) {
  CO_ASSIGN_OR_RETURN(auto file,
                      co_await ctx.storage().Open(path, {.create = true}));
  CO_RETURN_IF_ERROR(co_await file->Append(std::string(2000, 'x')));
  CO_RETURN_IF_ERROR(co_await file->Sync());
  co_return (co_await file->ReadAll()).status();
}

Task<absl::Status> EchoOne(std::unique_ptr<Stream> stream) {
  char buffer[16];
  for (;;) {
    CO_ASSIGN_OR_RETURN(size_t count,
                        co_await stream->Read(absl::MakeSpan(buffer)));
    if (count == 0) co_return absl::OkStatus();
    CO_RETURN_IF_ERROR(
        co_await stream->Write(absl::string_view(buffer, count)));
  }
}

Task<absl::Status> WriteAndEcho(SimContext& ctx) {
  CO_ASSIGN_OR_RETURN(auto listener, co_await ctx.network().Bind(ctx.my_ip()));
  for (;;) {
    auto accepted = co_await ctx.time().Timeout(absl::Milliseconds(200),
                                                listener->Accept());
    if (accepted.ok()) {
      ctx.tasks().Spawn(EchoOne, std::move(accepted->stream));
    } else if (!absl::IsDeadlineExceeded(accepted.status())) {
      co_return accepted.status();
    }
    (void)co_await ctx.time().Timeout(absl::Seconds(1),
                                      WriteOnce(ctx, "log"));
    if (BUGGIFY()) co_await ctx.time().Sleep(absl::Milliseconds(1));
    if (BUGGIFY_KNOB(int64_t{0}, 1, 5) > 0) co_await ctx.tasks().YieldNow();
  }
}

Task<absl::Status> Ping(SimContext& ctx, std::string ip) {
  CO_ASSIGN_OR_RETURN(auto stream, co_await ctx.network().Connect(ip));
  CO_RETURN_IF_ERROR(co_await stream->Write("ping"));
  char reply[4];
  co_return co_await stream->ReadFull(absl::MakeSpan(reply));
}

Task<absl::Status> PingAll(SimContext& ctx, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    for (const std::string& ip : ctx.topology().all_process_ips()) {
      (void)co_await ctx.time().Timeout(absl::Seconds(2), Ping(ctx, ip));
    }
    co_await ctx.time().Sleep(absl::Milliseconds(200));
  }
  co_return absl::OkStatus();
}

SimulationBuilder Cluster(ChaosProfile profile) {
  SimulationBuilder builder;
  builder.Processes(Servers(3, WriteAndEcho));
  builder.Chaos(profile);
  builder.Workload(Driver({.run = [](SimContext& ctx) -> Task<absl::Status> {
                             co_return co_await PingAll(ctx, 20);
                           },
                           .check = [](SimContext& ctx) -> Task<absl::Status> {
                             co_return co_await PingAll(ctx, 1);
                           }}));
  return builder;
}

TEST(ChaosTest, OffIsNoFaultAtAll) {
  SimulationBuilder builder = Cluster(ChaosProfile::Off());
  const SimulationReport report = builder.Iterations(1000).Run();
  EXPECT_TRUE(report.ok()) << report.ToString();
  EXPECT_EQ(report.faults.total(), 0u) << report.faults.ToString();
}

TEST(ChaosTest, RandomInjectsEveryFamilyItCan) {
  SimulationBuilder builder = Cluster(ChaosProfile::Random().Knobs());
  builder.Attrition({.max_dead = 3});
  const SimulationReport report = builder.Iterations(1000).Run();
  EXPECT_TRUE(report.ok()) << report.ToString();
  for (const FaultFamily family : kAllFamilies) {
    // Nobody sends datagrams here.
    if (family == FaultFamily::kDatagramLoss ||
        family == FaultFamily::kDatagramDuplicate ||
        family == FaultFamily::kDatagramReorder) {
      continue;
    }
    EXPECT_GT(report.faults.of(family), 0u) << FaultFamilyName(family);
  }
}

TEST(ChaosTest, NoFaultBeginsAfterTheChaosPhase) {
  SimulationBuilder builder;
  uint64_t at_end = 0;
  builder.Processes(Servers(3, WriteAndEcho));
  builder.Chaos(ChaosProfile::Random().Knobs());
  builder.Attrition({.max_dead = 3});
  builder.Workload(Driver(
      {.run = [](SimContext& ctx) -> Task<absl::Status> {
         co_return co_await PingAll(ctx, 10);
       },
       .check = [&](SimContext& ctx) -> Task<absl::Status> {
         at_end = ctx.world().faults().total();
         for (const std::string& ip : ctx.topology().all_process_ips()) {
           // Healed means healed: not one operation fails.
           CO_RETURN_IF_ERROR(co_await Ping(ctx, ip));
         }
         co_return absl::OkStatus();
       }}));
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const IterationResult result = builder.RunIteration(seed);
    ASSERT_THAT(result.violations, IsEmpty())
        << "seed " << seed << ": " << result.violations[0].message << " "
        << result.violations[0].details;
    ASSERT_EQ(result.faults.total(), at_end) << "seed " << seed;
  }
}

TEST(ChaosTest, SameSeedSameRunUnderEveryProfile) {
  for (const ChaosProfile& profile :
       {ChaosProfile::Mild(), ChaosProfile::Random(), ChaosProfile::Swarm()}) {
    SimulationBuilder builder = Cluster(profile);
    builder.Attrition({.max_dead = 2});
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      const IterationResult first = builder.RunIteration(seed);
      const IterationResult second = builder.RunIteration(seed);
      ASSERT_EQ(first.trace_hash, second.trace_hash) << "seed " << seed;
    }
  }
}

// A property of every seed and profile: the dead never exceed the budget.
TEST(ChaosTest, TheDeadStayWithinTheBudget) {
  SimulationBuilder builder = Cluster(ChaosProfile::Swarm());
  builder.Attrition({.max_dead = 2,
                     .interval_min = absl::Milliseconds(100),
                     .interval_max = absl::Milliseconds(500),
                     .can_kill = [](const std::vector<std::string>& dead) {
                       return std::find(dead.begin(), dead.end(),
                                        "10.0.1.1") == dead.end();
                     }});
  int most = 0;
  builder.Fault(Gremlin([&](FaultContext& ctx) -> Task<absl::Status> {
    for (;;) {
      most = std::max(most, ctx.dead_count());
      EXPECT_LE(ctx.dead_count(), 2);
      EXPECT_TRUE(ctx.is_up("10.0.1.1"));
      co_await ctx.time().Sleep(absl::Milliseconds(50));
    }
  }));
  const SimulationReport report = builder.Iterations(300).Run();
  EXPECT_TRUE(report.ok()) << report.ToString();
  EXPECT_EQ(most, 2);
}

}  // namespace
}  // namespace moonpool
