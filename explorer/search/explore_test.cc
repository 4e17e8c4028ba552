// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the tree is a function of the campaign, its parameters, the seed, the
// policy and the lag alone; every recipe replays; whatever the code under test
// does to its process is a bug, not the end of the search; nothing outlives
// the coordinator. Method: whole explorations, compared with each other and
// with replays; wild campaigns, registered here.
#include "explorer/search/explore.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "explorer/cli/isolated_run.h"
#include "explorer/directory/log.pb.h"
#include "explorer/directory/search_log.h"
#include "explorer/recipe/outcome.pb.h"
#include "explorer/recipe/recipe.h"
#include "explorer/shared/region.h"
#include "gtest/gtest.h"
#include "providers/providers.h"
#include "sim/assertions/assertions.h"
#include "sim/core/arena.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"
#include "sim/core/world.h"
#include "sim/runner/context.h"
#include "sim/runner/process.h"
#include "sim/runner/workload.h"

namespace moonpool {
namespace {

#if __has_feature(address_sanitizer)
constexpr bool kSanitized = true;  // a fork takes eight times as long
#else
constexpr bool kSanitized = false;
#endif

// Three gates of 1/10, each behind the mark of the one before.
class GateWorkload final : public Workload {
 public:
  absl::string_view name() const override { return "gates"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    for (int64_t gate = 1; gate <= 3; ++gate) {
      co_await ctx.time().Sleep(absl::Milliseconds(10));
      if (!ctx.random().Chance({1, 10})) co_return absl::OkStatus();
      ASSERT_SOMETIMES_EACH("gate opened", {{"gate", gate}});
    }
    ASSERT_ALWAYS(false, "all gates opened");
    co_return absl::OkStatus();
  }
};

class IdleWorkload final : public Workload {
 public:
  absl::string_view name() const override { return "idle"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    co_await ctx.time().Sleep(absl::Seconds(1));
    co_return absl::OkStatus();
  }
};

// In each of a few steps something may happen to the process.
class WildProcess final : public Process {
 public:
  explicit WildProcess(bool hangs) : hangs_(hangs) {}
  absl::string_view name() const override { return "wild"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    for (int64_t step = 0; step < 3; ++step) {
      co_await ctx.time().Sleep(absl::Milliseconds(10));
      const uint64_t luck = ctx.random().Below(60);
      ASSERT_SOMETIMES_EACH("wild step", {{"step", step}, {"luck", luck / 20}});
      if (luck == 0) raise(SIGSEGV);
      if (luck == 1) abort();
      if (luck == 2) exit(7);
      if (luck == 3) throw std::runtime_error("wild");
      if (luck == 4) ctx.state().Publish("doomed", true);
      if (luck == 5 && hangs_) {
        for (volatile bool forever = true; forever;) {
        }
      }
    }
    co_return absl::OkStatus();
  }

 private:
  const bool hangs_;
};

}  // namespace

REGISTER_CAMPAIGN(gates, "Three gates of 1/10") {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<GateWorkload>());
  return builder;
}

REGISTER_CAMPAIGN(stillborn, "Its process' factory ends the program") {
  SimulationBuilder builder;
  builder
      .Processes({.factory = []() -> std::unique_ptr<Process> { exit(3); }})
      .Workload(std::make_unique<IdleWorkload>());
  return builder;
}

// Where the explorer's memory is, as a wild pointer would find it.
explorer::Region* FindRegion() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (!absl::StrContains(line, "rw-s")) continue;
    uintptr_t begin = 0;
    uintptr_t end = 0;
    if (sscanf(line.c_str(), "%lx-%lx", &begin, &end) != 2) continue;
    // The frontier is read-only, hence a mapping of its own.
    auto* const region = reinterpret_cast<explorer::Region*>(begin);
    if (end != reinterpret_cast<uintptr_t>(&region->frontier)) continue;
    return region;
  }
  return nullptr;
}

