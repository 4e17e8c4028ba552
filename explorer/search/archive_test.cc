// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the archive keeps the best ways to its cells, and credits who yields.
// Method: single steps.
#include "explorer/search/archive.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace moonpool::explorer {
namespace {

TEST(ArchiveTest, BucketsThatTheProgramHasOnlySoManyOfKeepTheirRanks) {
  Archive archive;
  for (uint64_t i = 1; i <= 300; ++i) {
    archive.AddCell(i, "", 1, /*is_finite=*/true);
  }
  archive.AddCell(301, "", 1);
  EXPECT_EQ(archive.ranks(), 1 + 300);
}

TEST(ArchiveTest, AWayThatIsInVainGivesWayToOthers) {
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

TEST(ArchiveTest, AMuchEarlierWayTakesThePlaceOfTheLatest) {
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

TEST(ArchiveTest, ACellWithoutAWayIsADeadEnd) {
  Archive archive;
  EXPECT_FALSE(archive.cells()[0].is_dead_end()) << "the beginning";
  const int index = archive.AddCell(1, "", 1);
  EXPECT_TRUE(archive.cells()[index].is_dead_end());
  archive.cell(index).AddWay(7, 0, 1);
  EXPECT_FALSE(archive.cells()[index].is_dead_end());
}

class DepartureTest : public ::testing::Test {
 protected:
  DepartureTest() {
    cell_ = archive_.AddCell(1, "", 1);
    archive_.cell(cell_).AddWay(10, 0, 100);
    archive_.cell(cell_).AddWay(11, 0, 100);
  }
  const Cell& cell() const { return archive_.cells()[cell_]; }

  Archive archive_;
  int cell_ = 0;
};

TEST_F(DepartureTest, TakesTheNextWayAndCounts) {
  const Departure first = archive_.Depart({cell_, Arm::kWide});
  EXPECT_EQ(first.choice.cell, cell_);
  EXPECT_EQ(first.splitpoint, 10);
  EXPECT_EQ(first.choice.arm, Arm::kWide);
  EXPECT_EQ(archive_.Depart({cell_}).splitpoint, 11);
  EXPECT_EQ(archive_.Depart({cell_}).splitpoint, 10);
  EXPECT_EQ(cell().picks, 3u);
  EXPECT_EQ(cell().barren, 3u);
  EXPECT_EQ(cell().ways[0].picks, 2u);
  EXPECT_EQ(cell().ways[1].barren, 1u);
  EXPECT_EQ(archive_.cells()[0].picks, 0u);
}

TEST_F(DepartureTest, WhoYieldsClearsWhatWasInVain) {
  const Departure first = archive_.Depart({cell_});
  const Departure second = archive_.Depart({cell_});
  archive_.CommitTimeline(first, false);
  EXPECT_EQ(cell().barren, 2u);
  archive_.CommitTimeline(second, true);
  EXPECT_EQ(cell().barren, 0u);
  EXPECT_EQ(cell().picks, 2u);
  EXPECT_EQ(cell().ways[0].barren, 1u) << "the other way";
  EXPECT_EQ(cell().ways[1].barren, 0u);
}

TEST_F(DepartureTest, AWayThatWasGivenUpMeanwhileGetsNoCredit) {
  const Departure departed = archive_.Depart({cell_});
  archive_.cell(cell_).ClearWays();
  archive_.cell(cell_).AddWay(12, 0, 1);
  archive_.cell(cell_).ways[0].barren = 5;
  archive_.CommitTimeline(departed, true);
  EXPECT_EQ(cell().barren, 0u);
  EXPECT_EQ(cell().ways[0].barren, 5u);
}

TEST_F(DepartureTest, WhoIsOfAnArmCountsForThat) {
  for (const Arm arm : {Arm::kNewest, Arm::kWide, Arm::kSpread}) {
    Archive archive = archive_;
    const Archive before = archive;
    for (int i = 0; i < 20; ++i) {
      archive.CommitTimeline(archive.Depart({cell_, arm}), false);
    }
    for (const Arm other : {Arm::kNewest, Arm::kWide, Arm::kSpread}) {
      if (other == arm) {
        EXPECT_LT(archive.yield(other), before.yield(other));
      } else {
        EXPECT_EQ(archive.yield(other), before.yield(other));
      }
    }
    EXPECT_EQ(archive.fresh_yield(), before.fresh_yield());
  }
}

TEST_F(DepartureTest, FreshSeedsCountForThemselves) {
  const uint64_t newest = archive_.yield(Arm::kNewest);
  const uint64_t fresh = archive_.fresh_yield();
  for (int i = 0; i < 20; ++i) {
    archive_.CommitTimeline(archive_.Depart({}), false);
  }
  EXPECT_EQ(archive_.yield(Arm::kNewest), newest);
  EXPECT_LT(archive_.fresh_yield(), fresh);
  EXPECT_EQ(archive_.timelines(), 20u);
  EXPECT_EQ(archive_.streak(), 20u);
  archive_.CommitTimeline(archive_.Depart({}), true);
  EXPECT_EQ(archive_.streak(), 0u);
}

TEST_F(DepartureTest, AYieldIsSharedWithTimelinesThatNeverWere) {
  const auto share = [&](uint64_t prior_timelines) {
    return static_cast<double>(archive_.yield(Arm::kWide, prior_timelines)) /
           Archive::kYieldOne;
  };
  EXPECT_NEAR(share(1), 0.5, 1e-6);
  EXPECT_NEAR(share(20), 0.5 / 20, 1e-6);
  for (int i = 0; i < 5; ++i) {
    archive_.CommitTimeline(archive_.Depart({cell_, Arm::kWide}), i == 4);
  }
  // Of the first ones hardly any has faded.
  EXPECT_NEAR(share(1), 1.5 / 6, 0.02);
  EXPECT_NEAR(share(20), 1.5 / 25, 0.002);
}

TEST(ArchiveDeathTest, NobodySetsOutFromADeadEnd) {
  Archive archive;
  const int cell = archive.AddCell(1, "", 1);
  EXPECT_DEATH(archive.Depart({cell}), "is_dead_end");
}

}  // namespace
}  // namespace moonpool::explorer
