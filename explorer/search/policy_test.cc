// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: each policy picks by its stated law. Method: an independent model in
// floating point over random archives, where it is exact, and χ² tests with
// fixed seeds.
#include "explorer/search/policy.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
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

// "greedy" exploits by this arm whenever its chance is not zero: of the two draws
// of a pick the first decides on exploiting, the second on the wide arm.
class AlwaysExploits final : public Random {
 public:
  explicit AlwaysExploits(Arm arm = Arm::kNewest) : arm_(arm) {}
  uint64_t Next() override {
    is_second_ = !is_second_;
    return is_second_ || arm_ == Arm::kWide ? 0 : ~uint64_t{0};
  }

 private:
  const Arm arm_;
  bool is_second_ = false;
};

bool Exploits(const Policy::Choice& choice) {
  return choice.arm == Arm::kNewest || choice.arm == Arm::kWide;
}

class PolicyTest : public ::testing::Test {
 protected:
  static constexpr int kGroups = 3;

  // As after a long search in which every 16th branch yielded, and the last one,
  // but no fresh seed.
  static void MakeOld(Archive& archive) {
    for (int i = 0; i < 160; ++i) archive.CommitTimeline(true, false);
    for (int i = 1; i <= 1600; ++i) archive.CommitTimeline(false, i % 16 == 0);
  }

