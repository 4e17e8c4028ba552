// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: every problem is correct without its fault, whatever plain seeds and a
// small exploration do to it, and every shallow fault shows within a fixed
// number of seeds; the games have the chances that README.md states.
// Method: whole simulations of fixed seeds.
#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_replace.h"
#include "explorer/campaign.h"
#include "explorer/problems/post.h"
#include "explorer/search/explore.h"
#include "gtest/gtest.h"
#include "sim/assertions/table.h"
#include "sim/runner/builder.h"
#include "sim/runner/report.h"

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

SimulationReport RunSeeds(const std::string& campaign,
                          const CampaignParams::Values& values, int seeds) {
  return Build(campaign, values).Iterations(seeds).Run();
}

ExploreResult MustExplore(const std::string& campaign,
                          const CampaignParams::Values& values,
                          uint64_t timelines) {
  ExploreOptions options;
  options.campaign = campaign;
  options.parameters = values;
  options.timelines = timelines;
  options.workers = 1;
  absl::StatusOr<ExploreResult> result = Explore(options);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : ExploreResult();
}

// ---- Without a fault --------------------------------------------------------

class CorrectTest : public testing::TestWithParam<std::string> {};

TEST_P(CorrectTest, NoSeedFails) {
  const SimulationReport report = RunSeeds(GetParam(), {}, 500);
  EXPECT_EQ(report.failed_iterations, 0) << report.ToString();
}

TEST_P(CorrectTest, NoExplorationFindsAnything) {
  const ExploreResult result = MustExplore(GetParam(), {}, 200);
  EXPECT_TRUE(result.bugs.empty());
  // It was a search.
  EXPECT_GT(result.discoveries, 0u);
}

INSTANTIATE_TEST_SUITE_P(Problems, CorrectTest,
                         testing::Values("lock_gates", "two_step", "trap",
                                         "plateau", "decoy", "register",
                                         "queue", "bank2pc", "paxos", "log",
                                         "lease", "chain", "lock", "gossip",
                                         "crdt"),
                         [](const auto& info) { return info.param; });

// ---- With one ---------------------------------------------------------------

struct Fault {
  std::string campaign;
  std::string bug;
  int seeds;  // among so many one fails
};
void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.campaign << " " << fault.bug;
}

class FaultTest : public testing::TestWithParam<Fault> {};

TEST_P(FaultTest, IsFoundByPlainSeeds) {
  const Fault& fault = GetParam();
  const SimulationReport report = Build(fault.campaign, {{"bug", fault.bug}})
                                      .FailFast()
                                      .Iterations(fault.seeds)
                                      .Run();
  EXPECT_EQ(report.failed_iterations, 1) << report.ToString();
}

INSTANTIATE_TEST_SUITE_P(
    Problems, FaultTest,
    testing::Values(Fault{"two_step", "planted", 1000},
                    Fault{"trap", "haunted", 1000},
                    Fault{"plateau", "end", 2000}, Fault{"decoy", "poor", 1000},
                    Fault{"register", "retry-not-deduplicated", 20},
                    Fault{"queue", "dup-after-retry", 150},
                    Fault{"queue", "lost-wakeup", 150},
                    Fault{"bank2pc", "forget-abort", 100},
                    Fault{"bank2pc", "early-unlock", 100},
                    Fault{"bank2pc", "blocked-forever", 50},
                    Fault{"paxos", "own-value", 1000},
                    Fault{"paxos", "promise-ignored", 5000},
                    Fault{"paxos", "ballot-reuse", 20000},
                    Fault{"log", "lying-disk", 150},
                    Fault{"lease", "stale-read", 50},
                    Fault{"lock", "lease-overlap", 3000},
                    Fault{"gossip", "resurrect", 1000},
                    Fault{"crdt", "clock-rewind", 1000},
                    Fault{"chain", "tail-ack", 20000}),
    [](const auto& info) {
      return absl::StrReplaceAll(info.param.campaign + "_" + info.param.bug,
                                 {{"-", "_"}});
    });

TEST(ProblemsTest, EachFaultHasItsProperty) {
  const std::map<std::pair<std::string, std::string>, std::string> properties =
      {{{"bank2pc", "forget-abort"}, "money is conserved"},
       {{"bank2pc", "early-unlock"}, "no account is overdrawn"},
       {{"bank2pc", "blocked-forever"}, "no transfer stays in doubt"},
       {{"queue", "dup-after-retry"}, "an item is delivered once"},
       {{"queue", "lost-wakeup"}, "every item is delivered in the end"},
       {{"log", "lying-disk"}, "a committed entry stays"},
       {{"lease", "stale-read"}, "a replicated register is linearizable"},
       {{"gossip", "resurrect"}, "deleted stays deleted"},
       {{"crdt", "clock-rewind"}, "all replicas converge"}};
  for (const auto& [fault, message] : properties) {
    const SimulationReport report =
        RunSeeds(fault.first, {{"bug", fault.second}}, 300);
    uint64_t violations = 0;
    for (const AssertionEntry& entry : report.assertions) {
      if (entry.message == message) violations += entry.fails;
    }
    EXPECT_GT(violations, 0u) << fault.second << ": " << message;
  }
}

// The deep one is found by a search that only has to choose well.
TEST(ProblemsTest, LockGatesRewardSplitting) {
  const ExploreResult result =
      MustExplore("lock_gates", {{"bug", "open"}, {"gates", "6"}}, 500);
  EXPECT_EQ(result.bugs.size(), 1u);  // plain seeds: once in a million runs
}

TEST(ProblemsTest, ABlindLockShowsNothing) {
  const ExploreResult result = MustExplore(
      "lock_gates", {{"bug", "open"}, {"milestones", "false"}}, 500);
  EXPECT_EQ(result.discoveries, 0u);
}

TEST(ProblemsTest, TheTrapPromisesForEver) {
  const ExploreResult some = MustExplore("trap", {}, 100);
  const ExploreResult more = MustExplore("trap", {}, 400);
  EXPECT_GT(more.discoveries, some.discoveries + 300);
}

// Four standard deviations around what the rules give.
TEST(ProblemsTest, GamesHaveTheirChances) {
  const auto failures = [](const std::string& game, const std::string& bug,
                           CampaignParams::Values values) {
    values["bug"] = bug;
    return RunSeeds(game, values, 20000).failed_iterations;
  };
  EXPECT_NEAR(failures("lock_gates", "open", {{"gates", "2"}}), 200, 57);
  EXPECT_NEAR(failures("two_step", "planted", {}), 200, 57);
  EXPECT_NEAR(failures("trap", "haunted", {}), 198, 57);
  EXPECT_NEAR(failures("plateau", "end", {}), 106, 42);
  EXPECT_NEAR(failures("decoy", "poor", {}), 166, 52);
}

TEST(WordsTest, SurviveTheirEncoding) {
  const Words words = {0, 1, -1, INT64_MIN, INT64_MAX};
  EXPECT_EQ(DecodeWords(EncodeWords(words)), words);
  EXPECT_EQ(DecodeWords(EncodeWords({})), Words());
  // A rest of less than a word is left out.
  EXPECT_EQ(DecodeWords(EncodeWords({7, 8}).substr(0, 15)), Words({7}));
}

}  // namespace
}  // namespace moonpool::problems
