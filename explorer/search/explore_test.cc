// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: every recipe replays; whatever the code under test does to its process
// is a bug, not the end of the search; a search ends where it should. Method:
// whole explorations, and replays of what they found.
#include "explorer/search/explore.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "explorer/recipe/recipe.h"
#include "explorer/search/testing_search.h"
#include "gtest/gtest.h"

namespace moonpool {
namespace {

TEST(ExploreTest, EveryRecipeReplaysToItsTraceHash) {
  int replayed = 0;
  for (const char* campaign : {"gates", "kv"}) {
    for (uint64_t seed = 1; seed <= 4; ++seed) {
      ExploreOptions options = Options(campaign, kSanitized ? 100 : 300);
      options.seed = seed;
      for (const Bug& bug : MustExplore(options).bugs) {
        EXPECT_NE(bug.recipe.trace_hash(), 0u);
        ExpectReplaysHere(bug.recipe);
        ++replayed;
      }
    }
  }
  EXPECT_GE(replayed, 4);
}

// Timelines until the first bug, at most 4000.
uint64_t CostOfFirstBug(const std::string& policy, uint64_t seed) {
  ExploreOptions options = Options("gates", 4000);
  options.seed = seed;
  options.policy = policy;
  options.stop_on_first_bug = true;
  return MustExplore(options).timelines;
}

TEST(ExploreTest, GreedyFindsTheGatesMuchEarlierThanSeeds) {
  uint64_t greedy = 0;
  uint64_t seeds = 0;
  for (uint64_t seed = 4; seed <= (kSanitized ? 6 : 12); ++seed) {
    const uint64_t greedy_cost = CostOfFirstBug("greedy", seed);
    const uint64_t seeds_cost = CostOfFirstBug("seeds", seed);
    RecordProperty(absl::StrCat("cost_", seed),
                   absl::StrCat(greedy_cost, " against ", seeds_cost));
    greedy += greedy_cost;
    seeds += seeds_cost;
  }
  RecordProperty("greedy", static_cast<int>(greedy));
  RecordProperty("seeds", static_cast<int>(seeds));
  // Expected: about 50 of one search against 1000.
  EXPECT_LT(greedy * 5, seeds);
}

// The first to come to a mark are seldom the fastest: with these alone, two of
// the ten searches find it.
TEST(ExploreTest, WaysThatComeEarlierReplaceTheFirst) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    ExploreOptions options = Options("race", 3000);
    options.seed = seed;
    options.stop_on_first_bug = true;
    const ExploreResult result = MustExplore(options);
    EXPECT_GT(result.ways_replaced, 0u);
    found += !result.bugs.empty();
  }
  RecordProperty("found", found);
  EXPECT_GE(found, 8);
}

// Each gate opens with a chance of 1/20 to whoever comes there. Without splices
// the ten searches take 4,919 timelines, and repeat no seed.
TEST(ExploreTest, SeedsThatOpenedAGateAreTriedAtOthers) {
  uint64_t timelines = 0;
  int repeat = 0;  // recipes that take a seed twice
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    ExploreOptions options = Options("maze", 5000);
    options.seed = seed;
    options.stop_on_first_bug = true;
    const ExploreResult result = MustExplore(options);
    timelines += result.timelines;
    ASSERT_EQ(result.bugs.size(), 1u);
    const BugRecipe& recipe = result.bugs[0].recipe;
    ExpectReplaysHere(recipe);
    std::set<uint64_t> seeds;
    for (const RecipeSegment& segment : recipe.segments()) {
      seeds.insert(segment.seed());
    }
    repeat += static_cast<int>(seeds.size()) < recipe.segments_size();
  }
  RecordProperty("timelines", static_cast<int>(timelines));
  EXPECT_LT(timelines, 3000u);
  EXPECT_GE(repeat, 5);
}

// The first child of the process, but for the one that asks; 0: there is none.
pid_t FirstChildOf(pid_t parent) {
  std::ifstream children(
      absl::StrCat("/proc/", parent, "/task/", parent, "/children"));
  pid_t child = 0;
  while (children >> child) {
    if (child != getpid()) return child;
  }
  return 0;
}