REGISTER_CAMPAIGN(scribbles, "Overwrites results of the explorer") {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<GateWorkload>())
      .Invariant("scribbler", [](const StateHandle&, absl::Duration now) {
        if (now < absl::Milliseconds(15)) return;
        explorer::Region* const region = FindRegion();
        if (region == nullptr) return;
        region->jobs[0].discovery_count.store(1 << 30);
      });
  return builder;
}

REGISTER_CAMPAIGN(wild, "Dies in every way there is") {
  const bool hangs = params.Bool("hangs", false, "may loop for ever, too");
  SimulationBuilder builder;
  builder
      .Processes({.factory =
                      [hangs] { return std::make_unique<WildProcess>(hangs); }})
      .Workload(std::make_unique<IdleWorkload>())
      .Invariant("doom", [](const StateHandle& state, absl::Duration) {
        if (state.Get<bool>("doomed")) throw std::runtime_error("doomed");
      });
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

ExploreResult MustExplore(const ExploreOptions& options) {
  absl::StatusOr<ExploreResult> result = Explore(options);
  EXPECT_TRUE(result.ok()) << result.status();
  // Every process has been reaped.
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  return result.ok() ? *std::move(result) : ExploreResult();
}

// All that a tree determines, as text.
std::string TreeOf(const ExploreResult& result) {
  std::string tree = absl::StrCat(
      "timelines=", result.timelines, " forks=", result.forks,
      " draws=", result.draws, " events=", result.events,
      " discoveries=", result.discoveries, " hash=", result.tree_hash, "\n");
  for (const Bug& bug : result.bugs) {
    absl::StrAppend(&tree, "bug first=", bug.first_timeline,
                    " timelines=", bug.timelines, " ",
                    bug.recipe.ShortDebugString(), "\n");
    absl::StrAppend(&tree, bug.recipe.SerializeAsString(), "\n");
  }
  for (const AssertionEntry& entry : result.assertions) {
    if (entry.passes + entry.fails == 0) continue;
    absl::StrAppend(&tree, entry.message, " ", entry.passes, "/", entry.fails,
                    "\n");
  }
  return tree;
}

struct TreeCase {
  const char* campaign;
  CampaignParams::Values parameters;
  uint64_t timelines;
  bool is_slow = false;  // only a few of the process cases
};

std::vector<TreeCase> TreeCases() {
  const uint64_t scale = kSanitized ? 4 : 1;
  return {{"maze", {}, 400 / scale},
          {"kv", {{"durable", "true"}}, 240 / scale},
          {"kv", {}, 120 / scale},
          {"gates", {}, 400 / scale},
          {"wild", {}, 300 / scale},
          {"dungeon", {}, 300 / scale, true},
          {"wal", {}, 100 / scale, true},
          {"raft", {}, 60 / scale, true}};
}

struct ProcessCase {
  const char* snapshot;
  int workers;
  int checkpoints;
};

// Everything that decides in which process a timeline runs.
std::vector<ProcessCase> ProcessCases(bool is_slow) {
  if (is_slow) {
    return {{"fork", 1, 256},  {"fork", 4, 3}, {"rewind", 1, 256},
            {"rewind", 4, 16}, {"auto", 1, 3}, {"auto", 4, 256}};
  }
  std::vector<ProcessCase> cases;
  for (const char* snapshot : {"fork", "rewind", "auto"}) {
    for (const auto [workers, checkpoints] : std::vector<std::pair<int, int>>{
             {1, 256}, {2, 256}, {4, 256}, {1, 3}, {4, 3}, {1, 0}, {4, 0}}) {
      cases.push_back({snapshot, workers, checkpoints});
    }
    if (kSanitized) break;  // there the others are "fork", too
  }
  return cases;
}

TEST(ExploreTest, ProcessesDoNotChangeTheTree) {
  for (const TreeCase& test : TreeCases()) {
    SCOPED_TRACE(test.campaign);
    ExploreOptions options = Options(test.campaign, test.timelines);
    options.parameters = test.parameters;
    std::string expected;
    for (const ProcessCase& processes : ProcessCases(test.is_slow)) {
      SCOPED_TRACE(absl::StrCat(processes.snapshot, " workers ",
                                processes.workers, " checkpoints ",
                                processes.checkpoints));
      options.snapshot = processes.snapshot;
      options.workers = processes.workers;
      options.max_checkpoints = processes.checkpoints;
      const ExploreResult result = MustExplore(options);
      EXPECT_EQ(result.timelines, test.timelines);
      EXPECT_GT(result.discoveries, 0u);
      // Most are rewound, or it would be a test of forks.
      if (processes.snapshot == std::string("fork") || kSanitized) {
        EXPECT_EQ(result.rewound_timelines, 0u);
      } else if (processes.checkpoints == 256) {
        EXPECT_GT(result.rewound_timelines, test.timelines / 2);
      }
      if (expected.empty()) expected = TreeOf(result);
      EXPECT_EQ(TreeOf(result), expected);
    }
  }
}

// What the kernel may do when memory runs out.
int KillParkedProcesses() {
  int killed = 0;
  std::ifstream children(absl::StrCat("/proc/self/task/", getpid(),
                                      "/children"));
  for (pid_t pid; children >> pid;) {
    if (getpgid(pid) == pid) continue;  // the nursery
    EXPECT_EQ(kill(pid, SIGKILL), 0);
    ++killed;
  }
  return killed;
}

TEST(ExploreTest, TheLossOfParkedProcessesDoesNotChangeTheTree) {
  for (const char* campaign : {"wild", "gates"}) {
    // One job at a time: whoever lives while a bug is committed is parked.
    ExploreOptions options = Options(campaign, kSanitized ? 150 : 400);
    options.workers = 1;
    options.lag = 1;
    options.max_checkpoints = 3;
    const std::string expected = TreeOf(MustExplore(options));
    // Runners, too, are such processes.
    for (const char* snapshot : {"fork", "rewind", "auto"}) {
      options.snapshot = snapshot;
      int killed = 0;
      options.on_bug = [&](const Bug&) { killed += KillParkedProcesses(); };
      EXPECT_EQ(TreeOf(MustExplore(options)), expected);
      EXPECT_GT(killed, 0) << campaign << " " << snapshot;
      options.on_bug = nullptr;
    }
  }
}

TEST(ExploreTest, EveryPolicyAndLagRepeats) {
  std::set<std::string> trees;
  for (const char* policy : {"greedy", "rare", "uniform", "depth_first", "fixed",
                             "seeds"}) {
    for (const int lag : {1, 3, 64}) {
      ExploreOptions options = Options("maze", kSanitized ? 60 : 150);
      options.policy = policy;
      options.lag = lag;
      const std::string tree = TreeOf(MustExplore(options));
      options.workers = 3;
      EXPECT_EQ(TreeOf(MustExplore(options)), tree) << policy << " " << lag;
      trees.insert(tree);
    }
  }
  // What is known depends on the lag; few plain seeds may not show it.
  EXPECT_GE(trees.size(), 7u);
}

TEST(ExploreTest, EachRootSeedGivesATreeOfItsOwn) {
  std::set<std::string> trees;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    ExploreOptions options = Options("maze", 20);
    options.seed = seed;
    trees.insert(TreeOf(MustExplore(options)));
  }
  EXPECT_EQ(trees.size(), 8u);
}

