// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the campaign is sound, its runs go through what they are there for,
// and each planted bug shows. Method: whole simulations of fixed seeds; the
// explorer finds the rarer bugs (exhaustive_test.cc shows some of them, too).
#include "explorer/campaigns/wal/wal.h"

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "explorer/campaign.h"
#include "gtest/gtest.h"
#include "sim/assertions/table.h"
#include "sim/runner/builder.h"
#include "sim/runner/report.h"

namespace moonpool::wal {
namespace {

constexpr absl::string_view kLegal =
    "all that was acknowledged is there, and a prefix of the rest";
constexpr absl::string_view kKnown = "nothing is read that was never written";
constexpr absl::string_view kRead = "a read returns the last value written";
constexpr absl::string_view kLost =
    "the store says that data is lost only if it was damaged twice";

uint64_t Passes(const SimulationReport& report, absl::string_view message) {
  for (const AssertionEntry& entry : report.assertions) {
    if (entry.message == message) return entry.passes;
  }
  return 0;
}

SimulationReport Simulate(const CampaignOptions& options, int iterations) {
  return MakeSimulation(options).Iterations(iterations).Run();
}

TEST(WalTest, WithoutABugNothingIsViolated) {
  const SimulationReport report = Simulate({}, 400);
  EXPECT_EQ(report.failed_iterations, 0) << report.ToString();
  // It was a test: everything that can happen to a store did.
  for (absl::string_view message :
       {"recovery replays the log", "recovery finds a torn tail",
        "recovery finds records of an earlier life",
        "recovery reads a record from the other copy",
        "recovery reads the checkpoint from the other copy",
        "recovery finds checkpoints of different age",
        "recovery meets a bad sector", "a segment is recycled",
        "a checkpoint is taken because the log is long",
        "a store fails and is recovered in place",
        "a store cannot be opened at once", "changes share a sync",
        "changes in doubt have happened",
        "changes in doubt have not happened"}) {
    EXPECT_GT(Passes(report, message), 0u) << message;
  }
  EXPECT_GT(Passes(report, kLegal), 400u * 3);
  EXPECT_GT(Passes(report, kRead), 400u * 5);
  EXPECT_EQ(Passes(report, kLost), 0u);
}

TEST(WalTest, ADiskThatOnlyLosesPowerIsNoReasonToFail) {
  const SimulationReport report =
      Simulate({.errors = false, .damage = Damage::kNone}, 200);
  EXPECT_EQ(report.failed_iterations, 0) << report.ToString();
  EXPECT_EQ(Passes(report, "a store fails and is recovered in place"), 0u);
  EXPECT_EQ(Passes(report, "recovery meets a bad sector"), 0u);
}

TEST(WalTest, IfBothCopiesAreDamagedNoWrongValueIsRead) {
  const SimulationReport report =
      Simulate({.damage = Damage::kBothCopies}, 400);
  EXPECT_EQ(report.failed_iterations, 0) << report.ToString();
  EXPECT_GT(Passes(report, kLost), 10u);  // and it is said
  EXPECT_GT(Passes(report, kKnown), 400u);
}

TEST(WalTest, ARunHasSeveralCrashes) {
  SimulationBuilder builder = MakeSimulation({});
  int boots = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    boots += builder.RunIteration(seed).boots;
  }
  EXPECT_GT(boots, 50 * 5);
}

struct Planted {
  Bug bug;
  int iterations;  // among which it shows
};

class PlantedBugTest : public testing::TestWithParam<Planted> {};

TEST_P(PlantedBugTest, Shows) {
  const SimulationReport report =
      MakeSimulation({.store = {.bug = GetParam().bug}})
          .Iterations(GetParam().iterations)
          .FailFast()
          .Run();
  EXPECT_GT(report.failed_iterations, 0);
  for (const IterationResult& failure : report.failures) {
    for (const Violation& violation : failure.violations) {
      EXPECT_TRUE(violation.message == kLegal || violation.message == kKnown ||
                  violation.message == kRead || violation.message == kLost)
          << violation.message;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    WalTest, PlantedBugTest,
    testing::Values(Planted{Bug::kNoFsync, 5}, Planted{Bug::kNoDirsync, 5},
                    Planted{Bug::kFsyncErrorIgnored, 300},
                    Planted{Bug::kTornHeader, 1000},
                    Planted{Bug::kChecksumNotLength, 4000},
                    Planted{Bug::kReplayPastEnd, 200},
                    Planted{Bug::kReusedSegment, 5},
                    Planted{Bug::kRenameBeforeSync, 50}),
    [](const testing::TestParamInfo<Planted>& info) {
      std::string name(kBugNames[static_cast<size_t>(info.param.bug)].name);
      for (char& c : name) c = c == '-' ? '_' : c;
      return name;
    });

TEST(WalTest, SameSeedSameRun) {
  SimulationBuilder first = MakeSimulation({});
  SimulationBuilder second = MakeSimulation({});
  const IterationResult a = first.RunIteration(42);
  const IterationResult b = first.RunIteration(42);
  const IterationResult c = second.RunIteration(42);
  EXPECT_EQ(a.trace_hash, b.trace_hash);
  EXPECT_EQ(a.trace_hash, c.trace_hash);
  EXPECT_EQ(a.draws, c.draws);
  EXPECT_NE(a.trace_hash, second.RunIteration(43).trace_hash);
}

TEST(WalTest, CampaignTakesItsParameters) {
  absl::StatusOr<const Campaign*> campaign = FindCampaign("wal");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  const CampaignParams params({{"bug", "no-fsync"},
                               {"bursts", "10"},
                               {"errors", "false"},
                               {"damage", "none"}});
  absl::StatusOr<SimulationBuilder> built = BuildCampaign(**campaign, params);
  ASSERT_TRUE(built.ok()) << built.status();
  SimulationBuilder same = MakeSimulation({.store = {.bug = Bug::kNoFsync},
                                           .bursts = 10,
                                           .errors = false,
                                           .damage = Damage::kNone});
  EXPECT_EQ(built->RunIteration(5).trace_hash, same.RunIteration(5).trace_hash);
  for (const CampaignParams::Values& bad :
       {CampaignParams::Values{{"bug", "other"}},
        CampaignParams::Values{{"damage", "some"}}}) {
    EXPECT_FALSE(BuildCampaign(**campaign, CampaignParams(bad)).ok());
  }
}

}  // namespace
}  // namespace moonpool::wal
