// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: instrumented code guides the search; the tree depends neither on
// workers nor on how timelines get their worlds; a resumed search goes on as if
// it had never stopped. Method: searches of a header that no assertion helps
// to find, and of loops that have ever new hit counts.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "explorer/cli/isolated_run.h"
#include "explorer/coverage/edges.h"
#include "explorer/coverage/testing_header.h"
#include "explorer/directory/campaign.pb.h"
#include "explorer/directory/campaign_summary.h"
#include "explorer/directory/search_log.h"
#include "explorer/recipe/outcome.pb.h"
#include "explorer/recipe/recipe.h"
#include "explorer/search/explore.h"
#include "gtest/gtest.h"
#include "providers/providers.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/context.h"
#include "sim/runner/workload.h"

namespace moonpool {
namespace {

using testing_header::Parser;

#if __has_feature(address_sanitizer)
constexpr uint64_t kScale = 4;  // a fork takes eight times as long
#else
constexpr uint64_t kScale = 1;
#endif

class HeaderWorkload final : public Workload {
 public:
  absl::string_view name() const override { return "header"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    Parser parser;
    for (int i = 0; i < Parser::kLength; ++i) {
      co_await ctx.time().Sleep(absl::Milliseconds(10));
      const Parser::State state = parser.Add(ctx.random().Below(16));
      if (state == Parser::State::kBad) break;
      ASSERT_ALWAYS(state != Parser::State::kComplete, "the header is right");
    }
    co_return absl::OkStatus();
  }
};

// Two clients that run a loop of a random length at each step.
class LoopWorkload final : public Workload {
 public:
  absl::string_view name() const override { return "loops"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    for (int i = 0; i < 30; ++i) {
      co_await ctx.time().Sleep(absl::Milliseconds(1 + ctx.random().Below(3)));
      testing_header::Loop(ctx.random().Below(1 << ctx.random().Below(8)));
      if (ctx.random().Chance({1, 20})) {
        ASSERT_SOMETIMES(i > 10, "a client gives up late");
        break;
      }
    }
    co_return absl::OkStatus();
  }
};

}  // namespace

REGISTER_CAMPAIGN(header, "A header of five half bytes") {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<HeaderWorkload>());
  return builder;
}

REGISTER_CAMPAIGN(loops, "Loops of random lengths") {
  SimulationBuilder builder;
  builder.Workloads({2, 2},
                    [](int) { return std::make_unique<LoopWorkload>(); });
  return builder;
}

