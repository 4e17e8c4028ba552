// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the JSON has the names and types that consumers were promised.
#include "explorer/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;

ExploreResult Result() {
  ExploreResult result;
  result.timelines = 12408;
  result.tree_hash = 0xc0d;
  result.events = uint64_t{5} << 40;
  result.wall_seconds = 1.5;
  result.stopped_by = "first_bug";
  Bug bug;
  bug.recipe.set_root_seed(42);
  RecipeSegment* segment = bug.recipe.add_segments();
  segment->set_count(312);
  segment->set_seed(9041);
  bug.recipe.mutable_expected()->set_identity(0xAB);
  bug.recipe.mutable_expected()->set_message("broken \xff");
  bug.number = 1;
  bug.first_timeline = 1204;
  bug.timelines = 3;
  result.bugs.push_back(bug);
  AssertionEntry entry;
  entry.kind = AssertionKind::kSometimes;
  entry.message = "a client retries";
  entry.file = "kv.cc";
  entry.line = 7;
  result.assertions.push_back(entry);
  return result;
}

ExplorationReport Report() {
  ExploreOptions options;
  options.campaign = "kv";
  options.seed = ~uint64_t{0};
  options.workers = 2;
  options.parameters = {{"durable", "true"}};
  return ReportOfExplore(options, Result());
}

TEST(Report, CountsAreNumbersSeedsAndHashesStrings) {
  const std::string json = ReportToJson(Report());
  for (const char* line : {
           "\"campaign\": \"kv\"",
           "\"seed\": \"18446744073709551615\"",
           "\"workers\": 2,",
           "\"timelines\": 12408,",
           "\"forks\": 0,",
           "\"draws\": 0,",
           "\"events\": 5497558138880,",
           "\"discoveries\": 0,",
           "\"tree_hash\": \"0000000000000c0d\"",
           "\"wall_seconds\": 1.5,",
           "\"cpu_seconds\": 0,",
           "\"stopped_by\": \"first_bug\"",
           "\"identity\": \"00000000000000ab\"",
           "\"message\": \"broken \\\\xff\"",
           "\"first_timeline\": 1204,",
           "\"recipe\": \"42: 312@9041\"",
           "\"recipe_file\": \"bugs/1.textproto\"",
           "\"timelines\": 3,",
           "\"name\": \"a client retries\"",
           "\"kind\": \"sometimes\"",
           "\"passes\": 0,",
           "\"fails\": 0,",
           "\"reached\": false",
       }) {
    EXPECT_THAT(json, HasSubstr(line));
  }
}

TEST(Report, JsonReadsBackAsTheSameReport) {
  ExplorationReport read;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(ReportToJson(Report()), &read)
          .ok());
  EXPECT_EQ(read.SerializeAsString(), Report().SerializeAsString());
}

TEST(Report, WhatNeverHappenedIsSaid) {
  ASSERT_EQ(Report().misses_size(), 1);
  EXPECT_THAT(Report().misses(0), HasSubstr("a client retries"));
}

TEST(Report, AssertionsAreInTheOrderOfTheirPlaces) {
  AssertionEntry late;
  late.message = "late";
  late.file = "b.cc";
  late.line = 100;
  AssertionEntry early = late;
  early.message = "early";
  early.line = 20;
  early.passes = 1;
  ExplorationReport report;
  AddAssertions({late, early}, report);
  ASSERT_EQ(report.assertions_size(), 2);
  EXPECT_EQ(report.assertions(0).name(), "early");
  EXPECT_TRUE(report.assertions(0).reached());
  ASSERT_EQ(report.misses_size(), 1);
  EXPECT_THAT(report.misses(0), HasSubstr("late"));
}

TEST(Report, IterationsWithOneIdentityAreOneBug) {
  ExplorationReport report;
  IterationResult good;
  good.draws = 10;
  IterationResult bad = good;
  bad.seed = 77;
  bad.violations.push_back({.identity = 5, .kind = "k", .message = "m"});
  AddIteration(good, report);
  AddIteration(bad, report);
  AddIteration(bad, report);
  EXPECT_EQ(report.timelines(), 3);
  EXPECT_EQ(report.draws(), 30);
  ASSERT_EQ(report.bugs_size(), 1);
  EXPECT_EQ(report.bugs(0).first_timeline(), 2);
  EXPECT_EQ(report.bugs(0).timelines(), 2);
  EXPECT_EQ(report.bugs(0).recipe(), "77");
}

TEST(Report, ReplayCarriesItsVerdict) {
  BugRecipe recipe;
  recipe.set_campaign("kv");
  TimelineOutcome outcome;
  outcome.add_violations()->set_message("broken");
  ReplayVerdict verdict;
  verdict.set_verdict("MATCH");
  const ExplorationReport report = ReportOfReplay(recipe, outcome, verdict);
  EXPECT_THAT(ReportToJson(report), HasSubstr("\"verdict\": \"MATCH\""));
  EXPECT_EQ(report.bugs(0).message(), "broken");
}

TEST(Report, IsWrittenWhole) {
  const std::string path = absl::StrCat(testing::TempDir(), "/report.json");
  ASSERT_TRUE(WriteReportJson(path, Report()).ok());
  std::stringstream contents;
  contents << std::ifstream(path).rdbuf();
  EXPECT_EQ(contents.str(), ReportToJson(Report()));
  EXPECT_FALSE(WriteReportJson("/no/such/directory/x.json", Report()).ok());
}

}  // namespace
}  // namespace moonpool
