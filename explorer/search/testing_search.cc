// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/testing_search.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "explorer/cli/isolated_run.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/outcome.pb.h"
#include "explorer/shared/region.h"
#include "gtest/gtest.h"
#include "providers/providers.h"
#include "sim/assertions/assertions.h"
#include "sim/core/arena.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"
#include "sim/runner/context.h"
#include "sim/runner/process.h"
#include "sim/runner/workload.h"

namespace moonpool {
namespace {

// Three gates of 1/10, each behind the mark of the one before. All the while
// the world holds so many megabytes.
class GateWorkload final : public Workload {
 public:
  explicit GateWorkload(int64_t megabytes = 0) : megabytes_(megabytes) {}
  absl::string_view name() const override { return "gates"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    const std::vector<char> ballast(static_cast<size_t>(megabytes_) << 20, 'x');
    for (int64_t gate = 1; gate <= 3; ++gate) {
      co_await ctx.time().Sleep(absl::Milliseconds(10));
      if (!ctx.random().Chance({1, 10})) co_return absl::OkStatus();
      ASSERT_SOMETIMES_EACH("gate opened", {{"gate", gate}});
    }
    ASSERT_ALWAYS(false, "all gates opened");
    co_return absl::OkStatus();
  }

 private:
  const int64_t megabytes_;
};

// Four laps of ten hurdles, each taken with every fourth leap: some 160 leaps. A
// mark after each lap, and a record if there were no more than 85.
class RaceWorkload final : public Workload {
 public:
  absl::string_view name() const override { return "race"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    int leaps = 0;
    for (int64_t lap = 1; lap <= 4; ++lap) {
      for (int hurdle = 0; hurdle < 10; ++hurdle) {
        do {
          co_await ctx.time().Sleep(absl::Milliseconds(1));
          ++leaps;
        } while (!ctx.random().Chance({1, 4}));
      }
      ASSERT_SOMETIMES_EACH("lap", {{"lap", lap}});
    }
    ASSERT_ALWAYS(leaps > 85, "nobody runs so fast");
    co_return absl::OkStatus();
  }
};

// Twelve rungs of 1/4, a mark on each, and wherever it ends lies something that
// nobody has seen before.
class LitterWorkload final : public Workload {
 public:
  absl::string_view name() const override { return "litter"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    for (int64_t rung = 1; rung <= 12; ++rung) {
      co_await ctx.time().Sleep(absl::Milliseconds(10));
      if (!ctx.random().Chance({1, 4})) break;
      ASSERT_SOMETIMES_EACH("rung", {{"rung", rung}});
    }
    const uint64_t litter = ctx.random().Below(uint64_t{1} << 40);
    ASSERT_SOMETIMES_EACH("litter", {{"piece", litter}});
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

REGISTER_CAMPAIGN(race, "Who comes early has more time left") {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<RaceWorkload>());
  return builder;
}

REGISTER_CAMPAIGN(litter, "A ladder, and something new at each end") {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<LitterWorkload>());
  return builder;
}

REGISTER_CAMPAIGN(gates, "Three gates of 1/10") {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<GateWorkload>(
      params.Int("megabytes", 0, "that the world holds")));
  return builder;
}

REGISTER_CAMPAIGN(slow, "Takes 200 ms of real time to build") {
  SimulationBuilder builder;
  builder
      .Processes({.factory = []() -> std::unique_ptr<Process> {
        timespec pause = {.tv_sec = 0, .tv_nsec = 200'000'000};
        syscall(SYS_nanosleep, &pause, nullptr);  // out of the guard's sight
        return std::make_unique<WildProcess>(false);
      }})
      .Workload(std::make_unique<IdleWorkload>());
  return builder;
}

REGISTER_CAMPAIGN(stillborn, "Its process' factory ends the program") {
  SimulationBuilder builder;
  builder.Processes({.factory = []() -> std::unique_ptr<Process> { exit(3); }})
      .Workload(std::make_unique<IdleWorkload>());
  return builder;
}

// Three gates, and behind the first one a wild pointer. As fixed as one into
// the world's arena: it leads to the same place in every program.
SimulationBuilder Scribbles(void (*scribble)(explorer::Region*)) {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<GateWorkload>())
      .Invariant("scribbler",
                 [scribble](const StateHandle&, absl::Duration now) {
                   if (now < absl::Milliseconds(15)) return;
                   scribble(reinterpret_cast<explorer::Region*>(
                       explorer::Region::kBase));
                 });
  return builder;
}

