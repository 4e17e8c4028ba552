// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: each policy picks by its stated law ("greedy": greedy_test.cc). Method:
// χ² tests with fixed seeds.
#include "explorer/search/policy.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "explorer/search/archive.h"
#include "explorer/search/testing_policy.h"
#include "gtest/gtest.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"

namespace moonpool::explorer {
namespace {

TEST_F(PolicyTest, NonePicksADeadEndUntilThereIsAWay) {
  for (const char* name :
       {"greedy", "rare", "uniform", "depth_first", "fixed"}) {
    SCOPED_TRACE(name);
    auto policy = Make(name);
    Archive archive = RandomArchive(40, 1, 1);
    // The newest, and all of one group.
    for (int i = 1; i < 40; ++i) {
      if (i >= 30 || i % kGroups == 0) archive.cell(i).ClearWays();
    }
    MakeOld(archive);
    auto picks_of_each = [&] {
      std::vector<int> picks(archive.size());
      for (int i = 0; i < 20000; ++i) {
        const int cell = policy->Pick(archive, random_).cell;
        if (cell == Choice::kFreshSeed) continue;
        EXPECT_FALSE(archive.cells()[cell].is_dead_end()) << cell;
        ++picks[cell];
      }
      return picks;
    };
    EXPECT_GT(picks_of_each()[29], 0);
    archive.cell(39).AddWay(0, 1, 1);
    EXPECT_GT(picks_of_each()[39], 0);
  }
}

TEST_F(PolicyTest, RareIsOneOverThePicks) {
  auto rare = Make("rare");
  constexpr int kPicks = 200000;
  const Archive archive = RandomArchive(30, 50, 50);
  std::vector<double> expected;
  double total = 0;
  for (const Cell& cell : archive.cells()) {
    expected.push_back(1 / (static_cast<double>(cell.picks) + 1));
    total += expected.back();
  }
  for (double& e : expected) e *= kPicks / total;
  std::vector<double> seen(expected.size());
  for (int i = 0; i < kPicks; ++i) {
    const int picked = rare->Pick(archive, random_).cell;
    ++seen[picked == Choice::kFreshSeed ? 0 : picked];
  }
  EXPECT_LT(ChiSquareSigmas(expected, seen), 5);
}

TEST_F(PolicyTest, StacksSplitTheNewestCellUntilItsBudgetIsSpent) {
  for (const bool yields : {false, true}) {
    for (const auto& [name, budget] :
         std::vector<std::pair<std::string, int>>{
             {"depth_first", yields ? 150 : 60}, {"fixed", 20}}) {
      auto policy = Make(name);
      Archive archive;
      for (int i = 1; i <= 3; ++i) AddCell(archive, i, 0);
      std::vector<int> expected;
      for (int cell : {3, 2, 1, Choice::kFreshSeed}) {
        expected.insert(expected.end(), budget, cell);
      }
      std::vector<int> picks;
      while (picks.size() < expected.size()) {
        picks.push_back(policy->Pick(archive, random_).cell);
        if (picks.back() == Choice::kFreshSeed) continue;
        Cell& cell = archive.cell(picks.back());
        ++cell.picks;
        cell.barren = yields ? 0 : cell.barren + 1;
      }
      EXPECT_EQ(picks, expected) << name << yields;
    }
  }
}

TEST_F(PolicyTest, UniformIsUniform) {
  auto uniform = Make("uniform");
  constexpr int kPicks = 100000;
  for (const int cells : {1, 2, 7, 100}) {
    const Archive archive = RandomArchive(cells, 100, 100);
    const std::vector<double> expected(cells, double{kPicks} / cells);
    std::vector<double> seen(cells);
    for (int i = 0; i < kPicks; ++i) {
      ++seen[uniform->Pick(archive, random_).cell];
    }
    if (cells == 1) {
      EXPECT_EQ(seen[0], kPicks);
    } else {
      EXPECT_LT(ChiSquareSigmas(expected, seen), 5) << cells;
    }
  }
}

TEST_F(PolicyTest, SeedsAlwaysWantsAFreshSeedAndDrawsNothing) {
  auto seeds = Make("seeds");
  const Archive archive = RandomArchive(50, 100, 100);
  const uint64_t draws = source_.draws();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(seeds->Pick(archive, random_).cell, Choice::kFreshSeed);
  }
  EXPECT_EQ(source_.draws(), draws);
}

TEST_F(PolicyTest, TheSameRandomnessGivesTheSamePicks) {
  const Archive archive = RandomArchive(50, 100, 100);
  for (const char* name : {"greedy", "rare", "uniform", "depth_first", "fixed",
                           "seeds"}) {
    std::vector<int> picks[2];
    for (std::vector<int>& these : picks) {
      auto policy = Make(name);
      TraceHash trace;
      RandomSource source(3, &trace);
      RandomStream random(&source, "policy");
      for (int i = 0; i < 1000; ++i) {
        these.push_back(policy->Pick(archive, random).cell);
      }
    }
    EXPECT_EQ(picks[0], picks[1]) << name;
  }
}

TEST_F(PolicyTest, UnknownNamesAreToldTheKnownOnes) {
  for (const char* name : {"", "Greedy", "best"}) {
    const absl::Status status = MakePolicy(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    for (const char* known : {"greedy", "rare", "uniform", "depth_first",
                              "fixed", "seeds"}) {
      EXPECT_TRUE(absl::StrContains(status.message(), known)) << status;
    }
  }
}

}  // namespace
}  // namespace moonpool::explorer
