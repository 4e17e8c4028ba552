// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: attrition keeps its budget and its weights. Method: many seeds; every
// turn is looked at by an invariant.
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


TEST(AttritionTest, NeverMoreThanMaxDeadAreDown) {
  for (const int max_dead : {0, 1, 2}) {
    const FaultContext* faults = nullptr;
    int most = 0;
    SimulationBuilder builder;
    builder.Processes(Servers({3, 5}, UntilShutdown))
        .Attrition({.max_dead = max_dead})
        .Iterations(200)
        .Workloads(1,
                   [&](int) {
                     faults = nullptr;  // a new iteration
                     return Driver({.run = Sleeping(absl::Seconds(60))});
                   })
        .Fault(Gremlin([&](FaultContext& ctx) -> Task<absl::Status> {
          faults = &ctx;
          co_return absl::OkStatus();
        }))
        .Invariant("few are dead", [&](const StateHandle&, absl::Duration) {
          if (faults == nullptr) return;
          most = std::max(most, faults->dead_count());
          ASSERT_ALWAYS_LESS_THAN_OR_EQUAL_TO(faults->dead_count(), max_dead,
                                              "at most max_dead are down");
        });
    const SimulationReport report = builder.Run();
    EXPECT_EQ(report.iterations, 200);
    EXPECT_TRUE(report.ok()) << report.ToString();
    EXPECT_EQ(most, max_dead);
  }
}

// How often processes were asked to stop, died otherwise, and found their disk
// empty, in 20 seeds.
struct Deaths {
  int graceful = 0;
  int reboots = 0;
  int empty_disks = 0;
};

Deaths CountDeaths(AttritionOptions attrition) {
  Deaths deaths;
  bool has_booted = false;
  bool has_synced = false;
  SimulationBuilder builder;
  builder.Attrition(attrition)
      .Iterations(20)
      .Workloads(1,
                 [&](int) {
                   has_booted = has_synced = false;
                   return Driver({.run = Sleeping(absl::Seconds(60))});
                 })
      .Processes(Servers(1, [&](SimContext& ctx) -> Task<absl::Status> {
        if (has_booted) ++deaths.reboots;
        has_booted = true;
        CO_ASSIGN_OR_RETURN(std::string data, co_await ReadFile(ctx, "f"));
        if (has_synced && data.empty()) ++deaths.empty_disks;
        if (data.empty()) {
          has_synced = false;
          CO_RETURN_IF_ERROR(co_await WriteFile(ctx, "f", true));
        }
        has_synced = true;
        co_await ctx.shutdown().Cancelled();
        ++deaths.graceful;
        co_return absl::OkStatus();
      }));
  const SimulationReport report = builder.Run();
  EXPECT_TRUE(report.ok()) << report.ToString();
  EXPECT_GT(deaths.reboots, 40);
  return deaths;
}

TEST(AttritionTest, AllWeightsZeroMeansCrash) {
  const Deaths deaths = CountDeaths(
      {.prob_graceful = 0, .prob_crash = 0, .prob_wipe = 0});
  EXPECT_EQ(deaths.graceful, 0);
  EXPECT_EQ(deaths.empty_disks, 0);
}

TEST(AttritionTest, WeightsChooseTheKind) {
  const Deaths graceful = CountDeaths(
      {.prob_graceful = 2, .prob_crash = 0, .prob_wipe = 0});
  EXPECT_GE(graceful.graceful, graceful.reboots);
  EXPECT_EQ(graceful.empty_disks, 0);
  const Deaths wipe = CountDeaths(
      {.prob_graceful = 0, .prob_crash = 0, .prob_wipe = 0.001});
  EXPECT_EQ(wipe.graceful, 0);
  // A last reboot of an iteration may not get as far as to look.
  EXPECT_GT(wipe.empty_disks, wipe.reboots * 8 / 10);
  const Deaths mixed = CountDeaths({});
  EXPECT_GT(mixed.graceful, 0);
  EXPECT_GT(mixed.empty_disks, 0);
  EXPECT_GT(mixed.reboots, mixed.graceful + mixed.empty_disks);
}

}  // namespace
}  // namespace moonpool