  Archive RandomArchive(int cells, uint64_t most_picks, uint64_t most_barren) {
    Archive archive;
    for (int i = 1; i < cells; ++i) {
      archive.AddCell(i, absl::StrCat(i), static_cast<uint32_t>(i % kGroups));
    }
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
  for (int round = 0; round < 4000; ++round) {
    const Arm arm = round % 2 == 0 ? Arm::kNewest : Arm::kWide;
    AlwaysExploits exploits(arm);
    const int cells = static_cast<int>(random_.Range(int64_t{1}, 300));
    // Small ranges make ties, large ones make old cells win.
    const uint64_t most_barren = uint64_t{1} << random_.Range(int64_t{0}, 20);
    Archive archive = RandomArchive(cells, 100, most_barren);
    MakeOld(archive);
    const double half_life =
        arm == Arm::kNewest
            ? std::max(16.0, std::floor(cells * 16 / 25.0)) / 16
            : std::max(160.0, std::floor(cells * 16 / 6.0)) / 16;
    auto value = [&](int i) {
      return std::exp2((i - cells + 1) / half_life) /
             (static_cast<double>(archive.cells()[i].barren) + 32);
    };
    double best = 0;
    for (int i = 0; i < cells; ++i) best = std::max(best, value(i));
    const Policy::Choice choice = greedy->Pick(archive, exploits);
    ASSERT_NE(choice.cell, Policy::kFreshSeed);
    ASSERT_EQ(choice.arm, arm);
    // Sixteenths of a half-life are what it tells apart.
    ASSERT_GE(value(choice.cell), best * std::exp2(-1.5 / 16))
        << "round " << round;
    for (int i = choice.cell + 1; i < cells; ++i) {
      ASSERT_LT(value(i), value(choice.cell) * std::exp2(1.5 / 16));
    }
  }
}

TEST_F(PolicyTest, GreedyStaysWithTheNewestUntilItHasProvedBarren) {
  auto greedy = Make("greedy");
  AlwaysExploits exploits;
  Archive archive;
  for (int i = 1; i < 10; ++i) archive.AddCell(i, "", 0);
  MakeOld(archive);
  EXPECT_EQ(greedy->Pick(archive, exploits).cell, 9);
  // One rank is 1/2 here, and 32 picks more count for each.
  archive.cell(9).barren = 31;
  EXPECT_EQ(greedy->Pick(archive, exploits).cell, 9);
  archive.cell(9).barren = 33;
  EXPECT_EQ(greedy->Pick(archive, exploits).cell, 8);
  for (int i = 0; i < 10; ++i) archive.cell(i).barren = 68;
  archive.cell(9).barren = 166;
  EXPECT_EQ(greedy->Pick(archive, exploits).cell, 9);
  archive.cell(9).barren = 170;
  EXPECT_EQ(greedy->Pick(archive, exploits).cell, 8);
}

double YieldOf(const Archive& archive, Arm arm) {
  return static_cast<double>(archive.yield(arm)) / Archive::kYieldOne;
}

TEST_F(PolicyTest, GreedyTakesTheArmThatYields) {
  auto greedy = Make("greedy");
  struct Case {
    int newest, wide;  // of 16 branches of each arm so many yield
    double share;      // of the wide one
  };
  for (const auto& [newest, wide, share] : std::vector<Case>{
           {4, 0, 1.0 / 16}, {4, 2, 0.24}, {2, 2, 0.5}, {1, 2, 0.76},
           {0, 4, 15.0 / 16}}) {
    Archive archive = RandomArchive(100, 1, 1);
    MakeOld(archive);
    for (int i = 0; i < 1600; ++i) {
      archive.CommitTimeline(false, i % 16 < newest, Arm::kNewest);
      archive.CommitTimeline(false, (i + 8) % 16 < wide, Arm::kWide);
    }
    int exploited = 0;
    int by_wide = 0;
    for (int i = 0; i < 40000; ++i) {
      const Policy::Choice choice = greedy->Pick(archive, random_);
      exploited += Exploits(choice);
      by_wide += choice.arm == Arm::kWide;
    }
    ASSERT_GT(exploited, 4000);
    const double ratio =
        YieldOf(archive, Arm::kNewest) / YieldOf(archive, Arm::kWide);
    const double seen = static_cast<double>(by_wide) / exploited;
    EXPECT_NEAR(seen, 1.0 / 16 + 7.0 / 8 / (1 + ratio * ratio), 0.03);
    // What the window of 64 has seen varies by where it ends.
    EXPECT_NEAR(seen, share, 0.1) << newest << " " << wide;
  }
}

TEST_F(PolicyTest, GreedyDoesNotExploitTheBucketsBeyondAGroupsShare) {
  auto greedy = Make("greedy");
  AlwaysExploits exploits;
  Archive archive;
  archive.AddCell(1, "", 1);
  for (uint64_t i = 2; i < 1000; ++i) archive.AddCell(i, "", 2);
  archive.AddCell(1000, "", 3);
  EXPECT_EQ(archive.ranks(), 1 + 1 + 128 + 1);
  MakeOld(archive);
  EXPECT_EQ(greedy->Pick(archive, exploits).cell, 1000);
  archive.cell(1000).barren = 1000000;
  EXPECT_EQ(greedy->Pick(archive, exploits).cell, 129);
}

TEST_F(PolicyTest, BucketsThatTheProgramHasOnlySoManyOfKeepTheirRanks) {
  Archive archive;
  for (uint64_t i = 1; i <= 300; ++i) {
    archive.AddCell(i, "", 1, /*is_finite=*/true);
  }
  archive.AddCell(301, "", 1);
  EXPECT_EQ(archive.ranks(), 1 + 300);
}

TEST_F(PolicyTest, NonePicksADeadEndUntilThereIsAWay) {
  for (const char* name :
       {"greedy", "rare", "uniform", "depth_first", "fixed"}) {
    SCOPED_TRACE(name);
    auto policy = Make(name);
    Archive archive = RandomArchive(40, 1, 1);
    // The newest, and all of one group.
    for (int i = 1; i < 40; ++i) {
      archive.cell(i).is_dead_end = i >= 30 || i % kGroups == 0;
    }
    MakeOld(archive);
    auto picks_of_each = [&] {
      std::vector<int> picks(archive.size());
      for (int i = 0; i < 20000; ++i) {
        const int cell = policy->Pick(archive, random_).cell;
        if (cell == Policy::kFreshSeed) continue;
        EXPECT_FALSE(archive.cells()[cell].is_dead_end) << cell;
        ++picks[cell];
      }
      return picks;
    };
    EXPECT_GT(picks_of_each()[29], 0);
    archive.cell(39).AddWay(0, 1, 1);
    EXPECT_FALSE(archive.cells()[39].is_dead_end);
    EXPECT_GT(picks_of_each()[39], 0);
  }
}

TEST_F(PolicyTest, GreedyCompareDoesNotOverflow) {
  auto greedy = Make("greedy");
  AlwaysExploits exploits;
  Archive archive;
  constexpr int kCells = 100000;
  for (int i = 1; i < kCells; ++i) {
    archive.AddCell(i, "", static_cast<uint32_t>(i));
  }
  MakeOld(archive);
  EXPECT_EQ(greedy->Pick(archive, exploits).cell, kCells - 1);
  archive.cell(kCells - 1).barren = uint64_t{1} << 40;
  EXPECT_EQ(greedy->Pick(archive, exploits).cell, kCells - 2);
  for (int i = 0; i < kCells; ++i) archive.cell(i).barren = uint64_t{1} << 40;
  EXPECT_EQ(greedy->Pick(archive, exploits).cell, kCells - 1);
}

struct Shares {
  double exploit = 0;
  double fresh = 0;
};

// Of many picks: the shares of those that exploit, and of fresh seeds.
Shares SharesOf(const Archive& archive, Random& random) {
  auto greedy = Make("greedy");
  constexpr int kPicks = 40000;
  Shares shares;
  for (int i = 0; i < kPicks; ++i) {
    const Policy::Choice choice = greedy->Pick(archive, random);
    shares.exploit += (Exploits(choice) ? 1.0 : 0.0) / kPicks;
    shares.fresh += (choice.cell == Policy::kFreshSeed ? 1.0 : 0.0) / kPicks;
  }
  return shares;
}

double Squared(double x) { return x * x; }

double FreshYield(const Archive& archive) {
  return static_cast<double>(archive.fresh_yield()) / Archive::kYieldOne;
}
double BranchYield(const Archive& archive) {
  return static_cast<double>(archive.branch_yield()) / Archive::kYieldOne;
}

// The stated law.
double ChanceToExploit(const Archive& archive) {
  const auto streak = static_cast<double>(archive.streak());
  const double surprise = static_cast<double>(archive.surprise()) / 256;
  const double fresh = FreshYield(archive);
  const auto timelines = static_cast<double>(archive.timelines());
  const double bored =
      1 / (1 + Squared((64 + 8 * surprise) / std::max(streak, 1e-9)));
  return (1 - std::max(1.0 / 20, bored)) / (1 + Squared(2 / surprise)) /
         (1 + Squared(fresh / 0.08)) /
         (1 + Squared(Squared(fresh / BranchYield(archive)))) * timelines /
         (timelines + 8);
}

TEST_F(PolicyTest, GreedyExploitsWhatPays) {
  Archive archive = RandomArchive(200, 100, 50);
  // A young search: every pick a fresh seed, or spread.
  EXPECT_NEAR(SharesOf(archive, random_).fresh,
              0.9 / (1 + Squared(Squared(2.0 / 8))), 0.02);
  MakeOld(archive);
  EXPECT_NEAR(static_cast<double>(archive.surprise()) / 256, 16, 0.1);
  EXPECT_NEAR(ChanceToExploit(archive), 0.93, 0.02);
  EXPECT_NEAR(SharesOf(archive, random_).exploit, ChanceToExploit(archive),
              0.02);
  // After 192 = 64 + 8 · 16 barren timelines half as much.
  for (int i = 0; i < 192; ++i) archive.CommitTimeline(false, false);
  EXPECT_NEAR(SharesOf(archive, random_).exploit, ChanceToExploit(archive),
              0.02);
  for (int i = 0; i < 800; ++i) archive.CommitTimeline(false, false);
  EXPECT_LT(SharesOf(archive, random_).exploit, 0.05);
}

TEST_F(PolicyTest, GreedyIsSeldomBoredBeforeItsPatienceEnds) {
  Archive archive = RandomArchive(200, 100, 50);
  MakeOld(archive);
  const double at_once = SharesOf(archive, random_).exploit;
  // Branches yielded so much that a few in vain do not change that.
  for (int i = 0; i < 48; ++i) archive.CommitTimeline(false, false);
  const double later = SharesOf(archive, random_).exploit;
  // A quarter of the patience: 1/17, hardly more than the 1/20 of old.
  EXPECT_NEAR(later / at_once, 1, 0.05);
}

TEST_F(PolicyTest, GreedyExploitsLittleWhereEachTimelineYields) {
  Archive archive = RandomArchive(200, 100, 50);
  MakeOld(archive);
  // Of the branches only, so nothing but surprise speaks against it.
  for (int i = 0; i < 64; ++i) archive.CommitTimeline(false, true);
  EXPECT_NEAR(static_cast<double>(archive.surprise()) / 256, 1, 0.1);
  EXPECT_NEAR(SharesOf(archive, random_).exploit, ChanceToExploit(archive),
              0.02);
  EXPECT_LT(SharesOf(archive, random_).exploit, 0.25);
}

TEST_F(PolicyTest, GreedyExploitsLittleWhereFreshSeedsYield) {
  Archive archive = RandomArchive(200, 100, 50);
  MakeOld(archive);
  // Every 16th: 1/16 of them is nearly as much as branches do.
  for (int i = 1; i <= 1600; ++i) archive.CommitTimeline(true, i % 16 == 0);
  EXPECT_NEAR(FreshYield(archive), 1.6 / 17, 0.02);
  EXPECT_NEAR(SharesOf(archive, random_).exploit, ChanceToExploit(archive),
              0.02);
  // Where every timeline yields there is no need to choose.
  for (int i = 0; i < 5000; ++i) archive.CommitTimeline(true, true);
  EXPECT_LT(SharesOf(archive, random_).exploit, 0.01);
}

// What exploits is another matter: where that is in vain, others may yield.
TEST_F(PolicyTest, GreedyTakesFewerFreshSeedsWhereOnlyOldCellsYield) {
  Archive archive = RandomArchive(200, 100, 50);
  // Bored, so that it explores; nothing yields, and of what was tried equally
  // often a branch is taken to yield twice as often.
  for (int i = 0; i < 20000; ++i) {
    archive.CommitTimeline(i % 2 == 0, false,
                           i % 2 == 0 ? Arm::kNone : Arm::kSpread);
  }
  EXPECT_NEAR(SharesOf(archive, random_).fresh,
              0.9 / (1 + Squared(Squared(2.0 / 8))), 0.02);
  // Branches of the other arms yield.
  for (int i = 0; i < 20000; ++i) {
    archive.CommitTimeline(false, i % 8 == 7, Arm::kWide);
  }
  Shares shares = SharesOf(archive, random_);
  EXPECT_NEAR(shares.fresh, 0.9 * (1 - shares.exploit), 0.02);
  // Old cells do, but rarely: a quarter are fresh seeds all the same.
  for (int i = 0; i < 20000; ++i) {
    archive.CommitTimeline(false, i % 8 == 7, Arm::kSpread);
  }
  shares = SharesOf(archive, random_);
  EXPECT_NEAR(shares.fresh, 0.25 * (1 - shares.exploit), 0.02);
}

TEST_F(PolicyTest, GreedyExploitsLittleWhereFreshSeedsYieldMoreThanBranches) {
  Archive archive = RandomArchive(200, 100, 50);
  for (int i = 0; i < 1600; ++i) {
    archive.CommitTimeline(true, i % 16 == 7);
    archive.CommitTimeline(false, i % 128 == 63);
  }
  // Too seldom to speak against it by itself.
  EXPECT_LT(FreshYield(archive), 0.08);
  EXPECT_GT(FreshYield(archive), 1.7 * BranchYield(archive));
  EXPECT_NEAR(SharesOf(archive, random_).exploit, ChanceToExploit(archive),
              0.02);
  EXPECT_LT(SharesOf(archive, random_).exploit, 0.1);
  // They no longer do.
  for (int i = 0; i < 64; ++i) archive.CommitTimeline(true, false);
  archive.CommitTimeline(false, true);
  EXPECT_GT(SharesOf(archive, random_).exploit, 0.8);
}

TEST_F(PolicyTest, YieldsTellSeldomFromNever) {
  Archive archive = RandomArchive(200, 100, 50);
  archive.CommitTimeline(true, true);
  for (int i = 0; i < 10000; ++i) archive.CommitTimeline(true, false);
  EXPECT_NEAR(FreshYield(archive) * 10001, 0.25, 0.01);
  for (int i = 0; i < 2000; ++i) {
    archive.CommitTimeline(false, i % 500 == 0, Arm::kSpread);
  }
  EXPECT_NEAR(BranchYield(archive) * 500, 0.5, 0.1);
  // In vain for long, so it explores, and knows that branches are better still.
  const Shares shares = SharesOf(archive, random_);
  EXPECT_NEAR(shares.fresh, 0.25 * (1 - shares.exploit), 0.02);
  // What it has seen once it believes at once.
  archive.CommitTimeline(true, true);
  EXPECT_GT(FreshYield(archive), 1.0 / 17);
}

TEST_F(PolicyTest, GreedySpreadsOverGroupsByRarityAndPicks) {
  auto greedy = Make("greedy");
  Archive archive;
  for (uint64_t i = 1; i <= 3; ++i) archive.AddCell(i, "", 1);
  for (uint64_t i = 4; i <= 40; ++i) archive.AddCell(i, "", 2);
  archive.cell(1).picks = 9;
  for (int cell = 1; cell <= 40; ++cell) archive.cell(cell).AddWay(1, 0, 1);
  // Each timeline yields: nothing is exploited.
  for (int i = 0; i < 40; ++i) archive.CommitTimeline(true, true);
  // Four timelines came to these within 40, and one to the others.
  for (int way = 0; way < 3; ++way) archive.cell(2).AddWay(2, 39, 1);
  for (int way = 0; way < 3; ++way) archive.cell(40).AddWay(2, 39, 1);
  EXPECT_EQ(archive.cell(1).Rarity(40), 40u);
  EXPECT_EQ(archive.cell(2).Rarity(40), 10u);
  EXPECT_EQ(archive.cell(2).Rarity(4000), 10u) << "more ways are not counted";
  EXPECT_EQ(archive.cell(1).Rarity(4000), 4000u);
  constexpr int kPicks = 200000;
  std::vector<double> seen(archive.cells().size());
  double spread = 0;
  for (int i = 0; i < kPicks; ++i) {
    const Policy::Choice choice = greedy->Pick(archive, random_);
    if (choice.arm != Arm::kSpread) continue;
    ++seen[choice.cell];
    ++spread;
  }
  EXPECT_GT(spread, kPicks / 20);
  std::vector<double> weights(archive.cells().size());
  for (int i = 1; i <= 40; ++i) weights[i] = 40;
  weights[1] /= 10;
  weights[2] = weights[40] = 10;
  std::vector<double> expected(archive.cells().size());
  const double first = weights[1] + weights[2] + weights[3];
  for (int i = 1; i <= 3; ++i) expected[i] = spread / 2 * weights[i] / first;
  for (int i = 4; i <= 40; ++i) {
    expected[i] = spread / 2 * weights[i] / (36 * 40 + 10);
  }
  EXPECT_LT(ChiSquareSigmas(expected, seen), 5);
}

TEST_F(PolicyTest, TheRarestCellsAreAlike) {
  auto greedy = Make("greedy");
  Archive archive;
  archive.AddCell(1, "", 1);
  archive.AddCell(2, "", 1);
  for (int i = 0; i < 6400; ++i) archive.CommitTimeline(true, true);
  archive.cell(1).AddWay(1, 0, 1);
  for (int way = 0; way < 4; ++way) archive.cell(2).AddWay(2, 255, 1);
  EXPECT_EQ(archive.cell(2).Rarity(6400), 64u);
  std::vector<double> seen(3);
  for (int i = 0; i < 100000; ++i) {
    const Policy::Choice choice = greedy->Pick(archive, random_);
    if (choice.arm == Arm::kSpread) {
      ++seen[choice.cell];
    }
  }
  EXPECT_GT(seen[1], 1000);
  EXPECT_NEAR(seen[1] / seen[2], 1, 0.1);
}

TEST_F(PolicyTest, AWayThatIsInVainGivesWayToOthers) {
  Cell cell;
  for (int i = 0; i < 3; ++i) cell.ways.push_back({.splitpoint = 10 + i});
  std::vector<int> taken;
  for (int i = 0; i < 6; ++i) {
    Way& way = cell.ways[cell.NextWay()];
    taken.push_back(way.splitpoint);
    ++way.picks;
    ++way.barren;
  }
  EXPECT_EQ(taken, (std::vector<int>{10, 11, 12, 10, 11, 12}));
  cell.ways[2].barren = 0;  // it discovered something
  EXPECT_EQ(cell.NextWay(), 2);
  EXPECT_EQ(cell.FindWay(11), 1);
  EXPECT_EQ(cell.FindWay(99), -1);
}

TEST_F(PolicyTest, AMuchEarlierWayTakesThePlaceOfTheLatest) {
  Cell cell;
  const uint64_t draws[] = {100, 400, 200, 300};
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(cell.is_full());
    cell.AddWay(10 + i, 0, draws[i]);
  }
  ASSERT_TRUE(cell.is_full());
  EXPECT_TRUE(cell.WantsWayAt(299));
  EXPECT_FALSE(cell.WantsWayAt(300));
  cell.ways[0].barren = 5;
  EXPECT_EQ(cell.ReplaceLatestWay(20, 280), 11);
  EXPECT_EQ(cell.FindWay(11), -1);
  EXPECT_EQ(cell.NextWay(), cell.FindWay(12)) << "the first not in vain";
  // The latest has 300 now. What is wanted never grows.
  EXPECT_TRUE(cell.WantsWayAt(224));
  EXPECT_FALSE(cell.WantsWayAt(225));
  EXPECT_EQ(cell.ReplaceLatestWay(21, 10), 13);
  EXPECT_FALSE(cell.WantsWayAt(210));
  // Better ones have come: these stay.
  cell.ClearWays();
  for (int i = 0; i < 4; ++i) cell.AddWay(30 + i, 0, 1000);
  EXPECT_FALSE(cell.WantsWayAt(0));
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
    ++seen[picked == Policy::kFreshSeed ? 0 : picked];
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
      for (int i = 1; i <= 3; ++i) archive.AddCell(i, "", 0);
      std::vector<int> expected;
      for (int cell : {3, 2, 1, Policy::kFreshSeed}) {
        expected.insert(expected.end(), budget, cell);
      }
      std::vector<int> picks;
      while (picks.size() < expected.size()) {
        picks.push_back(policy->Pick(archive, random_).cell);
        if (picks.back() == Policy::kFreshSeed) continue;
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
    EXPECT_EQ(seeds->Pick(archive, random_).cell, Policy::kFreshSeed);
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