namespace {

ExploreOptions Options(const std::string& campaign, uint64_t timelines) {
  ExploreOptions options;
  options.campaign = campaign;
  options.timelines = timelines;
  options.workers = 2;
  return options;
}

SimulationBuilder Build(const std::string& name) {
  const absl::StatusOr<const Campaign*> campaign = FindCampaign(name);
  return *BuildCampaign(**campaign, CampaignParams({}));
}

ExploreResult MustExplore(const ExploreOptions& options) {
  absl::StatusOr<ExploreResult> result = Explore(options);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : ExploreResult();
}

std::string FunctionsOf(const ExploreResult& result) {
  std::string text;
  for (const CoveredFunction& function : result.functions) {
    absl::StrAppend(&text, function.name, " ", function.covered, "/",
                    function.edges, " ", function.first_timeline, "-",
                    function.last_timeline, "\n");
  }
  return text;
}

// All that a tree determines.
std::string TreeOf(const ExploreResult& result) {
  std::string tree =
      absl::StrCat("timelines=", result.timelines, " forks=", result.forks,
                   " draws=", result.draws, " events=", result.events,
                   " discoveries=", result.discoveries,
                   " hash=", result.tree_hash, "\n", FunctionsOf(result));
  for (const Bug& bug : result.bugs) {
    absl::StrAppend(&tree, "bug ", bug.first_timeline, " ",
                    bug.recipe.ShortDebugString(), "\n");
  }
  return tree;
}

const CoveredFunction* Find(const ExploreResult& result,
                            absl::string_view name) {
  for (const CoveredFunction& function : result.functions) {
    if (absl::StrContains(function.name, name)) return &function;
  }
  return nullptr;
}

TEST(EdgesTest, OnlyTheChosenLibraryHasThem) {
  const std::vector<coverage::Function> functions = coverage::Functions();
  ASSERT_EQ(functions.size(), 3u);
  size_t edges = 0;
  for (const coverage::Function& function : functions) {
    EXPECT_EQ(function.first, edges);
    edges += function.edges;
    EXPECT_TRUE(absl::StartsWith(coverage::NameOf(function),
                                 "moonpool::testing_header::"))
        << coverage::NameOf(function);
  }
  EXPECT_EQ(edges, coverage::EdgeCount());
  // No two are the same.
  std::vector<uint64_t> ids;
  for (size_t edge = 0; edge < edges; ++edge) {
    ids.push_back(coverage::EdgeId(edge));
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

TEST(EdgesTest, CountersCountAndAreReset) {
  coverage::ResetCounters();
  auto most = [] {
    uint8_t most = 0;
    const coverage::CounterRange* range = coverage::CounterRanges();
    for (size_t i = 0; i < range->size; ++i) {
      most = std::max(most, range->counters[i]);
    }
    return most;
  };
  EXPECT_EQ(most(), 0);
  testing_header::Loop(77);
  EXPECT_GE(most(), 76);  // or its way back
  EXPECT_LE(most(), 78);
  coverage::ResetCounters();
  EXPECT_EQ(most(), 0);
}

TEST(CoverageTest, EdgesLeadToWhatNoAssertionLeadsTo) {
  constexpr uint64_t kBudget = 4000;
  for (const uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE(seed);
    ExploreOptions options = Options("header", kBudget);
    options.seed = seed;
    options.stop_on_first_bug = true;
    const ExploreResult guided = MustExplore(options);
    ASSERT_EQ(guided.bugs.size(), 1u);
    EXPECT_EQ(guided.stopped_by, "first_bug");

    // Exact: its recipe leads there.
    const BugRecipe& recipe = guided.bugs[0].recipe;
    EXPECT_EQ(recipe.expected().message(), "the header is right");
    SimulationBuilder builder = Build("header");
    const absl::StatusOr<TimelineOutcome> again =
        RunIsolated(builder, recipe.root_seed(), BreakpointsOf(recipe), {});
    ASSERT_TRUE(again.ok()) << again.status();
    ASSERT_FALSE(again->violations().empty());
    EXPECT_EQ(again->trace_hash(), recipe.trace_hash());
    EXPECT_EQ(again->violations(0).identity(), recipe.expected().identity());

    options.edges = false;
    options.timelines = kBudget / kScale;
    const ExploreResult blind = MustExplore(options);
    EXPECT_TRUE(blind.bugs.empty());
    EXPECT_EQ(blind.timelines, kBudget / kScale);
    EXPECT_EQ(blind.discoveries, 0u);
    EXPECT_TRUE(blind.functions.empty());
  }
}

TEST(CoverageTest, ProcessesDoNotChangeTheTree) {
  struct Processes {
    const char* snapshot;
    int workers;
    int checkpoints;
  };
  for (const auto& [campaign, timelines] :
       std::vector<std::pair<std::string, uint64_t>>{{"header", 600},
                                                     {"loops", 300}}) {
    std::string expected;
    for (const Processes& processes :
         std::vector<Processes>{{"fork", 1, 256},
                                {"fork", 4, 3},
                                {"fork", 2, 0},
                                {"rewind", 1, 8},
                                {"rewind", 2, 3},
                                {"rewind", 4, 256},
                                {"auto", 1, 256},
                                {"auto", 2, 3},
                                {"auto", 4, 256}}) {
      SCOPED_TRACE(absl::StrCat(campaign, " ", processes.snapshot, " workers ",
                                processes.workers));
      ExploreOptions options = Options(campaign, timelines / kScale);
      options.snapshot = processes.snapshot;
      options.workers = processes.workers;
      options.max_checkpoints = processes.checkpoints;
      const ExploreResult result = MustExplore(options);
      EXPECT_GE(result.discoveries, 2u);
      if (expected.empty()) expected = TreeOf(result);
      EXPECT_EQ(TreeOf(result), expected);
    }
  }
}

// A loop has ever new hit counts; they are few cells all the same.
TEST(CoverageTest, HitCountsDoNotFloodTheArchive) {
  const ExploreResult result = MustExplore(Options("loops", 400 / kScale));
  const CoveredFunction* const loop = Find(result, "::Loop");
  ASSERT_NE(loop, nullptr);
  EXPECT_GT(loop->covered, 0u);
  EXPECT_GE(result.discoveries, 5u);
  EXPECT_LE(result.discoveries, 40u);
}

TEST(CoverageTest, CountsCoveredEdgesByFunction) {
  const ExploreResult result = MustExplore(Options("header", 400 / kScale));
  ASSERT_EQ(result.functions.size(), 3u);
  const CoveredFunction* const add = Find(result, "::Parser::Add");
  ASSERT_NE(add, nullptr);
  EXPECT_GT(add->covered, 3u);
  EXPECT_LT(add->covered, add->edges);
  EXPECT_EQ(add->first_timeline, 1u);
  EXPECT_GT(add->last_timeline, 1u);
  const CoveredFunction* const never = Find(result, "::NeverCalled");
  ASSERT_NE(never, nullptr);
  EXPECT_EQ(never->covered, 0u);
  EXPECT_EQ(never->first_timeline, 0u);
}

// The log alone tells of each function what the search does.
void ExpectLogged(const ExploreResult& result, const std::string& directory) {
  const absl::StatusOr<CampaignSummary> summary = ReadCampaign(directory);
  ASSERT_TRUE(summary.ok()) << summary.status();
  std::map<std::string, std::string> logged;
  for (const PartFunction& function : summary->part.functions()) {
    EXPECT_EQ(function.functions(), 0u);
    logged[function.name()] =
        absl::StrCat(function.covered(), "/", function.edges(), " ",
                     function.first_timeline(), "-", function.last_timeline());
  }
  std::map<std::string, std::string> expected;
  for (const CoveredFunction& function : result.functions) {
    expected[function.name] =
        absl::StrCat(function.covered, "/", function.edges, " ",
                     function.first_timeline, "-", function.last_timeline);
  }
  EXPECT_EQ(logged, expected);
  int of_edges = 0;
  for (const PartMark& mark : summary->part.marks()) {
    if (mark.assertion() != kEdgesAssertionId) continue;
    ++of_edges;
    EXPECT_TRUE(absl::StartsWith(mark.label(), "edge moonpool::testing_header"))
        << mark.label();
  }
  EXPECT_GE(of_edges, 2);
}

TEST(CoverageTest, AResumedSearchIsTheSame) {
  for (const char* campaign : {"header", "loops"}) {
    SCOPED_TRACE(campaign);
    ExploreOptions options = Options(campaign, 300 / kScale);
    const std::string expected = TreeOf(MustExplore(options));
    const std::string directory =
        absl::StrCat(testing::TempDir(), "/resumed-", campaign);
    std::filesystem::create_directory(directory);
    options.log = SearchLogFile(directory);
    options.timelines = 120 / kScale;
    MustExplore(options);
    options.timelines = 300 / kScale;
    options.resume = true;
    const ExploreResult resumed = MustExplore(options);
    EXPECT_EQ(resumed.restored_timelines, 120 / kScale);
    EXPECT_EQ(TreeOf(resumed), expected);
    ExpectLogged(resumed, directory);

    // With or without edges, it is another search.
    options.edges = false;
    const absl::Status other = Explore(options).status();
    EXPECT_TRUE(
        absl::StrContains(other.message(), "--edges is 'on', not 'off'"))
        << other;
  }
}

}  // namespace
}  // namespace moonpool
