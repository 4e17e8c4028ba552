// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a summary says what its log says. Method: a hand-made log of ten
// timelines (testing_log.h), counted by hand. explorer/search/explore_test.cc
// compares the summary of a real search with its result.
#include "explorer/directory/campaign_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "explorer/directory/search_log.h"
#include "explorer/directory/testing_log.h"
#include "explorer/recipe/recipe.h"

namespace moonpool {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CampaignSummaryTest : public ::testing::Test {
 protected:
  CampaignSummaryTest() {
    directory_ = absl::StrCat(
        testing::TempDir(), "/",
        testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(directory_);
  }
  CampaignSummary Read() {
    WriteTestingLog(log_, directory_);
    absl::StatusOr<CampaignSummary> summary = ReadCampaign(directory_);
    EXPECT_TRUE(summary.ok()) << summary.status();
    return *std::move(summary);
  }

  TestingLog log_ = MakeTestingLog();
  std::string directory_;
};

TEST_F(CampaignSummaryTest, AddsUpTheBatches) {
  const CampaignPart part = Read().part;
  EXPECT_EQ(part.config().SerializeAsString(), log_.config.SerializeAsString());
  EXPECT_EQ(part.timelines(), 10u);
  EXPECT_EQ(part.draws(), 3000u);
  EXPECT_EQ(part.events(), 6000u);
  EXPECT_EQ(part.discoveries(), 5u);
  EXPECT_EQ(part.died(), 1u);
  EXPECT_EQ(part.wall_seconds(), 3);
  EXPECT_EQ(part.cpu_seconds(), 4);
  EXPECT_EQ(part.tree_hash(), 22u);
}

TEST_F(CampaignSummaryTest, CountsTheYieldOfEachMark) {
  std::vector<std::tuple<std::string, int, int, int, int, int, int>> marks;
  const CampaignPart part = Read().part;
  for (const PartMark& mark : part.marks()) {
    marks.emplace_back(mark.label(), mark.first_timeline(), mark.discoveries(),
                       mark.branches(), mark.fruitful(),
                       mark.discoveries_below(), mark.reaches());
  }
  // Below "gate": both of "lock", and "cave". Below "lock": "cave", once.
  EXPECT_THAT(marks, ElementsAre(std::make_tuple("gate", 1, 1, 3, 1, 3, 2),
                                 std::make_tuple("<script>lock</script>", 1, 2,
                                                 2, 1, 1, 3),
                                 std::make_tuple("cave", 5, 1, 1, 0, 0, 1),
                                 std::make_tuple("door", 6, 1, 1, 0, 0, 1)));
}

TEST_F(CampaignSummaryTest, MakesTheShortestRecipeOfEachBug) {
  const CampaignPart part = Read().part;
  ASSERT_EQ(part.bugs_size(), 2);
  const PartBug& broken = part.bugs(0);
  EXPECT_EQ(broken.identity(), 0xB06u);
  EXPECT_EQ(broken.first_timeline(), 3u);
  EXPECT_EQ(broken.timelines(), 3u);
  // Of timeline 7: as many segments as timeline 2, and fewer draws.
  EXPECT_EQ(FormatRecipe(broken.recipe()), "42: 10@1007");
  EXPECT_EQ(broken.recipe().trace_hash(), 0xABC7u);
  EXPECT_EQ(broken.recipe().campaign(), "kv");
  EXPECT_EQ(broken.recipe().parameters(0).value(), "<true>");
  EXPECT_EQ(broken.recipe().build_id(), "00000000000000ff");
  EXPECT_EQ(broken.recipe().expected().message(), "broken");

  const PartBug& crash = part.bugs(1);
  EXPECT_EQ(crash.first_timeline(), 9u);
  EXPECT_EQ(crash.recipe().expected().kind(), "crash");
  EXPECT_EQ(FormatRecipe(crash.recipe()), "42: 10@1002 -> 30@1008");
}

TEST_F(CampaignSummaryTest, TakesAShorterRecipeThatSomebodyMade) {
  WriteTestingLog(log_, directory_);
  std::filesystem::create_directories(directory_ + "/bugs");
  BugRecipe recipe = Read().part.bugs(1).recipe();
  SetSegments({{.count = 5, .seed = 6}}, recipe);
  const std::string file = absl::StrCat(directory_, "/", BugRecipeFile(2));
  ASSERT_TRUE(WriteRecipeFile(file, recipe).ok());
  EXPECT_EQ(FormatRecipe(Read().part.bugs(1).recipe()), "42: 5@6");
  // But not one of another bug, or of another build.
  recipe.mutable_expected()->set_identity(1);
  ASSERT_TRUE(WriteRecipeFile(file, recipe).ok());
  EXPECT_EQ(Read().part.bugs(1).recipe().segments_size(), 2);
}

TEST_F(CampaignSummaryTest, AssertionsAreInTheOrderOfTheirPlaces) {
  std::vector<std::tuple<std::string, std::string, int, int>> assertions;
  const CampaignPart part = Read().part;
  for (const PartAssertion& assertion : part.assertions()) {
    assertions.emplace_back(assertion.message(), assertion.place(),
                            assertion.passes(), assertion.fails());
  }
  EXPECT_THAT(
      assertions,
      ElementsAre(std::make_tuple("broken", "app/kv.cc:12", 1, 3),
                  std::make_tuple("a lock opens", "app/kv.cc:30", 5, 0),
                  std::make_tuple("a client retries", "app/kv.cc:120", 0, 0),
                  std::make_tuple("elsewhere", "other/raft.cc:1", 0, 0)));
}

TEST_F(CampaignSummaryTest, PointsFollowTheSearch) {
  const CampaignPart part = Read().part;
  ASSERT_EQ(part.points_size(), 11);
  std::vector<std::tuple<int, double, int, int, int>> points;
  for (const int i : {0, 1, 3, 5, 6, 10}) {
    const PartPoint& point = part.points(i);
    points.emplace_back(point.timelines(), point.wall_seconds(),
                        point.discoveries(), point.marks(), point.bugs());
  }
  EXPECT_THAT(points, ElementsAre(std::make_tuple(0, 0.0, 0, 0, 0),
                                  std::make_tuple(1, 0.2, 2, 2, 0),
                                  std::make_tuple(3, 0.6, 3, 2, 1),
                                  std::make_tuple(5, 1.0, 4, 3, 1),
                                  std::make_tuple(6, 1.4, 5, 4, 1),
                                  std::make_tuple(10, 3.0, 5, 4, 2)));
}

TEST_F(CampaignSummaryTest, TheTreeHasTheTimelinesThatCameToSomething) {
  const CampaignSummary summary = Read();
  std::vector<std::tuple<int, int, int, int, int, int>> tree;
  for (const TreeTimeline& timeline : summary.tree) {
    tree.emplace_back(timeline.number, timeline.parent,
                      timeline.discoveries.size(), timeline.branches,
                      timeline.segments, timeline.bug);
  }
  // The first row is the beginning. Timeline 3 discovered nothing of its own.
  EXPECT_THAT(tree, ElementsAre(std::make_tuple(0, -1, 0, 1, 0, -1),
                                std::make_tuple(0, 0, 2, 4, 0, -1),
                                std::make_tuple(2, 1, 1, 1, 1, 0),
                                std::make_tuple(4, 1, 1, 1, 1, -1),
                                std::make_tuple(5, 0, 1, 1, 0, -1),
                                std::make_tuple(6, 3, 0, 0, 2, 0),
                                std::make_tuple(7, 1, 0, 0, 1, 0),
                                std::make_tuple(8, 2, 0, 0, 2, 1)));
  EXPECT_EQ(summary.tree[2].split_draws, 10u);
  EXPECT_EQ(summary.tree[7].split_draws, 230u);
  EXPECT_TRUE(summary.tree[7].died);
}

TEST_F(CampaignSummaryTest, WhatTheLogCannotMeanIsDamage) {
  auto damage_is = [this](const std::string& what) {
    WriteTestingLog(log_, directory_);
    const absl::Status status = ReadCampaign(directory_).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
    log_ = MakeTestingLog();
  };
  log_.first.mutable_timelines(1)->set_splitpoint(9);
  damage_is("timeline 2 branches off nowhere");
  log_.first.set_branch_splitpoints(0, 9);
  damage_is("no splitpoint 9");
  log_.first.set_again_marks(0, 9);
  damage_is("no mark 9");
  log_.first.add_again_marks(0);
  damage_is("counts without saying what");
  log_.second.set_first(6);
  damage_is("timeline 5 is missing");
}

TEST_F(CampaignSummaryTest, ATornBatchIsLeftOut) {
  WriteTestingLog(log_, directory_);
  const std::string path = SearchLogFile(directory_);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  absl::StatusOr<CampaignSummary> summary = ReadCampaign(directory_);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->part.timelines(), 5u);
  EXPECT_GT(summary->dropped_bytes, 0u);
}

TEST_F(CampaignSummaryTest, OtherFilesAreRefused) {
  EXPECT_TRUE(absl::IsNotFound(ReadCampaign(directory_).status()));
  std::filesystem::create_directories(directory_);
  std::ofstream(SearchLogFile(directory_)) << "Dear diary, today I found";
  EXPECT_TRUE(absl::IsInvalidArgument(ReadCampaign(directory_).status()));
}

}  // namespace
}  // namespace moonpool
