// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the dungeon is the published benchmark: same rules, same
// probabilities. Method: properties of many generated levels, and the
// statistics of plain games with fixed seeds against the reference's
// measurements.
#include "explorer/campaigns/dungeon.h"

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "explorer/campaign.h"
#include "explorer/campaigns/dungeon_level.h"
#include "gtest/gtest.h"
#include "sim/assertions/table.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"

namespace moonpool {
namespace {

class DungeonTest : public ::testing::Test {
 protected:
  void SetUp() override { AssertionTable::Get().BeginWorld(); }
};

int CountTiles(const DungeonLevel& level, DungeonTile tile) {
  int count = 0;
  for (int y = 0; y < DungeonLevel::kHeight; ++y) {
    for (int x = 0; x < DungeonLevel::kWidth; ++x) {
      count += level.tile({x, y}) == tile;
    }
  }
  return count;
}

// How many open tiles a walker reaches from the start.
int CountReachable(const DungeonLevel& level) {
  std::set<std::pair<int, int>> seen = {{level.start().x, level.start().y}};
  std::vector<DungeonPosition> work = {level.start()};
  while (!work.empty()) {
    const DungeonPosition at = work.back();
    work.pop_back();
    for (int direction = 0; direction < 8; ++direction) {
      const DungeonPosition to = DungeonLevel::Neighbour(at, direction);
      if (!level.IsOpen(to) || !seen.insert({to.x, to.y}).second) continue;
      work.push_back(to);
    }
  }
  return static_cast<int>(seen.size());
}

TEST_F(DungeonTest, LevelsAreConnectedAndFurnished) {
  TraceHash trace;
  RandomSource source(1, &trace);
  RandomStream random(&source, "levels");
  for (int i = 0; i < 2000; ++i) {
    const int number = 1 + i % DungeonLevel::kLevels;
    const DungeonLevel level(number, random);
    EXPECT_GE(level.room_count(), 4);
    EXPECT_LE(level.room_count(), 6);
    EXPECT_GE(level.enemy_count(), 2 + number / 2);
    EXPECT_LE(level.enemy_count(), 5 + number / 2);
    const int traps = CountTiles(level, DungeonTile::kTrap);
    EXPECT_TRUE(traps == 2 || traps == 3) << traps;
    EXPECT_LE(CountTiles(level, DungeonTile::kPotion), 1);
    EXPECT_EQ(CountTiles(level, number == DungeonLevel::kLevels
                                    ? DungeonTile::kStairs
                                    : DungeonTile::kTreasure),
              0);
    const int open = DungeonLevel::kWidth * DungeonLevel::kHeight -
                     CountTiles(level, DungeonTile::kWall);
    EXPECT_EQ(CountReachable(level), open) << "level " << i;
  }
}

TEST_F(DungeonTest, OneLevelIn800HasLostItsStairs) {
  TraceHash trace;
  RandomSource source(2, &trace);
  RandomStream random(&source, "levels");
  constexpr int kLevelsDrawn = 100000;
  int lost = 0;
  for (int i = 0; i < kLevelsDrawn; ++i) {
    const DungeonLevel level(1 + i % 7, random);
    lost += CountTiles(level, DungeonTile::kStairs) == 0;
  }
  RecordProperty("lost", lost);
  // Four standard deviations.
  EXPECT_NEAR(lost, 130, 50);
}

TEST_F(DungeonTest, PlainGamesHaveTheReferenceStatistics) {
  constexpr int kGames = 10000;
  double steps = 0;
  double draws = 0;
  for (int seed = 1; seed <= kGames; ++seed) {
    TraceHash trace;
    RandomSource source(static_cast<uint64_t>(seed), &trace);
    RandomStream random(&source, "dungeon");
    Dungeon dungeon(&random);
    EXPECT_NE(dungeon.Play(), DungeonResult::kTreasureFound);
    steps += dungeon.steps();
    draws += static_cast<double>(source.draws());
  }
  RecordProperty("steps", static_cast<int>(steps / kGames));
  RecordProperty("draws", static_cast<int>(draws / kGames));
  EXPECT_NEAR(steps / kGames, 390, 20);
  EXPECT_NEAR(draws / kGames, 2086, 105);
}

TEST_F(DungeonTest, SameSeedSameGame) {
  uint64_t hashes[2];
  for (uint64_t& hash : hashes) {
    TraceHash trace;
    RandomSource source(42, &trace);
    RandomStream random(&source, "dungeon");
    Dungeon dungeon(&random);
    dungeon.Play();
    hash = trace.value();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

TEST_F(DungeonTest, CampaignPlaysOneGame) {
  absl::StatusOr<const Campaign*> campaign = FindCampaign("dungeon");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  absl::StatusOr<SimulationBuilder> built =
      BuildCampaign(**campaign, CampaignParams({}));
  ASSERT_TRUE(built.ok()) << built.status();
  const IterationResult first = built->RunIteration(3);
  const IterationResult second = built->RunIteration(3);
  EXPECT_TRUE(first.violations.empty());
  EXPECT_GE(first.draws, 100u);
  EXPECT_EQ(first.trace_hash, second.trace_hash);
}

}  // namespace
}  // namespace moonpool