class Breakpoints final : public IterationHooks {
 public:
  explicit Breakpoints(const BugRecipe& recipe)
      : breakpoints_(BreakpointsOf(recipe)) {}
  void OnWorldReady(World& world) override {
    if (breakpoints_.empty()) return;
    Arena::OutsideScope outside;
    world.random().SetBreakpoints(breakpoints_);
  }

 private:
  const std::vector<Breakpoint> breakpoints_;
};

SimulationBuilder SimulationOf(const BugRecipe& recipe) {
  CampaignParams::Values values;
  for (const CampaignParameter& parameter : recipe.parameters()) {
    values[parameter.name()] = parameter.value();
  }
  absl::StatusOr<SimulationBuilder> builder = BuildCampaign(
      **FindCampaign(recipe.campaign()), CampaignParams(values));
  EXPECT_TRUE(builder.ok()) << builder.status();
  return builder->StopAtViolation();
}

// The bug must have left its process alive.
void ExpectReplaysHere(const BugRecipe& recipe) {
  SCOPED_TRACE(FormatRecipe(recipe));
  Breakpoints hooks(recipe);
  const IterationResult result =
      SimulationOf(recipe).RunIteration(recipe.root_seed(), &hooks);
  EXPECT_EQ(result.trace_hash, recipe.trace_hash());
  EXPECT_EQ(result.events, recipe.events());
  EXPECT_EQ(result.draws, recipe.draws());
  ASSERT_FALSE(result.violations.empty());
  EXPECT_EQ(result.violations[0].identity, recipe.expected().identity());
  EXPECT_EQ(result.violations[0].draw, recipe.expected().draw());
}

