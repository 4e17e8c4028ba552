// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// One level of the dungeon: a grid of rooms and corridors, with a key, stairs
// (or the treasure), a potion, traps and enemies, drawn from a Random.
//
// The generator is a port and keeps a defect of the original: the potion may
// replace the stairs if two rooms share their centre, so that about one level
// in 800 has no way down. Searches must live with that.
//
// Memory: no allocation, about 1.5 KB: a checkpoint copies it.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_DUNGEON_LEVEL_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_DUNGEON_LEVEL_H_

#include <array>
#include <cstdint>

#include "providers/random.h"

namespace moonpool {

enum class DungeonTile : uint8_t {
  kWall,
  kFloor,
  kStairs,
  kTreasure,
  kPotion,
  kTrap,
};

struct DungeonPosition {
  int x = 0;
  int y = 0;
  friend bool operator==(const DungeonPosition&,
                         const DungeonPosition&) = default;
};

class DungeonLevel {
 public:
  static constexpr int kWidth = 35;
  static constexpr int kHeight = 20;
  static constexpr int kLevels = 8;  // the last one holds the treasure
  static constexpr int kMaxEnemies = 5 + kLevels / 2;
  static constexpr uint8_t kNoRoom = 255;

  // Draws the level of this number. REQUIRES: 1 <= number <= kLevels.
  DungeonLevel(int number, Random& random);

  DungeonTile tile(DungeonPosition at) const { return tiles_[Index(at)]; }
  // Potions are drunk and traps spring once.
  void ClearTile(DungeonPosition at) {
    tiles_[Index(at)] = DungeonTile::kFloor;
  }
  // The room's number, or kNoRoom in a corridor. The last one to be drawn
  // where rooms overlap.
  uint8_t room(DungeonPosition at) const { return rooms_[Index(at)]; }
  bool IsOpen(DungeonPosition at) const {
    return at.x >= 0 && at.x < kWidth && at.y >= 0 && at.y < kHeight &&
           tile(at) != DungeonTile::kWall;
  }

  int room_count() const { return room_count_; }
  DungeonPosition start() const { return start_; }
  bool IsKey(DungeonPosition at) const { return has_key_ && at == key_; }

  int enemy_count() const { return enemy_count_; }
  const DungeonPosition& enemy(int index) const { return enemies_[index]; }
  void MoveEnemies(Random& random);
  // at, one step further in one of the eight directions (0 is north, then
  // clockwise).
  static DungeonPosition Neighbour(DungeonPosition at, int direction);

 private:
  static constexpr int kTiles = kWidth * kHeight;
  static constexpr int kMaxRooms = 6;
  struct Room {
    DungeonPosition corner;
    int width = 0;
    int height = 0;
    DungeonPosition Centre() const {
      return {corner.x + width / 2, corner.y + height / 2};
    }
  };
  using Rooms = std::array<Room, kMaxRooms>;

  static int Index(DungeonPosition at) { return at.y * kWidth + at.x; }
  void Set(DungeonPosition at, DungeonTile tile) { tiles_[Index(at)] = tile; }
  Rooms DrawRooms(Random& random);
  void DigCorridor(DungeonPosition from, DungeonPosition to);
  void PlaceGoals(int number, const Rooms& rooms, Random& random);
  void PlaceTraps(Random& random);
  void PlaceEnemies(int number, Random& random);
  // A free floor tile that is not the start; false after 100 tries.
  bool DrawFloor(Random& random, DungeonPosition& at) const;

  std::array<DungeonTile, kTiles> tiles_ = {};
  std::array<uint8_t, kTiles> rooms_;
  int room_count_ = 0;
  DungeonPosition start_;
  bool has_key_ = false;
  DungeonPosition key_;
  int enemy_count_ = 0;
  std::array<DungeonPosition, kMaxEnemies> enemies_;
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_DUNGEON_LEVEL_H_