TEST(ExploreTest, AProcessThatIsSlowToStartIsNoStandstill) {
  ExploreOptions options = Options("gates", 60);
  options.snapshot = "fork";
  options.watchdog = absl::Milliseconds(500);
  const pid_t coordinator = getpid();
  const pid_t brake = fork();
  if (brake == 0) {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    pid_t nursery = 0;
    while (nursery == 0 && absl::Now() < deadline) {
      nursery = FirstChildOf(coordinator);
    }
    if (nursery == 0 || kill(nursery, SIGSTOP) != 0) _exit(1);
    absl::SleepFor(absl::Milliseconds(1500));
    _exit(kill(nursery, SIGCONT) == 0 ? 0 : 1);
  }
  const absl::StatusOr<ExploreResult> result = Explore(options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->timelines, 60u);
  EXPECT_EQ(result->stopped_by, "timelines");
  EXPECT_GE(result->wall_seconds, 1.0);
  int status = 0;
  ASSERT_EQ(waitpid(brake, &status, 0), brake);
  EXPECT_EQ(status, 0);
}

TEST(ExploreTest, EveryWayToDieIsABugOfItsOwn) {
  ExploreOptions options = Options("wild", 250);
  options.parameters = {{"hangs", "true"}};
  options.watchdog = absl::Seconds(1);
  options.workers = 8;  // the hanging ones wait in parallel
  const ExploreResult result = MustExplore(options);
  EXPECT_EQ(result.timelines, 250u);
  EXPECT_EQ(result.stopped_by, "timelines");
  std::map<std::string, int> kinds;
  std::set<uint64_t> identities;
  for (const Bug& bug : result.bugs) {
    const ExpectedViolation& expected = bug.recipe.expected();
    ++kinds[expected.kind()];
    identities.insert(expected.identity());
    if (expected.kind() == "exception") {
      ExpectReplaysHere(bug.recipe);
    } else {
      ExpectReplaysInChild(bug.recipe);
    }
  }
  EXPECT_EQ(identities.size(), result.bugs.size());
  EXPECT_EQ(kinds["hang"], 1);
  EXPECT_EQ(kinds["exception"], 2);  // of a process, of an invariant
  EXPECT_EQ(kinds["crash"], 2);
  EXPECT_EQ(kinds["exit"], 1);
  EXPECT_EQ(result.bugs.size(), 6u) << TreeOf(result);
}

// Each time that the coordinator looks, one timeline has just ended and the
// next has not begun: that is no standstill.
TEST(ExploreTest, SlowTimelinesAreNoStandstill) {
  ExploreOptions options = Options("slow", 6);
  options.workers = 1;
  options.policy = "seeds";
  options.snapshot = "fork";
  options.watchdog = absl::Milliseconds(350);
  EXPECT_EQ(MustExplore(options).timelines, 6u);
}

TEST(ExploreTest, DeathWhileTheWorldIsBuiltIsABug) {
  ExploreOptions options = Options("stillborn", 20);
  const ExploreResult result = MustExplore(options);
  EXPECT_EQ(result.timelines, 20u);
  ASSERT_EQ(result.bugs.size(), 1u) << TreeOf(result);
  EXPECT_EQ(result.bugs[0].timelines, 20u);
  EXPECT_EQ(result.bugs[0].recipe.expected().kind(), "exit");
  ExpectReplaysInChild(result.bugs[0].recipe);
}