[[gnu::noinline, clang::disable_tail_calls]] void ScribbleResult(
    explorer::Region* region) {
  region->jobs[0].discovery_count.store(1 << 30);
}

[[gnu::noinline, clang::disable_tail_calls]] void ScribbleAll(
    explorer::Region* region) {
  for (explorer::JobSlot& slot : region->jobs) ++slot.arrival_count;
}

// Also whose process it is, and since when it runs.
[[gnu::noinline, clang::disable_tail_calls]] void ClearResult(
    explorer::Region* region) {
  memset(static_cast<void*>(&region->jobs[0]), 0, sizeof(region->jobs[0]));
}

[[gnu::noinline, clang::disable_tail_calls]] void FillResult(
    explorer::Region* region) {
  memset(static_cast<void*>(&region->jobs[0]), 0xee, sizeof(region->jobs[0]));
}

// Harmless: there is no such discovery.
[[gnu::noinline, clang::disable_tail_calls]] void ScribbleUnused(
    explorer::Region* region) {
  region->jobs[0].discoveries[explorer::kMaxDiscoveries - 1].edges = 1;
}

[[gnu::noinline, clang::disable_tail_calls]] void ScribbleOrder(
    explorer::Region* region) {
  region->orders[0].path_size = 1 << 30;
}

REGISTER_CAMPAIGN(scribbles, "Overwrites results of the explorer") {
  const std::string how = params.Choice(
      "how", {"count", "all", "clear", "fill"}, "what is overwritten");
  return Scribbles(how == "count"   ? ScribbleResult
                   : how == "all"   ? ScribbleAll
                   : how == "clear" ? ClearResult
                                    : FillResult);
}

REGISTER_CAMPAIGN(scribbles_unused, "Overwrites what no result uses") {
  return Scribbles(ScribbleUnused);
}

REGISTER_CAMPAIGN(scribbles_orders, "Overwrites orders of the explorer") {
  return Scribbles(ScribbleOrder);
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

std::string TreeOf(const ExploreResult& result) {
  std::string tree = absl::StrCat(
      "timelines=", result.timelines, " forks=", result.forks,
      " draws=", result.draws, " events=", result.events,
      " discoveries=", result.discoveries,
      " replaced=", result.ways_replaced, " hash=", result.tree_hash, "\n");
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

void ExpectRefused(const ExploreOptions& options, absl::StatusCode code,
                   absl::string_view says) {
  const absl::Status status = Explore(options).status();
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), says)) << status;
}

namespace {

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

}  // namespace

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

void ExpectReplaysInChild(const BugRecipe& recipe) {
  SCOPED_TRACE(FormatRecipe(recipe));
  SimulationBuilder builder = SimulationOf(recipe);
  const absl::StatusOr<TimelineOutcome> outcome =
      RunIsolated(builder, recipe.root_seed(), BreakpointsOf(recipe),
                  {.watchdog = absl::Seconds(1),
                   .tolerates_wild_writes = ToleratesWildWrites(recipe)});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_GE(outcome->violations_size(), 1);
  const ExpectedViolation& found = outcome->violations(0);
  EXPECT_EQ(found.identity(), recipe.expected().identity())
      << found.message() << " instead of " << recipe.expected().message();
  EXPECT_EQ(found.ShortDebugString(), recipe.expected().ShortDebugString());
}

}  // namespace moonpool
