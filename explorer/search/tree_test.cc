// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the tree is a function of the campaign, its parameters, the seed, the
// policy and the lag alone, whatever processes it is made of. Method: whole
// explorations of many campaigns, compared with each other.
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "explorer/campaign.h"
#include "explorer/search/explore.h"
#include "explorer/search/testing_search.h"
#include "gtest/gtest.h"

namespace moonpool {
namespace {

struct TreeCase {
  const char* campaign;
  CampaignParams::Values parameters;
  uint64_t timelines;
};

// Run with everything that decides in which process a timeline runs.
std::vector<TreeCase> QuickCases() {
  return {{"maze", {}, 400},
          {"kv", {{"durable", "true"}}, 240},
          {"kv", {}, 120},
          {"gates", {}, 400},
          {"race", {}, 400},
          {"wild", {}, 300}};
}

// Run with each way to make a process, and each number of workers.
std::vector<TreeCase> OtherCases() {
  std::vector<TreeCase> cases = {
      {"dungeon", {}, 200},
      {"wal", {}, 60},
      {"raft", {}, 40},
      {"lock_gates", {{"bug", "open"}, {"gates", "3"}}, 200},
      {"register", {{"bug", "retry-not-deduplicated"}}, 100},
      {"bank2pc", {{"bug", "early-unlock"}}, 60},
      {"queue", {{"bug", "lost-wakeup"}}, 100},
      {"log", {{"bug", "lying-disk"}}, 60},
      {"paxos", {{"bug", "own-value"}}, 60},
      {"chain", {{"bug", "tail-ack"}}, 60}};
  if (FindCampaign("craft").ok()) cases.push_back({"craft", {}, 30});
  return cases;
}

struct ProcessCase {
  const char* snapshot;
  int workers;
  int checkpoints;
};

constexpr const char* kSnapshots[] = {"fork", "rewind", "auto"};

std::vector<ProcessCase> AllProcessCases() {
  std::vector<ProcessCase> cases;
  for (const char* snapshot : kSnapshots) {
    for (const auto [workers, checkpoints] : std::vector<std::pair<int, int>>{
             {1, 256}, {2, 256}, {4, 256}, {1, 3}, {4, 3}, {1, 0}, {4, 0}}) {
      cases.push_back({snapshot, workers, checkpoints});
    }
  }
  return cases;
}

std::vector<ProcessCase> SomeProcessCases() {
  std::vector<ProcessCase> cases;
  for (const char* snapshot : kSnapshots) {
    for (const auto [workers, checkpoints] :
         std::vector<std::pair<int, int>>{{1, 256}, {2, 3}, {4, 256}}) {
      cases.push_back({snapshot, workers, checkpoints});
    }
  }
  return cases;
}

void ExpectOneTree(TreeCase test, const std::vector<ProcessCase>& cases) {
  SCOPED_TRACE(test.campaign);
  if (kSanitized) test.timelines /= 4;
  ExploreOptions options = Options(test.campaign, test.timelines);
  options.parameters = test.parameters;
  std::string expected;
  for (const ProcessCase& processes : cases) {
    const bool is_fork = processes.snapshot == std::string("fork");
    if (kSanitized && !is_fork) continue;  // they are "fork", too
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
    if (is_fork) {
      EXPECT_EQ(result.rewound_timelines, 0u);
    } else if (processes.checkpoints == 256) {
      EXPECT_GT(result.rewound_timelines, test.timelines / 2);
    }
    if (expected.empty()) expected = TreeOf(result);
    EXPECT_EQ(TreeOf(result), expected);
  }
}

TEST(TreeTest, ProcessesDoNotChangeTheTree) {
  for (const TreeCase& test : QuickCases()) {
    ExpectOneTree(test, AllProcessCases());
  }
}

TEST(TreeTest, ProcessesDoNotChangeTheTreeOfAnyCampaign) {
  for (const TreeCase& test : OtherCases()) {
    ExpectOneTree(test, SomeProcessCases());
  }
}

// Then "auto" parks processes as "fork" does, and forks where ways are long.
TEST(TreeTest, WorldsTooLargeForImagesHaveTheSameTree) {
  ExploreOptions options = Options("gates", kSanitized ? 30 : 120);
  options.parameters = {{"megabytes", "6"}};
  std::string expected;
  for (const char* snapshot : kSnapshots) {
    for (const int workers : {1, 2}) {
      SCOPED_TRACE(absl::StrCat(snapshot, " workers ", workers));
      options.snapshot = snapshot;
      options.workers = workers;
      const ExploreResult result = MustExplore(options);
      if (!kSanitized && snapshot == std::string("auto")) {
        EXPECT_GT(result.rewound_timelines, 0u);
        EXPECT_LT(result.rewound_timelines, options.timelines);
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

TEST(TreeTest, TheLossOfParkedProcessesDoesNotChangeTheTree) {
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

TEST(TreeTest, EveryPolicyAndLagRepeats) {
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

TEST(TreeTest, EachRootSeedGivesATreeOfItsOwn) {
  std::set<std::string> trees;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    ExploreOptions options = Options("maze", 20);
    options.seed = seed;
    trees.insert(TreeOf(MustExplore(options)));
  }
  EXPECT_EQ(trees.size(), 8u);
}

}  // namespace
}  // namespace moonpool