// A bug that ends its process.
void ExpectReplaysInChild(const BugRecipe& recipe) {
  SCOPED_TRACE(FormatRecipe(recipe));
  SimulationBuilder builder = SimulationOf(recipe);
  const absl::StatusOr<TimelineOutcome> outcome =
      RunIsolated(builder, recipe.root_seed(), BreakpointsOf(recipe),
                  {.watchdog = absl::Seconds(1)});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_GE(outcome->violations_size(), 1);
  const ExpectedViolation& found = outcome->violations(0);
  EXPECT_EQ(found.identity(), recipe.expected().identity())
      << found.message() << " instead of " << recipe.expected().message();
  EXPECT_EQ(found.ShortDebugString(), recipe.expected().ShortDebugString());
}

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
  // ASan sees SIGSEGV first.
  EXPECT_EQ(kinds["crash"], kSanitized ? 1 : 2);
  EXPECT_EQ(kinds["sanitizer"], kSanitized ? 1 : 0);
  EXPECT_EQ(kinds["exit"], 1);
  EXPECT_EQ(result.bugs.size(), 6u) << TreeOf(result);
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

TEST(ExploreTest, AWildWriteIntoResultsIsABug) {
  ExploreOptions options = Options("scribbles", 60);
  options.lag = 1;  // so that a timeline overwrites its own result
  const ExploreResult result = MustExplore(options);
  EXPECT_EQ(result.timelines, 60u);
  ASSERT_GE(result.bugs.size(), 1u);
  EXPECT_EQ(result.bugs[0].recipe.expected().kind(), "wild write");
  EXPECT_EQ(result.stopped_by, "timelines");
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

void ExpectRefused(const ExploreOptions& options, absl::StatusCode code,
                   absl::string_view says) {
  const absl::Status status = Explore(options).status();
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), says)) << status;
}

// A search that is logged, ended and resumed again and again is the search that
// was never interrupted.
TEST(ExploreTest, AResumedSearchIsTheWholeSearch) {
  for (const char* campaign : {"gates", "wild", "maze"}) {
    SCOPED_TRACE(campaign);
    ExploreOptions options = Options(campaign, kSanitized ? 90 : 300);
    const std::string expected = TreeOf(MustExplore(options));
    options.log = absl::StrCat(testing::TempDir(), "/resumed-", campaign);
    const uint64_t all = options.timelines;
    for (const uint64_t timelines : {uint64_t{1}, all / 9, all / 2, all}) {
      options.timelines = timelines;
      const ExploreResult result = MustExplore(options);
      EXPECT_EQ(result.timelines, timelines);
      if (timelines == all) EXPECT_EQ(TreeOf(result), expected);
      options.resume = true;
    }
    // From the log alone.
    const ExploreResult again = MustExplore(options);
    EXPECT_EQ(again.restored_timelines, all);
    EXPECT_EQ(TreeOf(again), expected);
  }
}

