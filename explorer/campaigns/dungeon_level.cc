// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/dungeon_level.h"

#include <algorithm>

#include "providers/base/check.h"

namespace moonpool {
namespace {

int Draw(Random& random, int low, int high) {
  return static_cast<int>(random.Range(int64_t{low}, int64_t{high}));
}

}  // namespace

DungeonLevel::DungeonLevel(int number, Random& random) {
  CHECK_GE(number, 1);
  CHECK_LE(number, kLevels);
  rooms_.fill(kNoRoom);
  const Rooms rooms = DrawRooms(random);
  for (int i = 1; i < room_count_; ++i) {
    DigCorridor(rooms[i - 1].Centre(), rooms[i].Centre());
  }
  start_ = rooms[0].Centre();
  PlaceGoals(number, rooms, random);
  PlaceTraps(random);
  PlaceEnemies(number, random);
}

DungeonLevel::Rooms DungeonLevel::DrawRooms(Random& random) {
  Rooms rooms;
  room_count_ = Draw(random, 4, kMaxRooms);
  for (int i = 0; i < room_count_; ++i) {
    Room& room = rooms[i];
    room.width = Draw(random, 3, 6);
    room.height = Draw(random, 3, 5);
    room.corner.x = Draw(random, 1, kWidth - room.width - 2);
    room.corner.y = Draw(random, 1, kHeight - room.height - 2);
  }
  // A stable insertion sort by centre.
  const auto by_centre = [](const Room& a, const Room& b) {
    return a.Centre().x < b.Centre().x;
  };
  for (auto room = rooms.begin(); room != rooms.begin() + room_count_; ++room) {
    std::rotate(std::upper_bound(rooms.begin(), room, *room, by_centre), room,
                room + 1);
  }
  for (int i = 0; i < room_count_; ++i) {
    const Room& room = rooms[i];
    for (int y = room.corner.y; y < room.corner.y + room.height; ++y) {
      for (int x = room.corner.x; x < room.corner.x + room.width; ++x) {
        Set({x, y}, DungeonTile::kFloor);
        rooms_[Index({x, y})] = static_cast<uint8_t>(i);
      }
    }
  }
  return rooms;
}

void DungeonLevel::DigCorridor(DungeonPosition from, DungeonPosition to) {
  for (int x = std::min(from.x, to.x); x <= std::max(from.x, to.x); ++x) {
    Set({x, from.y}, DungeonTile::kFloor);
  }
  for (int y = std::min(from.y, to.y); y <= std::max(from.y, to.y); ++y) {
    Set({to.x, y}, DungeonTile::kFloor);
  }
}

void DungeonLevel::PlaceGoals(int number, const Rooms& rooms, Random& random) {
  const DungeonPosition last = rooms[room_count_ - 1].Centre();
  if (number < kLevels) {
    Set(last, DungeonTile::kStairs);
    has_key_ = true;
    key_ = rooms[Draw(random, 1, room_count_ - 2)].Centre();
  } else {
    Set(last, DungeonTile::kTreasure);
  }
  const DungeonPosition potion =
      rooms[Draw(random, 1, room_count_ - 2)].Centre();
  if (!IsKey(potion)) Set(potion, DungeonTile::kPotion);
}

void DungeonLevel::PlaceTraps(Random& random) {
  const int count = Draw(random, 2, 3);
  for (int i = 0; i < count; ++i) {
    DungeonPosition at;
    if (DrawFloor(random, at)) Set(at, DungeonTile::kTrap);
  }
}

void DungeonLevel::PlaceEnemies(int number, Random& random) {
  const int count = Draw(random, 2 + number / 2, 5 + number / 2);
  for (int i = 0; i < count; ++i) {
    DungeonPosition at;
    if (DrawFloor(random, at)) enemies_[enemy_count_++] = at;
  }
}

bool DungeonLevel::DrawFloor(Random& random, DungeonPosition& at) const {
  for (int tries = 0; tries < 100; ++tries) {
    at.x = Draw(random, 0, kWidth - 1);
    at.y = Draw(random, 0, kHeight - 1);
    if (tile(at) == DungeonTile::kFloor && at != start_) return true;
  }
  return false;
}

void DungeonLevel::MoveEnemies(Random& random) {
  for (int i = 0; i < enemy_count_; ++i) {
    const int direction = Draw(random, 0, 8);
    if (direction == 8) continue;  // stays
    const DungeonPosition to = Neighbour(enemies_[i], direction);
    if (IsOpen(to)) enemies_[i] = to;
  }
}

DungeonPosition DungeonLevel::Neighbour(DungeonPosition at, int direction) {
  static constexpr int kX[] = {0, 1, 1, 1, 0, -1, -1, -1};
  static constexpr int kY[] = {-1, -1, 0, 1, 1, 1, 0, -1};
  return {at.x + kX[direction], at.y + kY[direction]};
}

}  // namespace moonpool
