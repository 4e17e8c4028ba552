// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: each policy picks by its stated law. Method: an independent model in
// floating point over random archives, where it is exact, and χ² tests with
// fixed seeds.
#include "explorer/search/policy.h"

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"

namespace moonpool::explorer {
namespace {

std::unique_ptr<Policy> Make(absl::string_view name) {
  auto policy = MakePolicy(name);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return *std::move(policy);
}

// Every Chance fails: "greedy" takes the best cell.
class NeverSpreads final : public Random {
 public:
  uint64_t Next() override { return ~uint64_t{0}; }
};

class PolicyTest : public ::testing::Test {
 protected:
  Archive RandomArchive(int cells, uint64_t most_picks, uint64_t most_barren) {
    Archive archive;
    for (int i = 1; i < cells; ++i) archive.AddCell(i, absl::StrCat(i));
    for (int i = 0; i < cells; ++i) {
      archive.cell(i).picks = random_.Below(most_picks);
      archive.cell(i).barren = random_.Below(most_barren);
    }
    return archive;
  }

  // The sum over all cells of (seen - expected)²/expected, in standard
  // deviations from its mean; cells with expected 0 must not be seen.
  static double ChiSquareSigmas(const std::vector<double>& expected,
                                const std::vector<double>& seen) {
    double sum = 0;
    int freedom = -1;
    for (size_t i = 0; i < expected.size(); ++i) {
      if (expected[i] == 0) {
        EXPECT_EQ(seen[i], 0) << i;
        continue;
      }
      sum += (seen[i] - expected[i]) * (seen[i] - expected[i]) / expected[i];
      ++freedom;
    }
    return (sum - freedom) / std::sqrt(2.0 * freedom);
  }

  TraceHash trace_;
  RandomSource source_{20261121, &trace_};
  RandomStream random_{&source_, "test"};
};

TEST_F(PolicyTest, GreedyTakesTheLargestValueAndOfEqualsTheNewest) {
  auto greedy = Make("greedy");
  NeverSpreads never;
  for (int round = 0; round < 2000; ++round) {
    const int cells = static_cast<int>(random_.Range(int64_t{1}, 60));
    // Small ranges make ties, large ones make old cells win.
    const uint64_t most_barren = uint64_t{1} << random_.Range(int64_t{0}, 20);
    const Archive archive = RandomArchive(cells, 100, most_barren);
    int best = 0;
    auto value = [&](int i) {
      // Both operands are exact, so equal quotients are equal doubles.
      return std::pow(i + 1.0, 4) /
             (static_cast<double>(archive.cells()[i].barren) + 1.0);
    };
    for (int i = 1; i < cells; ++i) {
      if (value(i) >= value(best)) best = i;
    }
    ASSERT_EQ(greedy->Pick(archive, never), best) << "round " << round;
  }
}

TEST_F(PolicyTest, GreedyStaysWithTheNewestUntilItHasProvedBarren) {
  auto greedy = Make("greedy");
  NeverSpreads never;
  Archive archive;
  for (int i = 1; i < 10; ++i) archive.AddCell(i, "");
  // 10^4/(b+1) < 9^4 as soon as b+1 > 1.52, for cells that are not barren.
  EXPECT_EQ(greedy->Pick(archive, never), 9);
  archive.cell(9).barren = 1;
  EXPECT_EQ(greedy->Pick(archive, never), 8);
  // Where all have been tried a lot, the newest has the most of it.
  for (int i = 0; i < 10; ++i) archive.cell(i).barren = 99;
  archive.cell(9).barren = 151;
  EXPECT_EQ(greedy->Pick(archive, never), 9);
  archive.cell(9).barren = 152;
  EXPECT_EQ(greedy->Pick(archive, never), 8);
}

TEST_F(PolicyTest, GreedyCompareDoesNotOverflow) {
  auto greedy = Make("greedy");
  NeverSpreads never;
  Archive archive;
  constexpr int kCells = 200000;
  for (int i = 1; i < kCells; ++i) archive.AddCell(i, "");
  EXPECT_EQ(greedy->Pick(archive, never), kCells - 1);
  archive.cell(kCells - 1).barren = uint64_t{1} << 32;
  EXPECT_EQ(greedy->Pick(archive, never), kCells - 2);
  for (int i = 0; i < kCells; ++i) archive.cell(i).barren = uint64_t{1} << 32;
  EXPECT_EQ(greedy->Pick(archive, never), kCells - 1);
}

TEST_F(PolicyTest, GreedySpreadsAQuarterByTheRootOfThePicks) {
  auto greedy = Make("greedy");
  constexpr int kPicks = 200000;
  for (const uint64_t most_picks : {1u, 10u, 10000u}) {
    const Archive archive = RandomArchive(40, most_picks, 50);
    NeverSpreads never;
    const int best = greedy->Pick(archive, never);
    double total = 0;
    std::vector<double> expected;
    for (const Cell& cell : archive.cells()) {
      expected.push_back(1 / std::sqrt(static_cast<double>(cell.picks) + 1));
      total += expected.back();
    }
    for (double& e : expected) e *= kPicks / 4.0 / total;
    expected[best] += kPicks * 0.75;
    std::vector<double> seen(expected.size());
    for (int i = 0; i < kPicks; ++i) ++seen[greedy->Pick(archive, random_)];
    EXPECT_LT(ChiSquareSigmas(expected, seen), 5) << most_picks;
  }
}

TEST_F(PolicyTest, GreedyForgetsNoCell) {
  auto greedy = Make("greedy");
  Archive archive;
  for (int i = 1; i < 20; ++i) archive.AddCell(i, "");
  archive.cell(3).picks = 1000000;
  archive.cell(3).barren = 1000000;
  int seen = 0;
  for (int i = 0; i < 1000000; ++i) seen += greedy->Pick(archive, random_) == 3;
  // 10^6 / 4 * 0.001 / 19 = 13.2
  EXPECT_GT(seen, 2);
  EXPECT_LT(seen, 40);
}

TEST_F(PolicyTest, UniformIsUniform) {
  auto uniform = Make("uniform");
  constexpr int kPicks = 100000;
  for (const int cells : {1, 2, 7, 100}) {
    const Archive archive = RandomArchive(cells, 100, 100);
    const std::vector<double> expected(cells, double{kPicks} / cells);
    std::vector<double> seen(cells);
    for (int i = 0; i < kPicks; ++i) ++seen[uniform->Pick(archive, random_)];
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
    EXPECT_EQ(seeds->Pick(archive, random_), Policy::kFreshSeed);
  }
  EXPECT_EQ(source_.draws(), draws);
}

TEST_F(PolicyTest, TheSameRandomnessGivesTheSamePicks) {
  const Archive archive = RandomArchive(50, 100, 100);
  for (const char* name : {"greedy", "uniform", "seeds"}) {
    std::vector<int> picks[2];
    for (std::vector<int>& these : picks) {
      auto policy = Make(name);
      TraceHash trace;
      RandomSource source(3, &trace);
      RandomStream random(&source, "policy");
      for (int i = 0; i < 1000; ++i) {
        these.push_back(policy->Pick(archive, random));
      }
    }
    EXPECT_EQ(picks[0], picks[1]) << name;
  }
}

TEST_F(PolicyTest, UnknownNamesAreToldTheKnownOnes) {
  for (const char* name : {"", "Greedy", "best"}) {
    const absl::Status status = MakePolicy(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    for (const char* known : {"greedy", "uniform", "seeds"}) {
      EXPECT_TRUE(absl::StrContains(status.message(), known)) << status;
    }
  }
}

}  // namespace
}  // namespace moonpool::explorer
