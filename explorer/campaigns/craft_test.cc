// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the glue around C-Raft is right, so that what the campaign finds is the
// library's. Method: with a healthy network nothing is ever violated; with
// partitions plain seeds violate agreement, each twice in the same way; a power
// cut leaves neither memory nor a wrong state behind. It is also the canary:
// if the seeds fall silent, the simulation has stopped simulating.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "explorer/campaigns/craft_cluster.h"
#include "explorer/campaigns/testing_marks.h"
#include "sim/runner/builder.h"
#include "sim/runner/fault_injector.h"

namespace moonpool::craft {
namespace {

SimulationBuilder Build(CampaignParams::Values values) {
  absl::StatusOr<SimulationBuilder> builder =
      BuildCampaign(**FindCampaign("craft"), CampaignParams(std::move(values)));
  EXPECT_TRUE(builder.ok()) << builder.status();
  return *std::move(builder);
}

std::string FirstViolation(const IterationResult& result) {
  if (result.violations.empty()) return "";
  return result.violations[0].message + ": " + result.violations[0].details;
}

TEST(Craft, HealthyClusterAcknowledgesAndAgrees) {
  for (const char* pre_vote : {"false", "true"}) {
    SimulationBuilder builder = Build(
        {{"partitions", "false"}, {"seconds", "20"}, {"pre_vote", pre_vote}});
    uint64_t acknowledged = 0;
    builder.Invariant("acknowledged", [&](const StateHandle& state,
                                          absl::Duration) {
      const CraftCluster* cluster = CraftCluster::Find(state);
      if (cluster != nullptr) acknowledged = cluster->acknowledged();
    });
    for (uint64_t seed = 1; seed <= 10; ++seed) {
      const IterationResult result = builder.RunIteration(seed);
      EXPECT_EQ(FirstViolation(result), "") << "seed " << seed;
      EXPECT_GT(acknowledged, 100u) << "seed " << seed;
      acknowledged = 0;
    }
  }
}

TEST(Craft, FiveServersAgreeToo) {
  SimulationBuilder builder =
      Build({{"partitions", "false"}, {"seconds", "20"}, {"nodes", "5"}});
  EXPECT_EQ(FirstViolation(builder.RunIteration(1)), "");
}

// Cuts one server off until chaos ends.
class Isolator final : public FaultInjector {
 public:
  absl::string_view name() const override { return "isolator"; }
  Task<absl::Status> Inject(FaultContext& ctx) override {
    const std::vector<std::string>& ips = ctx.process_ips();
    for (size_t i = 1; i < ips.size(); ++i) {
      ctx.network().Partition(ips[0], ips[i]);
    }
    co_return absl::OkStatus();
  }
};

// Past C-Raft's threshold of 1024 entries the others take snapshots; what the
// late server then needs is no longer in their logs.
TEST(Craft, LateServerIsSentASnapshot) {
  SimulationBuilder builder =
      Build({{"partitions", "false"}, {"seconds", "200"}});
  builder.Fault([] { return std::make_unique<Isolator>(); });
  int snapshots = 0;
  builder.Invariant("snapshots",
                    [&snapshots](const StateHandle& state, absl::Duration) {
                      const CraftCluster* cluster = CraftCluster::Find(state);
                      if (cluster != nullptr) snapshots = cluster->snapshots();
                    });
  EXPECT_EQ(FirstViolation(builder.RunIteration(1)), "");
  EXPECT_EQ(snapshots, 3);
}

TEST(Craft, SameSeedSameTrace) {
  SimulationBuilder builder = Build({});
  const IterationResult first = builder.RunIteration(5);
  const IterationResult second = builder.RunIteration(5);
  const IterationResult other = builder.RunIteration(6);
  EXPECT_EQ(first.trace_hash, second.trace_hash);
  EXPECT_EQ(first.draws, second.draws);
  EXPECT_EQ(first.events, second.events);
  EXPECT_NE(first.trace_hash, other.trace_hash);
}

// About one plain seed in 200 finds it, half a second's work. Whatever changes
// the draws changes which; 2,000 seeds without one would be no accident.
TEST(Craft, PartitionsLoseAcknowledgedWrites) {
  SimulationBuilder builder = Build({});
  builder.StopAtViolation();
  IterationResult result;
  uint64_t seed = 0;
  while (result.violations.empty() && seed < 2000) {
    result = builder.RunIteration(++seed);
  }
  ASSERT_FALSE(result.violations.empty());
  std::cout << "seed " << seed << ": " << FirstViolation(result) << "\n";
  const IterationResult again = builder.RunIteration(seed);
  EXPECT_EQ(again.trace_hash, result.trace_hash);
  EXPECT_EQ(FirstViolation(again), FirstViolation(result));
}

// Which links are cut is part of it.
TEST(Craft, TellsHowFarTheLeadersRivalsAre) {
  SimulationBuilder builder = Build({});
  MarkCollector marks;
  for (uint64_t seed = 1; seed <= 20; ++seed) builder.RunIteration(seed);
  EXPECT_THAT(marks.Missing("craft rivals",
                            {"apart=0", "apart=1", "rival=1", "rival=2"}),
              ::testing::IsEmpty());
}

// Not part of the campaign: a crashed server must come back from its disk.
class Crasher final : public FaultInjector {
 public:
  absl::string_view name() const override { return "crasher"; }
  Task<absl::Status> Inject(FaultContext& ctx) override {
    for (;;) {
      co_await ctx.WaitBetween(absl::Seconds(1), absl::Seconds(8));
      const std::string& victim = ctx.random().Pick(ctx.process_ips());
      if (ctx.dead_count() == 0) {
        (void)ctx.Reboot(victim, RebootKind::kCrash);
      }
    }
  }
};

TEST(Craft, ServersComeBackAfterPowerCuts) {
  SimulationBuilder builder = Build({{"partitions", "false"}});
  builder.Fault([] { return std::make_unique<Crasher>(); });
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const IterationResult result = builder.RunIteration(seed);
    EXPECT_EQ(FirstViolation(result), "") << "seed " << seed;
    EXPECT_GT(result.boots, 6) << "seed " << seed;
  }
}

}  // namespace
}  // namespace moonpool::craft
