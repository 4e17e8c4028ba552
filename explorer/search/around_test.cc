// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: timelines branch off at numbers of draws, and all along the way of a
// recipe; such searches are as much the same for any processes as others, and
// their recipes replay. Method: whole explorations of a campaign whose bugs no
// assertion leads to.
#include "explorer/search/around.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "explorer/campaign.h"
#include "explorer/checkpoint/draw_splits.h"
#include "explorer/cli/isolated_run.h"
#include "explorer/directory/campaign_summary.h"
#include "explorer/directory/search_log.h"
#include "explorer/recipe/outcome.pb.h"
#include "explorer/recipe/recipe.h"
#include "explorer/search/explore.h"
#include "gtest/gtest.h"
#include "providers/providers.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"
#include "sim/runner/workload.h"

namespace moonpool {
namespace {

#if __has_feature(address_sanitizer)
constexpr bool kSanitized = true;  // a fork takes eight times as long
#else
constexpr bool kSanitized = false;
#endif

struct VaultOptions {
  int64_t doors = 0;
  int64_t open_doors = 0;  // of them, those that tell when they open
  int64_t idle = 0;        // draws behind each door that decide nothing
};

// A row of doors, each of which opens with a chance of 1/8.
class Thief final : public Workload {
 public:
  explicit Thief(const VaultOptions& options) : options_(options) {}
  absl::string_view name() const override { return "thief"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    for (int64_t door = 0; door < options_.doors; ++door) {
      co_await ctx.time().Sleep(absl::Milliseconds(10));
      if (!ctx.random().Chance({1, 8})) co_return absl::OkStatus();
      for (int64_t i = 0; i < options_.idle; ++i) ctx.random().Next();
      if (door < options_.open_doors) {
        ASSERT_SOMETIMES_EACH("a door opens", {{"door", door}});
      }
    }
    ASSERT_ALWAYS(false, "the vault is safe");
    co_return absl::OkStatus();
  }