// Into its own timeline's result, into another's that runs at the same time, or
// into one that is not in use: who did it is caught in the act, whoever else
// was hit has the result that it would have had.
TEST(ExploreTest, AWildWriteIntoResultsIsABugThatReplays) {
  const std::map<std::string, std::string> functions = {
      {"count", "ScribbleResult"},
      {"all", "ScribbleAll"},
      {"clear", "ClearResult"},
      {"fill", "FillResult"}};
  for (const auto& [how, function] : functions) {
    for (const int lag : {1, 4}) {
      std::string tree;
      for (const char* snapshot : {"fork", "rewind"}) {
        for (const int workers : {1, 3}) {
          SCOPED_TRACE(
              absl::StrCat(how, " lag ", lag, " ", snapshot, " ", workers));
          ExploreOptions options = Options("scribbles", 60);
          options.parameters = {{"how", how}};
          options.lag = lag;
          options.snapshot = snapshot;
          options.workers = workers;
          const ExploreResult result = MustExplore(options);
          EXPECT_EQ(result.timelines, 60u);
          EXPECT_EQ(result.stopped_by, "timelines");
          if (tree.empty()) tree = TreeOf(result);
          EXPECT_EQ(TreeOf(result), tree);
          ASSERT_GE(result.bugs.size(), 1u);
          const BugRecipe& recipe = result.bugs[0].recipe;
          EXPECT_EQ(recipe.expected().kind(), "wild write");
          EXPECT_TRUE(absl::StartsWith(
              recipe.expected().message(),
              "a write to the explorer's memory in moonpool::" + function))
              << recipe.expected().message();
          ExpectReplaysInChild(recipe);
        }
        if (kSanitized) break;  // there the other is "fork", too
      }
    }
  }
}

// Orders are out of the timelines' reach.
TEST(ExploreTest, AWildWriteIntoOrdersIsABugThatReplays) {
  for (const char* snapshot : {"fork", "rewind"}) {
    ExploreOptions options = Options("scribbles_orders", 60);
    options.snapshot = snapshot;
    const ExploreResult result = MustExplore(options);
    EXPECT_EQ(result.timelines, 60u);
    ASSERT_EQ(result.bugs.size(), 1u) << TreeOf(result);
    const BugRecipe& recipe = result.bugs[0].recipe;
    EXPECT_EQ(recipe.expected().message(),
              "a write to the explorer's memory in "
              "moonpool::ScribbleOrder(), phase run");
    ExpectReplaysInChild(recipe);
  }
}

// What the search does not notice, a replay must not stop at.
TEST(ExploreTest, AHarmlessWildWriteHidesNoBug) {
  ExploreOptions options = Options("scribbles_unused", 1500);
  options.stop_on_first_bug = true;
  const ExploreResult result = MustExplore(options);
  ASSERT_EQ(result.bugs.size(), 1u);
  const BugRecipe& recipe = result.bugs[0].recipe;
  EXPECT_EQ(recipe.expected().message(), "all gates opened");
  ExpectReplaysInChild(recipe);
}

// A fresh seed is another world: what it finds is replayed from its own root.
TEST(ExploreTest, PolicySeedsRunsWholeWorldsOfTheirOwn) {
  ExploreOptions options = Options("gates", 3000);
  options.policy = "seeds";
  const ExploreResult result = MustExplore(options);
  ASSERT_EQ(result.bugs.size(), 1u);
  const BugRecipe& recipe = result.bugs[0].recipe;
  EXPECT_NE(recipe.root_seed(), options.seed);
  EXPECT_TRUE(recipe.segments().empty());
  ExpectReplaysHere(recipe);
}

// Of equal bugs the recipe with the fewest segments is kept.
TEST(ExploreTest, TheShortestRecipeOfABugIsKept) {
  int improved = 0;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    ExploreOptions options = Options("gates", kSanitized ? 200 : 400);
    options.seed = seed;
    options.policy = "depth_first";  // its first recipes are long
    std::vector<int> lengths;
    options.on_bug = [&](const Bug& bug) {
      lengths.push_back(bug.recipe.segments_size());
    };
    options.on_shorter_recipe = options.on_bug;
    const ExploreResult result = MustExplore(options);
    if (result.bugs.empty()) continue;
    for (size_t i = 1; i < lengths.size(); ++i) {
      EXPECT_LE(lengths[i], lengths[i - 1]);
    }
    improved += lengths.back() < lengths.front() ? 1 : 0;
    EXPECT_EQ(result.bugs[0].recipe.segments_size(), lengths.back());
    ExpectReplaysHere(result.bugs[0].recipe);
  }
  if (!kSanitized) EXPECT_GT(improved, 0);  // so few timelines do not show it
}

TEST(ExploreTest, TimelinesAreExact) {
  for (const uint64_t timelines : {1, 2, 7, 8, 9, 50}) {
    for (const int workers : {1, 16}) {
      ExploreOptions options = Options("gates", timelines);
      options.workers = workers;
      const ExploreResult result = MustExplore(options);
      EXPECT_EQ(result.timelines, timelines);
      EXPECT_EQ(result.stopped_by, "timelines");
    }
  }
}