// Returns how many timelines the killed coordinators had logged last.
uint64_t ExploreAndKill(const ExploreOptions& options, absl::Duration after) {
  fflush(nullptr);
  const pid_t coordinator = fork();
  if (coordinator == 0) {
    Explore(options).status().IgnoreError();
    _exit(0);
  }
  absl::SleepFor(after);
  kill(coordinator, SIGKILL);
  waitpid(coordinator, nullptr, 0);
  uint64_t logged = 0;
  SearchLogVisitor visitor;
  visitor.batch = [&logged](const LoggedBatch& batch) {
    logged += batch.count();
    return absl::OkStatus();
  };
  EXPECT_TRUE(ReadSearchLog(options.log, visitor).ok());
  return logged;
}

TEST(ExploreTest, KilledTenTimesItLosesNothingThatWasLogged) {
  ExploreOptions options = Options("wild", 4000);
  const std::string expected = TreeOf(MustExplore(options));
  options.log = absl::StrCat(testing::TempDir(), "/killed.log");
  TraceHash trace;
  RandomSource source(7, &trace);
  RandomStream random(&source, "kills");
  uint64_t logged = 0;
  for (int kills = 0; kills < 10; ++kills) {
    const uint64_t now = ExploreAndKill(
        options, absl::Milliseconds(20 + random.Below(kSanitized ? 900 : 300)));
    EXPECT_GE(now, logged);
    logged = now;
    options.resume = true;
  }
  EXPECT_GT(logged, 0u);
  const ExploreResult result = MustExplore(options);
  EXPECT_EQ(result.restored_timelines, logged);
  EXPECT_EQ(TreeOf(result), expected);
}

TEST(ExploreTest, ALogIsResumedByItsOwnSearchOnly) {
  ExploreOptions options = Options("gates", 30);
  options.log = absl::StrCat(testing::TempDir(), "/own.log");
  MustExplore(options);
  options.resume = true;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  ExploreOptions other = options;
  other.seed = 43;
  ExpectRefused(other, kInvalid, "seed");
  (other = options).lag = 9;
  ExpectRefused(other, kInvalid, "lag");
  (other = options).policy = "uniform";
  ExpectRefused(other, kInvalid, "policy");
  (other = options).build_id = "another";
  ExpectRefused(other, kInvalid, "build");
  (other = options).campaign = "maze";
  ExpectRefused(other, kInvalid, "campaign");
  (other = options).log += ".missing";
  ExpectRefused(other, absl::StatusCode::kNotFound, "missing");
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

TEST(ExploreTest, NothingOutlivesAKilledCoordinator) {
  const std::string path = absl::StrCat(testing::TempDir(), "/killed.recipe");
  unlink(path.c_str());
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  fflush(nullptr);
  const pid_t coordinator = fork();
  if (coordinator == 0) {
    // Some timelines will be in an endless loop when it dies.
    ExploreOptions options = Options("wild", 0);
    options.parameters = {{"hangs", "true"}};
    options.watchdog = absl::Seconds(600);
    options.workers = 4;
    options.on_bug = [&](const Bug& bug) {
      if (!WriteRecipeFile(path, bug.recipe).ok()) _exit(1);
    };
    Explore(options).status().IgnoreError();
    _exit(2);
  }
  close(ends[1]);
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (access(path.c_str(), R_OK) != 0 && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  absl::SleepFor(absl::Milliseconds(300));
  ASSERT_EQ(kill(coordinator, SIGKILL), 0);
  // Every process of the search holds the pipe's other end.
  pollfd closed = {ends[0], POLLIN, 0};
  EXPECT_EQ(poll(&closed, 1, kSanitized ? 5000 : 1000), 1);
  char byte;
  if (closed.revents != 0) EXPECT_EQ(read(ends[0], &byte, 1), 0);
  close(ends[0]);
  int status = 0;
  ASSERT_EQ(waitpid(coordinator, &status, 0), coordinator);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  const absl::StatusOr<BugRecipe> recipe = ReadRecipeFile(path);
  ASSERT_TRUE(recipe.ok()) << recipe.status();
  EXPECT_EQ(recipe->campaign(), "wild");
}

}  // namespace
}  // namespace moonpool