 private:
  const VaultOptions options_;
};

}  // namespace

REGISTER_CAMPAIGN(vault, "A row of doors of 1/8") {
  VaultOptions options;
  options.doors = params.Int("doors", 6, "in a row");
  options.open_doors = params.Int("open_doors", 0, "those that are marks");
  options.idle = params.Int("idle", 0, "draws behind each door");
  SimulationBuilder builder;
  builder.Workload(std::make_unique<Thief>(options));
  return builder;
}

namespace {

ExploreOptions Options(CampaignParams::Values parameters, uint64_t timelines) {
  ExploreOptions options;
  options.campaign = "vault";
  options.parameters = std::move(parameters);
  options.timelines = timelines;
  options.workers = 2;
  return options;
}

ExploreResult MustExplore(const ExploreOptions& options) {
  absl::StatusOr<ExploreResult> result = Explore(options);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : ExploreResult();
}

std::string TreeOf(const ExploreResult& result) {
  std::string tree = absl::StrCat(
      "timelines=", result.timelines, " draws=", result.draws,
      " events=", result.events, " discoveries=", result.discoveries,
      " hash=", result.tree_hash);
  for (const Bug& bug : result.bugs) {
    absl::StrAppend(&tree, "\n", bug.first_timeline, " ", bug.timelines, " ",
                    bug.recipe.ShortDebugString());
  }
  return tree;
}

// Returns the tree.
std::string ExpectSameForAllProcesses(ExploreOptions options) {
  std::string expected;
  for (const char* snapshot : {"fork", "rewind", "auto"}) {
    for (const int workers : {1, 2, 4}) {
      for (const int checkpoints : {0, 2, 256}) {
        SCOPED_TRACE(absl::StrCat(snapshot, " workers ", workers,
                                  " checkpoints ", checkpoints));
        options.snapshot = snapshot;
        options.workers = workers;
        options.max_checkpoints = checkpoints;
        const std::string tree = TreeOf(MustExplore(options));
        if (expected.empty()) expected = tree;
        EXPECT_EQ(tree, expected);
      }
    }
    if (kSanitized) break;  // there the others are "fork", too
  }
  return expected;
}

void ExpectReplays(const ExploreOptions& options, const BugRecipe& recipe) {
  SCOPED_TRACE(FormatRecipe(recipe));
  const absl::StatusOr<const Campaign*> campaign =
      FindCampaign(options.campaign);
  ASSERT_TRUE(campaign.ok());
  absl::StatusOr<SimulationBuilder> simulation =
      BuildCampaign(**campaign, CampaignParams(options.parameters));
  ASSERT_TRUE(simulation.ok());
  const absl::StatusOr<TimelineOutcome> outcome = RunIsolated(
      *simulation, recipe.root_seed(), BreakpointsOf(recipe), {});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->trace_hash(), recipe.trace_hash());
  EXPECT_EQ(outcome->violations_size(), 1);
}

// To a bug behind so many doors, with an assertion at each.
BugRecipe RecipeThrough(int doors) {
  ExploreOptions options = Options({{"doors", absl::StrCat(doors)},
                                    {"open_doors", absl::StrCat(doors)},
                                    {"idle", "5"}},
                                   20000);
  options.stop_on_first_bug = true;
  const ExploreResult result = MustExplore(options);
  EXPECT_EQ(result.bugs.size(), 1u);
  BugRecipe recipe;
  recipe.set_campaign("vault");
  if (result.bugs.empty()) return recipe;
  recipe.set_root_seed(result.bugs[0].recipe.root_seed());
  *recipe.mutable_segments() = result.bugs[0].recipe.segments();
  recipe.set_draws(result.bugs[0].recipe.draws());
  return recipe;
}

// The vault that no assertion leads into, with two more doors.
ExploreOptions DeepVault(uint64_t timelines) {
  return Options({{"doors", "7"}, {"idle", "5"}}, timelines);
}

BugRecipe WithParametersOf(const ExploreOptions& options, BugRecipe recipe) {
  recipe.clear_parameters();
  for (const auto& [name, value] : options.parameters) {
    CampaignParameter& parameter = *recipe.add_parameters();
    parameter.set_name(name);
    parameter.set_value(value);
  }
  return recipe;
}

// ---- Splits -----------------------------------------------------------------

TEST(DrawSplitsTest, NextIsTheNearestOfBothKinds) {
  const explorer::DrawSplits none;
  EXPECT_EQ(none.After(0), DrawWatcher::kNever);
  const explorer::DrawSplits some = {.at = {3, 10, 25}, .every = 10};
  std::vector<uint64_t> all;
  for (uint64_t at = some.After(0); at <= 40; at = some.After(at)) {
    all.push_back(at);
  }
  EXPECT_EQ(all, (std::vector<uint64_t>{3, 10, 20, 25, 30, 40}));
  const explorer::DrawSplits last = {.at = {3}};
  EXPECT_EQ(last.After(3), DrawWatcher::kNever);
  EXPECT_EQ(some.After(DrawWatcher::kNever - 1), DrawWatcher::kNever);
}

TEST(SplitTest, TimelinesBranchWithoutAnyAssertion) {
  ExploreOptions options = Options({{"doors", "4"}, {"idle", "5"}}, 300);
  EXPECT_EQ(MustExplore(options).discoveries, 0u);
  options.split_every = 7;
  const ExploreResult every = MustExplore(options);
  // 4 times 6 draws, and those of the schedule.
  EXPECT_GE(every.discoveries, 3u);
  options.split_every = 0;
  options.split_at = {4, 11};
  EXPECT_EQ(MustExplore(options).discoveries, 2u);
}

TEST(SplitTest, ProcessesDoNotChangeTheTreeAndRecipesReplay) {
  ExploreOptions options =
      Options({{"doors", "3"}, {"open_doors", "1"}, {"idle", "5"}}, 600);
  options.split_every = 3;
  options.split_at = {8, 10};
  ExpectSameForAllProcesses(options);
  int segments = 0;
  for (options.seed = 1; options.seed <= 5; ++options.seed) {
    for (const Bug& bug : MustExplore(options).bugs) {
      segments += bug.recipe.segments_size();
      ExpectReplays(options, bug.recipe);
    }
  }
  EXPECT_GT(segments, 0);
}

// ---- Around a recipe --------------------------------------------------------

TEST(AroundTest, SplitsLieAtTheBreakpointsAndBetweenThem) {
  BugRecipe recipe;
  SetSegments({{100, 1}, {8, 2}, {2, 3}}, recipe);
  EXPECT_EQ(explorer::SplitsAround(recipe),
            (std::vector<uint64_t>{25, 50, 75, 100, 102, 104, 106, 108, 109,
                                   110}));
  recipe.set_draws(150);
  EXPECT_EQ(explorer::SplitsAround(recipe),
            (std::vector<uint64_t>{25, 50, 75, 100, 102, 104, 106, 108, 109,
                                   110, 120, 130, 140}));
  recipe.Clear();
  EXPECT_TRUE(explorer::SplitsAround(recipe).empty());
  // Nothing is drawn after the greatest number.
  SetSegments({{~uint64_t{0}, 1}, {1, 2}}, recipe);
  EXPECT_EQ(explorer::SplitsAround(recipe).size(), 4u);
  EXPECT_EQ(explorer::SplitsAround(recipe).back(), ~uint64_t{0});
}

TEST(AroundTest, ALongRecipeHasSplitsEverywhereButNotTooMany) {
  for (const size_t segments : {20, 60, 128, 129, 500, 1023}) {
    BugRecipe recipe;
    SetSegments(std::vector<Breakpoint>(segments, {10, 1}), recipe);
    const std::vector<uint64_t> splits = explorer::SplitsAround(recipe);
    EXPECT_LE(splits.size(), explorer::kMaxSplitsAround);
    EXPECT_GE(splits.size(), std::min(segments, size_t{64}));
    EXPECT_EQ(splits.back(), segments * 10);
    EXPECT_LE(splits.front(), segments * 10 / 20);
  }
}

TEST(AroundTest, FindsFarSoonerWhatLiesBehindTheRecipe) {
  const BugRecipe recipe = RecipeThrough(5);
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    ExploreOptions options = DeepVault(4000);
    options.seed = seed;
    options.stop_on_first_bug = true;
    // Two million to one, for each timeline.
    EXPECT_TRUE(MustExplore(options).bugs.empty());
    options.around = WithParametersOf(options, recipe);
    const ExploreResult around = MustExplore(options);
    ASSERT_EQ(around.bugs.size(), 1u);
    ExpectReplays(options, around.bugs[0].recipe);
  }
}

