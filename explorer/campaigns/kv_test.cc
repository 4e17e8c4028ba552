// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the key-value campaign has exactly the bug it says: servers in memory
// lose what they acknowledged, durable ones do not. Method: whole simulations
// of fixed seeds.
#include "explorer/campaigns/kv.h"

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "explorer/campaign.h"
#include "gtest/gtest.h"
#include "sim/assertions/table.h"
#include "sim/runner/builder.h"
#include "sim/runner/report.h"

namespace moonpool {
namespace {

constexpr char kBug[] = "a read returns a value that was written";

const AssertionEntry* Find(const SimulationReport& report,
                           absl::string_view message) {
  for (const AssertionEntry& entry : report.assertions) {
    if (entry.message == message) return &entry;
  }
  return nullptr;
}

TEST(KvTest, ServersInMemoryLoseAcknowledgedSets) {
  SimulationBuilder builder = MakeKvSimulation(KvOptions());
  const SimulationReport report = builder.Iterations(30).Run();
  EXPECT_EQ(report.iterations, 30);
  EXPECT_GE(report.failed_iterations, 1);
  for (const IterationResult& failure : report.failures) {
    for (const Violation& violation : failure.violations) {
      EXPECT_EQ(violation.message, kBug) << violation.details;
      EXPECT_NE(violation.details.find("wanted=one of {"), std::string::npos)
          << violation.details;
    }
  }
}

TEST(KvTest, DurableServersKeepThem) {
  SimulationBuilder builder = MakeKvSimulation({.durable = true});
  const SimulationReport report = builder.Iterations(300).Run();
  EXPECT_EQ(report.failed_iterations, 0) << report.ToString();
  // It was a test: servers went down, came back and were asked again.
  for (absl::string_view message :
       {"a set succeeds", "a set fails", "a get fails", "a get finds a value",
        "a set after a failure", "a get after a failure",
        "a set may or may not have happened",
        "a server recovers data from its log"}) {
    const AssertionEntry* entry = Find(report, message);
    ASSERT_NE(entry, nullptr) << message;
    EXPECT_GT(entry->passes, 0u) << message;
  }
}

TEST(KvTest, RunsLongEnoughForSeveralReboots) {
  SimulationBuilder builder = MakeKvSimulation({.durable = true});
  int boots = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const IterationResult result = builder.RunIteration(seed);
    EXPECT_GE(result.simulated_ns, int64_t{10'000'000'000});
    EXPECT_LE(result.simulated_ns, int64_t{60'000'000'000});
    boots += result.boots;
  }
  EXPECT_GE(boots, 20 * (3 + 2));
}

TEST(KvTest, SameSeedSameRun) {
  for (const bool durable : {false, true}) {
    SimulationBuilder first = MakeKvSimulation({.durable = durable});
    SimulationBuilder second = MakeKvSimulation({.durable = durable});
    const IterationResult a = first.RunIteration(42);
    const IterationResult b = first.RunIteration(42);
    const IterationResult c = second.RunIteration(42);
    const IterationResult other = second.RunIteration(43);
    EXPECT_EQ(a.trace_hash, b.trace_hash);
    EXPECT_EQ(a.trace_hash, c.trace_hash);
    EXPECT_EQ(a.events, b.events);
    EXPECT_EQ(a.draws, c.draws);
    EXPECT_NE(a.trace_hash, other.trace_hash);
  }
}

TEST(KvTest, SizesAreParameters) {
  SimulationBuilder builder =
      MakeKvSimulation({.durable = true, .servers = 1, .operations = 10});
  const IterationResult result = builder.RunIteration(1);
  EXPECT_TRUE(result.violations.empty());
  EXPECT_GE(result.boots, 1);
}

TEST(KvTest, CampaignTakesItsParameters) {
  const CampaignParams params(
      {{"durable", "true"}, {"servers", "2"}, {"operations", "20"}});
  absl::StatusOr<const Campaign*> campaign = FindCampaign("kv");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  absl::StatusOr<SimulationBuilder> built = BuildCampaign(**campaign, params);
  ASSERT_TRUE(built.ok()) << built.status();
  SimulationBuilder same =
      MakeKvSimulation({.durable = true, .servers = 2, .operations = 20});
  EXPECT_EQ(built->RunIteration(5).trace_hash, same.RunIteration(5).trace_hash);
  EXPECT_FALSE(
      BuildCampaign(**campaign, CampaignParams({{"servers", "many"}})).ok());
}

}  // namespace
}  // namespace moonpool
