// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: "greedy" picks by its stated law. Method: an independent model in
// floating point over random archives, where it is exact, and counted shares of
// many picks with fixed seeds.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "explorer/search/archive.h"
#include "explorer/search/policy.h"
#include "explorer/search/testing_policy.h"
#include "gtest/gtest.h"
#include "providers/random.h"

namespace moonpool::explorer {
namespace {

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

bool Exploits(const Choice& choice) {
  return choice.arm == Arm::kNewest || choice.arm == Arm::kWide;
}

using GreedyTest = PolicyTest;

TEST_F(GreedyTest, TakesTheLargestValueAndOfEqualsTheNewest) {
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
    const Choice choice = greedy->Pick(archive, exploits);
    ASSERT_NE(choice.cell, Choice::kFreshSeed);
    ASSERT_EQ(choice.arm, arm);
    // Sixteenths of a half-life are what it tells apart.
    ASSERT_GE(value(choice.cell), best * std::exp2(-1.5 / 16))
        << "round " << round;
    for (int i = choice.cell + 1; i < cells; ++i) {
      ASSERT_LT(value(i), value(choice.cell) * std::exp2(1.5 / 16));
    }
  }
}

TEST_F(GreedyTest, StaysWithTheNewestUntilItHasProvedBarren) {
  auto greedy = Make("greedy");
  AlwaysExploits exploits;
  Archive archive;
  for (int i = 1; i < 10; ++i) AddCell(archive, i, 0);
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

TEST_F(GreedyTest, TakesTheArmThatYields) {
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
      archive.CommitTimeline(Branch(Arm::kNewest), i % 16 < newest);
      archive.CommitTimeline(Branch(Arm::kWide), (i + 8) % 16 < wide);
    }
    int exploited = 0;
    int by_wide = 0;
    for (int i = 0; i < 40000; ++i) {
      const Choice choice = greedy->Pick(archive, random_);
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

TEST_F(GreedyTest, DoesNotExploitTheBucketsBeyondAGroupsShare) {
  auto greedy = Make("greedy");
  AlwaysExploits exploits;
  Archive archive;
  AddCell(archive, 1, 1);
  for (uint64_t i = 2; i < 1000; ++i) AddCell(archive, i, 2);
  AddCell(archive, 1000, 3);
  EXPECT_EQ(archive.ranks(), 1 + 1 + 128 + 1);
  MakeOld(archive);
  EXPECT_EQ(greedy->Pick(archive, exploits).cell, 1000);
  archive.cell(1000).barren = 1000000;
  EXPECT_EQ(greedy->Pick(archive, exploits).cell, 129);
}

TEST_F(GreedyTest, CompareDoesNotOverflow) {
  auto greedy = Make("greedy");
  AlwaysExploits exploits;
  Archive archive;
  constexpr int kCells = 100000;
  for (int i = 1; i < kCells; ++i) {
    AddCell(archive, i, static_cast<uint32_t>(i));
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
    const Choice choice = greedy->Pick(archive, random);
    shares.exploit += (Exploits(choice) ? 1.0 : 0.0) / kPicks;
    shares.fresh += (choice.cell == Choice::kFreshSeed ? 1.0 : 0.0) / kPicks;
  }
  return shares;
}

double Squared(double x) { return x * x; }

double FreshYield(const Archive& archive) {
  return static_cast<double>(archive.fresh_yield()) / Archive::kYieldOne;
}
double ExploitYield(const Archive& archive) {
  return static_cast<double>(std::max(archive.yield(Arm::kNewest, 20),
                                      archive.yield(Arm::kWide, 20))) /
         Archive::kYieldOne;
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
         (1 + Squared(Squared(fresh / ExploitYield(archive)))) * timelines /
         (timelines + 8);
}

TEST_F(GreedyTest, ExploitsWhatPays) {
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
  for (int i = 0; i < 192; ++i) archive.CommitTimeline(Branch(), false);
  EXPECT_NEAR(SharesOf(archive, random_).exploit, ChanceToExploit(archive),
              0.02);
  for (int i = 0; i < 800; ++i) archive.CommitTimeline(Branch(), false);
  EXPECT_LT(SharesOf(archive, random_).exploit, 0.05);
}

TEST_F(GreedyTest, IsSeldomBoredBeforeItsPatienceEnds) {
  Archive archive = RandomArchive(200, 100, 50);
  MakeOld(archive);
  const double at_once = SharesOf(archive, random_).exploit;
  // Branches yielded so much that a few in vain do not change that.
  for (int i = 0; i < 48; ++i) archive.CommitTimeline(Branch(), false);
  const double later = SharesOf(archive, random_).exploit;
  // A quarter of the patience: 1/17, hardly more than the 1/20 of old.
  EXPECT_NEAR(later / at_once, 1, 0.05);
}

TEST_F(GreedyTest, ExploitsLittleWhereEachTimelineYields) {
  Archive archive = RandomArchive(200, 100, 50);
  MakeOld(archive);
  // Of the branches only, so nothing but surprise speaks against it.
  for (int i = 0; i < 64; ++i) archive.CommitTimeline(Branch(), true);
  EXPECT_NEAR(static_cast<double>(archive.surprise()) / 256, 1, 0.1);
  EXPECT_NEAR(SharesOf(archive, random_).exploit, ChanceToExploit(archive),
              0.02);
  EXPECT_LT(SharesOf(archive, random_).exploit, 0.25);
}

TEST_F(GreedyTest, ExploitsLittleWhereFreshSeedsYield) {
  Archive archive = RandomArchive(200, 100, 50);
  MakeOld(archive);
  // Every 16th: 1/16 of them is nearly as much as branches do.
  for (int i = 1; i <= 1600; ++i) archive.CommitTimeline(kFresh, i % 16 == 0);
  EXPECT_NEAR(FreshYield(archive), 1.6 / 17, 0.02);
  EXPECT_NEAR(SharesOf(archive, random_).exploit, ChanceToExploit(archive),
              0.02);
  // Where every timeline yields there is no need to choose.
  for (int i = 0; i < 5000; ++i) archive.CommitTimeline(kFresh, true);
  EXPECT_LT(SharesOf(archive, random_).exploit, 0.01);
}

// What exploits is another matter: where that is in vain, others may yield.
TEST_F(GreedyTest, TakesFewerFreshSeedsWhereOnlyOldCellsYield) {
  Archive archive = RandomArchive(200, 100, 50);
  // Bored, so that it explores; nothing yields, and of what was tried equally
  // often a branch is taken to yield twice as often.
  for (int i = 0; i < 20000; ++i) {
    archive.CommitTimeline(i % 2 == 0 ? kFresh : Branch(Arm::kSpread), false);
  }
  EXPECT_NEAR(SharesOf(archive, random_).fresh,
              0.9 / (1 + Squared(Squared(2.0 / 8))), 0.02);
  // Branches of the other arms yield.
  for (int i = 0; i < 20000; ++i) {
    archive.CommitTimeline(Branch(Arm::kWide), i % 8 == 7);
  }
  Shares shares = SharesOf(archive, random_);
  EXPECT_NEAR(shares.fresh, 0.9 * (1 - shares.exploit), 0.02);
  // Old cells do, but rarely: a quarter are fresh seeds all the same.
  for (int i = 0; i < 20000; ++i) {
    archive.CommitTimeline(Branch(Arm::kSpread), i % 8 == 7);
  }
  shares = SharesOf(archive, random_);
  EXPECT_NEAR(shares.fresh, 0.25 * (1 - shares.exploit), 0.02);
}

TEST_F(GreedyTest, ExploitsLittleWhereFreshSeedsYieldMoreThanBranches) {
  Archive archive = RandomArchive(200, 100, 50);
  for (int i = 0; i < 1600; ++i) {
    archive.CommitTimeline(kFresh, i % 16 == 7);
    archive.CommitTimeline(Branch(), i % 128 == 63);
  }
  // Too seldom to speak against it by itself.
  EXPECT_LT(FreshYield(archive), 0.08);
  EXPECT_GT(FreshYield(archive), 1.7 * ExploitYield(archive));
  EXPECT_NEAR(SharesOf(archive, random_).exploit, ChanceToExploit(archive),
              0.02);
  EXPECT_LT(SharesOf(archive, random_).exploit, 0.1);
  // They no longer do.
  for (int i = 0; i < 64; ++i) archive.CommitTimeline(kFresh, false);
  archive.CommitTimeline(Branch(), true);
  EXPECT_GT(SharesOf(archive, random_).exploit, 0.8);
}

TEST_F(GreedyTest, ExploitsLittleBeforeThatHasYielded) {
  Archive archive = RandomArchive(200, 100, 50);
  for (int i = 1; i <= 400; ++i) archive.CommitTimeline(kFresh, i % 20 == 10);
  const double untried = ChanceToExploit(archive);
  EXPECT_LT(untried, 0.1);
  EXPECT_NEAR(SharesOf(archive, random_).exploit, untried, 0.02);
  // One arm is enough.
  for (int i = 1; i <= 20; ++i) {
    archive.CommitTimeline(Branch(Arm::kNewest), false);
    archive.CommitTimeline(Branch(Arm::kWide), i % 5 == 0);
  }
  EXPECT_GT(ChanceToExploit(archive), 4 * untried);
  EXPECT_NEAR(SharesOf(archive, random_).exploit, ChanceToExploit(archive),
              0.02);
}

TEST_F(GreedyTest, YieldsTellSeldomFromNever) {
  Archive archive = RandomArchive(200, 100, 50);
  archive.CommitTimeline(kFresh, true);
  for (int i = 0; i < 10000; ++i) archive.CommitTimeline(kFresh, false);
  EXPECT_NEAR(FreshYield(archive) * 10001, 0.25, 0.01);
  for (int i = 0; i < 2000; ++i) {
    archive.CommitTimeline(Branch(Arm::kSpread), i % 500 == 0);
  }
  EXPECT_NEAR(YieldOf(archive, Arm::kSpread) * 500, 0.5, 0.1);
  // In vain for long, so it explores, and knows that branches are better still.
  const Shares shares = SharesOf(archive, random_);
  EXPECT_NEAR(shares.fresh, 0.25 * (1 - shares.exploit), 0.02);
  // What it has seen once it believes at once.
  archive.CommitTimeline(kFresh, true);
  EXPECT_GT(FreshYield(archive), 1.0 / 17);
}

TEST_F(GreedyTest, SpreadsOverGroupsByRarityAndPicks) {
  auto greedy = Make("greedy");
  Archive archive;
  for (uint64_t i = 1; i <= 3; ++i) AddCell(archive, i, 1);
  for (uint64_t i = 4; i <= 40; ++i) AddCell(archive, i, 2);
  archive.cell(1).picks = 9;
  // Each timeline yields: nothing is exploited.
  for (int i = 0; i < 40; ++i) archive.CommitTimeline(kFresh, true);
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
    const Choice choice = greedy->Pick(archive, random_);
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

TEST_F(GreedyTest, TheRarestCellsAreAlike) {
  auto greedy = Make("greedy");
  Archive archive;
  AddCell(archive, 1, 1);
  AddCell(archive, 2, 1);
  for (int i = 0; i < 6400; ++i) archive.CommitTimeline(kFresh, true);
  for (int way = 0; way < 3; ++way) archive.cell(2).AddWay(2, 255, 1);
  EXPECT_EQ(archive.cell(2).Rarity(6400), 64u);
  std::vector<double> seen(3);
  for (int i = 0; i < 100000; ++i) {
    const Choice choice = greedy->Pick(archive, random_);
    if (choice.arm == Arm::kSpread) {
      ++seen[choice.cell];
    }
  }
  EXPECT_GT(seen[1], 1000);
  EXPECT_NEAR(seen[1] / seen[2], 1, 0.1);
}

}  // namespace
}  // namespace moonpool::explorer
