// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: chances are what the rules of a game give, and what plain runs show.
// Method: lock_gates, whose chances are powers of ten, and two_step.
#include "explorer/problems/chances.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "explorer/campaign.h"
#include "gtest/gtest.h"
#include "sim/runner/builder.h"

namespace moonpool::problems {
namespace {

SimulationBuilder Build(const std::string& campaign,
                        const CampaignParams::Values& values) {
  const absl::StatusOr<const Campaign*> found = FindCampaign(campaign);
  EXPECT_TRUE(found.ok()) << found.status();
  absl::StatusOr<SimulationBuilder> builder =
      BuildCampaign(**found, CampaignParams(values));
  EXPECT_TRUE(builder.ok()) << builder.status();
  return *std::move(builder);
}

TEST(ChancesTest, AMarkIsWorthWhatIsLeftToDo) {
  SimulationBuilder builder =
      Build("lock_gates", {{"bug", "open"}, {"gates", "2"}});
  const ChanceReport report = MeasureChances(builder, {.runs = 20000});
  EXPECT_EQ(report.all.runs, 20000u);
  // Four standard deviations.
  EXPECT_NEAR(report.all.failed, 200, 57);
  ASSERT_TRUE(report.marks.contains("a gate opens gate=1"));
  const ChanceReport::Counts first = report.marks.at("a gate opens gate=1");
  EXPECT_NEAR(first.runs, 2000, 170);
  EXPECT_EQ(first.failed, report.all.failed);
}

TEST(ChancesTest, SplittingFindsOneInAMillion) {
  SimulationBuilder builder =
      Build("lock_gates", {{"bug", "open"}, {"gates", "6"}});
  ChanceOptions options = {.runs = 4000, .branches = 20, .arrivals = 200};
  for (int gate = 1; gate <= 5; ++gate) {
    options.levels.push_back(absl::StrCat("a gate opens gate=", gate));
  }
  const ChanceEstimate estimate = EstimateChance(builder, options);
  EXPECT_GT(estimate.chance, 0.7e-6);
  EXPECT_LT(estimate.chance, 1.4e-6);
  ASSERT_EQ(estimate.stages.size(), 6u);
  EXPECT_EQ(estimate.stages[1].runs, 4000u);  // 20 from each of 200
  EXPECT_NEAR(estimate.stages[5].chance, 0.1, 0.02);
  // One place is as good as another: in 20 runs a gate of 1/10 opens at 0.88.
  EXPECT_EQ(estimate.stages[5].places, 200u);
  EXPECT_NEAR(estimate.stages[5].fruitful, 176, 20);
}

// Whatever the levels are: one that is no progress, one that is passed before
// its turn, one that most failures do without.
TEST(ChancesTest, LevelsDoNotBiasTheEstimate) {
  SimulationBuilder builder = Build("two_step", {{"bug", "planted"}});
  for (const std::vector<std::string>& levels :
       {std::vector<std::string>{"a step is taken gate=1"},
        {"a step is taken gate=2 opens=1", "a step is taken gate=1"},
        {"a step is taken gate=2 opens=0"},
        {"no such mark"}}) {
    const ChanceEstimate estimate = EstimateChance(
        builder,
        {.runs = 5000, .branches = 2, .arrivals = 5000, .levels = levels});
    EXPECT_NEAR(estimate.chance, 0.01, 0.004) << levels[0];
  }
}

}  // namespace
}  // namespace moonpool::problems
