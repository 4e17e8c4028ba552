// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what a log says of a search is what the search itself says, and does
// not depend on the number of workers or on where it was interrupted. Method:
// real searches whose logs are summarised (directory/campaign_summary.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "explorer/directory/campaign_summary.h"
#include "explorer/directory/search_log.h"
#include "explorer/search/explore.h"
#include "sim/assertions/table.h"

namespace moonpool {
namespace {

struct Search {
  ExploreResult result;
  CampaignPart part;
};

// Explores with a log that begins anew unless resume is set.
Search RunSearch(const std::string& name, ExploreOptions options) {
  const std::string directory = absl::StrCat(testing::TempDir(), "/", name);
  std::filesystem::create_directories(directory);
  options.log = SearchLogFile(directory);
  absl::StatusOr<ExploreResult> result = Explore(options);
  EXPECT_TRUE(result.ok()) << result.status();
  absl::StatusOr<CampaignSummary> summary = ReadCampaign(directory);
  EXPECT_TRUE(summary.ok()) << summary.status();
  return {*std::move(result), std::move(summary->part)};
}

ExploreOptions Options(const std::string& campaign) {
  ExploreOptions options;
  options.campaign = campaign;
  options.timelines = 400;
  options.workers = 2;
  options.build_id = "00000000000000ff";
  return options;
}

// Without what a clock says.
std::string Bytes(CampaignPart part) {
  part.clear_wall_seconds();
  part.clear_cpu_seconds();
  for (PartPoint& point : *part.mutable_points()) point.clear_wall_seconds();
  return part.DebugString();
}

TEST(LogSummaryTest, SaysWhatTheSearchSays) {
  for (const char* campaign : {"kv", "maze"}) {
    SCOPED_TRACE(campaign);
    const Search search = RunSearch("same", Options(campaign));
    const ExploreResult& result = search.result;
    const CampaignPart& part = search.part;
    EXPECT_EQ(part.timelines(), result.timelines);
    EXPECT_EQ(part.draws(), result.draws);
    EXPECT_EQ(part.events(), result.events);
    EXPECT_EQ(part.discoveries(), result.discoveries);
    EXPECT_EQ(part.tree_hash(), result.tree_hash);
    ASSERT_EQ(part.bugs_size(), static_cast<int>(result.bugs.size()));
    for (int i = 0; i < part.bugs_size(); ++i) {
      EXPECT_EQ(part.bugs(i).first_timeline(), result.bugs[i].first_timeline);
      EXPECT_EQ(part.bugs(i).timelines(), result.bugs[i].timelines);
      EXPECT_EQ(part.bugs(i).recipe().DebugString(),
                result.bugs[i].recipe.DebugString());
    }
    uint64_t evaluated = 0;
    for (const PartAssertion& assertion : part.assertions()) {
      evaluated += assertion.passes() + assertion.fails();
    }
    uint64_t expected = 0;
    for (const AssertionEntry& entry : result.assertions) {
      expected += entry.passes + entry.fails;
    }
    EXPECT_EQ(evaluated, expected);
    EXPECT_GT(evaluated, 0u);
  }
}

TEST(LogSummaryTest, EachTimelineBranchesOffOneMarkOrTheBeginning) {
  ExploreOptions options = Options("maze");
  options.policy = "uniform";  // which starts no fresh seeds
  const Search search = RunSearch("branches", options);
  const absl::StatusOr<CampaignSummary> summary =
      ReadCampaign(absl::StrCat(testing::TempDir(), "/branches"));
  ASSERT_TRUE(summary.ok());
  uint64_t branches = summary->tree[0].branches;
  uint32_t reaches_max = 0;
  for (const PartMark& mark : search.part.marks()) {
    branches += mark.branches();
    EXPECT_GE(mark.branches(), mark.fruitful());
    EXPECT_GE(mark.reaches(), 1u);
    EXPECT_LE(mark.reaches(), kMaxReaches);
    reaches_max = std::max(reaches_max, mark.reaches());
  }
  // All but the campaign's seed itself.
  EXPECT_EQ(branches, search.result.timelines - 1);
  // The first gate is passed again and again.
  EXPECT_EQ(reaches_max, kMaxReaches);
}

// A gate that stays closed ends the run, as does the last one.
TEST(LogSummaryTest, NoTimelineBranchesOffADeadEnd) {
  const Search search = RunSearch("ends", Options("two_step"));
  EXPECT_EQ(search.part.marks_size(), 5);
  for (const PartMark& mark : search.part.marks()) {
    const bool leads_on = mark.label() == "a step is taken gate=1 opens=1" ||
                          mark.label() == "a step is taken gate=2 opens=1";
    EXPECT_EQ(mark.branches() > 0, leads_on) << mark.label();
  }
}

// If they were worth anything, fresh seeds, which find one each time, would
// seem as good as branches, and nobody would climb the ladder.
TEST(LogSummaryTest, DeadEndsAreNoYield) {
  ExploreOptions options = Options("litter");
  options.timelines = 120;  // fewer than there are ranks for pieces
  const Search search = RunSearch("litter", options);
  int rungs = 0;
  for (const PartMark& mark : search.part.marks()) {
    rungs += absl::StartsWith(mark.label(), "rung");
  }
  EXPECT_GE(rungs, 9);
}

TEST(LogSummaryTest, DoesNotDependOnWorkers) {
  for (const char* campaign : {"kv", "maze"}) {
    ExploreOptions options = Options(campaign);
    options.workers = 1;
    const std::string one = Bytes(RunSearch("one", options).part);
    options.workers = 4;
    EXPECT_EQ(one, Bytes(RunSearch("four", options).part));
  }
}

TEST(LogSummaryTest, DoesNotDependOnInterruptions) {
  ExploreOptions options = Options("maze");
  const std::string whole = Bytes(RunSearch("whole", options).part);
  for (const uint64_t timelines : {3, 50, 51, 200, 400}) {
    options.timelines = timelines;
    const std::string part = Bytes(RunSearch("pieces", options).part);
    EXPECT_EQ(part == whole, timelines == 400) << timelines;
    options.resume = true;
  }
}

}  // namespace
}  // namespace moonpool