TEST(ExploreTest, FirstBugIsThatOfTheWholeSearch) {
  ExploreOptions options = Options("wild", 100);
  const ExploreResult whole = MustExplore(options);
  ASSERT_GT(whole.bugs.size(), 1u);
  options.stop_on_first_bug = true;
  int calls = 0;
  options.on_bug = [&](const Bug&) { ++calls; };
  const ExploreResult first = MustExplore(options);
  EXPECT_EQ(first.stopped_by, "first_bug");
  ASSERT_EQ(first.bugs.size(), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(first.timelines, first.bugs[0].first_timeline);
  EXPECT_EQ(first.bugs[0].first_timeline, whole.bugs[0].first_timeline);
  EXPECT_EQ(first.bugs[0].recipe.expected().identity(),
            whole.bugs[0].recipe.expected().identity());
}

TEST(ExploreTest, TimeLimitEndsTheSearchEvenInAHang) {
  for (const char* campaign : {"maze", "wild"}) {
    ExploreOptions options = Options(campaign, 0);
    if (options.campaign == "wild") options.parameters = {{"hangs", "true"}};
    options.time_limit = absl::Milliseconds(700);
    const absl::Time start = absl::Now();
    const ExploreResult result = MustExplore(options);
    EXPECT_EQ(result.stopped_by, "time_limit");
    EXPECT_GT(result.timelines, 0u);
    EXPECT_GE(absl::Now() - start, absl::Milliseconds(700));
    EXPECT_LT(absl::Now() - start, absl::Seconds(kSanitized ? 10 : 3));
  }
}

TEST(ExploreTest, ASignalEndsTheSearchInOrder) {
  for (const int signal : {SIGINT, SIGTERM}) {
    ExploreOptions options = Options("wild", 0);
    options.time_limit = absl::Seconds(60);
    // Once: the end of the search may commit further bugs, and a second signal
    // would be delivered after it.
    bool sent = false;
    options.on_bug = [&](const Bug&) {
      if (!std::exchange(sent, true)) kill(getpid(), signal);
    };
    const ExploreResult result = MustExplore(options);
    EXPECT_EQ(result.stopped_by, "interrupted");
    EXPECT_FALSE(result.bugs.empty());
  }
}

TEST(ExploreTest, InvalidOptionsAreRefused) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  constexpr auto kNotFound = absl::StatusCode::kNotFound;
  const ExploreOptions good = Options("maze", 1);
  ExploreOptions bad = good;
  for (const int workers : {-1, 1025}) {
    (bad = good).workers = workers;
    ExpectRefused(bad, kInvalid, "workers");
  }
  for (const int lag : {-1, 0, 65}) {
    (bad = good).lag = lag;
    ExpectRefused(bad, kInvalid, "lag");
  }
  for (const int checkpoints : {-1, 2049}) {
    (bad = good).max_checkpoints = checkpoints;
    ExpectRefused(bad, kInvalid, "max_checkpoints");
  }
  (bad = good).snapshot = "never";
  ExpectRefused(bad, kInvalid, "rewind");
  (bad = good).policy = "clever";
  ExpectRefused(bad, kNotFound, "greedy");
  (bad = good).campaign = "labyrinth";
  ExpectRefused(bad, kNotFound, "maze");
  (bad = good).parameters = {{"locks", "5"}};
  ExpectRefused(bad, kInvalid, "locks");
  bad = Options("kv", 1);
  bad.parameters = {{"durable", "perhaps"}};
  ExpectRefused(bad, kInvalid, "durable");
}

TEST(ExploreTest, ASecondThreadIsRefused) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::thread other([&] {
    char byte;
    EXPECT_EQ(read(ends[0], &byte, 1), 0);
  });
  ExpectRefused(Options("maze", 1), absl::StatusCode::kFailedPrecondition,
                "thread");
  close(ends[1]);
  other.join();
  close(ends[0]);
}

}  // namespace
}  // namespace moonpool