TEST(AroundTest, ProcessesDoNotChangeTheTree) {
  ExploreOptions options = DeepVault(300);
  options.around = WithParametersOf(options, RecipeThrough(5));
  ExpectSameForAllProcesses(options);
}

// Also of marks that are met while breakpoints of the recipe are still to come.
TEST(AroundTest, EveryRecipeOfItsTreeReplays) {
  ExploreOptions options = Options(
      {{"doors", "4"}, {"open_doors", "4"}, {"idle", "5"}}, 400);
  options.around = WithParametersOf(options, RecipeThrough(4));
  const std::string directory = ::testing::TempDir();
  options.log = SearchLogFile(directory);
  const ExploreResult result = MustExplore(options);
  ASSERT_EQ(result.bugs.size(), 1u);
  EXPECT_EQ(result.bugs[0].first_timeline, 1u);
  ExpectReplays(options, result.bugs[0].recipe);
  // Shorter than the one that it began with, or as long.
  EXPECT_LE(result.bugs[0].recipe.segments_size(),
            options.around->segments_size());
  // The log tells the same.
  const absl::StatusOr<CampaignSummary> summary =
      ReadCampaign(directory);
  ASSERT_TRUE(summary.ok()) << summary.status();
  ASSERT_EQ(summary->part.bugs_size(), 1);
  EXPECT_EQ(summary->part.bugs(0).recipe().SerializeAsString(),
            result.bugs[0].recipe.SerializeAsString());
  EXPECT_EQ(summary->part.bugs(0).timelines(), result.bugs[0].timelines);
}

TEST(AroundTest, ASearchIsResumedWithTheSameRecipeAndSplitsOnly) {
  ExploreOptions options = DeepVault(200);
  options.around = WithParametersOf(options, RecipeThrough(5));
  options.split_every = 50;
  options.log = absl::StrCat(::testing::TempDir(), "/resume.log");
  MustExplore(options);
  options.resume = true;
  options.timelines = 400;
  const ExploreResult resumed = MustExplore(options);
  EXPECT_EQ(resumed.restored_timelines, 200u);
  ExploreOptions whole = options;
  whole.log.clear();
  whole.resume = false;
  EXPECT_EQ(TreeOf(resumed), TreeOf(MustExplore(whole)));

  const auto refusal = [](const ExploreOptions& other) {
    const absl::StatusOr<ExploreResult> result = Explore(other);
    EXPECT_TRUE(absl::IsInvalidArgument(result.status())) << result.status();
    return std::string(result.status().message());
  };
  ExploreOptions other = options;
  other.around->mutable_segments(0)->set_seed(1);
  EXPECT_TRUE(absl::StrContains(refusal(other), "recipe to search around"));
  other = options;
  other.around.reset();
  EXPECT_TRUE(absl::StrContains(refusal(other), "recipe to search around"));
  other = options;
  other.split_every = 60;
  EXPECT_TRUE(absl::StrContains(refusal(other), "splits"));
  other = options;
  other.split_at = {100003};
  EXPECT_TRUE(absl::StrContains(refusal(other), "splits"));
}

TEST(AroundTest, ARecipeOfAnotherSearchIsRefused) {
  ExploreOptions options = DeepVault(10);
  options.around = WithParametersOf(options, BugRecipe());
  options.around->set_campaign("kv");
  EXPECT_TRUE(absl::IsInvalidArgument(Explore(options).status()));
  options.around->set_campaign("vault");
  EXPECT_TRUE(Explore(options).ok());
  options.around->mutable_parameters(0)->set_value("8");
  EXPECT_TRUE(absl::IsInvalidArgument(Explore(options).status()));
  options.around = WithParametersOf(options, *options.around);
  SetSegments(std::vector<Breakpoint>(1024, {10, 1}), *options.around);
  EXPECT_TRUE(absl::IsInvalidArgument(Explore(options).status()));
}

}  // namespace
}  // namespace moonpool
