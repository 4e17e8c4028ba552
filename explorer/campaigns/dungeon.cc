// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/dungeon.h"

#include <algorithm>

#include "providers/base/check.h"
#include "sim/assertions/assertions.h"

namespace moonpool {
namespace {

// One milestone for each floor; a message is a literal.
void MarkKeyFound(int floor) {
  switch (floor) {
    case 1:
      ASSERT_SOMETIMES(true, "key found L1");
      break;
    case 2:
      ASSERT_SOMETIMES(true, "key found L2");
      break;
    case 3:
      ASSERT_SOMETIMES(true, "key found L3");
      break;
    case 4:
      ASSERT_SOMETIMES(true, "key found L4");
      break;
    case 5:
      ASSERT_SOMETIMES(true, "key found L5");
      break;
    case 6:
      ASSERT_SOMETIMES(true, "key found L6");
      break;
    case 7:
      ASSERT_SOMETIMES(true, "key found L7");
      break;
    default:
      CHECK(false) << "no key on floor " << floor;
  }
}

}  // namespace

Dungeon::Dungeon(Random* random)
    : random_(random),
      level_(floor_, *random),
      player_(level_.start()),
      room_(level_.room(player_)) {}

DungeonResult Dungeon::Play() {
  CHECK_EQ(steps_, 0);
  while (steps_ < kMaxSteps) {
    ++steps_;
    const Outcome outcome = Step();
    if (outcome == Outcome::kWon) return DungeonResult::kTreasureFound;
    if (outcome == Outcome::kDead) return DungeonResult::kDied;
  }
  return DungeonResult::kOutOfSteps;
}

Dungeon::Outcome Dungeon::Step() {
  const int action = DrawAction();
  const Before before = {floor_, has_key_, HealthBucket()};
  const Outcome outcome = Resolve(action);
  Mark(before, outcome);
  return outcome;
}

int Dungeon::DrawAction() {
  const int fresh = static_cast<int>(random_->Next() % kActions);
  const bool repeat = random_->Chance({70, 100});
  if (!repeat || previous_action_ < 0) previous_action_ = fresh;
  return previous_action_;
}

Dungeon::Outcome Dungeon::Resolve(int action) {
  bool entered_room = false;
  if (action == kDownStairs) {
    if (level_.tile(player_) == DungeonTile::kStairs) return TakeStairs();
  } else if (action == kSearch) {
    if (level_.tile(player_) == DungeonTile::kTreasure) return Outcome::kWon;
  } else {
    entered_room = Move(action);
    if (health_ <= 0) return Outcome::kDead;
  }
  level_.MoveEnemies(*random_);
  for (int i = 0; i < level_.enemy_count(); ++i) {
    if (level_.enemy(i) != player_) continue;
    health_ -= static_cast<int>(random_->Range(int64_t{1}, int64_t{2}));
    return health_ <= 0 ? Outcome::kDead : Outcome::kDamaged;
  }
  return entered_room ? Outcome::kEnteredRoom : Outcome::kAlive;
}

bool Dungeon::Move(int direction) {
  const DungeonPosition to = DungeonLevel::Neighbour(player_, direction);
  if (!level_.IsOpen(to)) return false;
  player_ = to;
  const int room = level_.room(to);
  const bool entered = room != room_ && room < level_.room_count();
  room_ = room;
  if (level_.tile(to) == DungeonTile::kPotion) {
    health_ = std::min(health_ + 2, kMaxHealth);
    level_.ClearTile(to);
  } else if (level_.tile(to) == DungeonTile::kTrap) {
    --health_;
    level_.ClearTile(to);
  }
  return entered;
}

Dungeon::Outcome Dungeon::TakeStairs() {
  if (!has_key_) return Outcome::kMissingKey;
  ++floor_;
  has_key_ = false;
  level_ = DungeonLevel(floor_, *random_);
  player_ = level_.start();
  room_ = level_.room(player_);
  return Outcome::kDescended;
}

void Dungeon::Mark(const Before& before, Outcome outcome) {
  if (level_.IsKey(player_) && !has_key_) {
    ASSERT_SOMETIMES_EACH("on key tile", {{"floor", before.floor}},
                          {{"health", before.health_bucket}});
    if (random_->Chance({3, 100})) {
      has_key_ = true;
      MarkKeyFound(floor_);
    }
  }
  if (level_.tile(player_) == DungeonTile::kStairs && has_key_) {
    ASSERT_SOMETIMES_EACH("stairs with key", {{"floor", before.floor}},
                          {{"health", before.health_bucket}});
  }
  if (level_.tile(player_) == DungeonTile::kTreasure) {
    ASSERT_SOMETIMES(true, "near treasure");
  }
  MarkOutcome(before, outcome);
  ASSERT_SOMETIMES_GREATER_THAN(floor_, 0, "dungeon level reached");
  ASSERT_SOMETIMES_GREATER_THAN(health_, 0, "health remaining");
}

void Dungeon::MarkOutcome(const Before& before, Outcome outcome) {
  switch (outcome) {
    case Outcome::kDescended:
      ASSERT_SOMETIMES_EACH("descended", {{"to_floor", floor_}},
                            {{"health", HealthBucket()}});
      break;
    case Outcome::kWon:
      ASSERT_SOMETIMES(true, "treasure found");
      break;
    case Outcome::kMissingKey:
      ASSERT_SOMETIMES(true, "stairs without key");
      break;
    case Outcome::kDamaged:
      ASSERT_SOMETIMES(true, "survived monster hit");
      break;
    case Outcome::kEnteredRoom:
      MarkRoom(before);
      break;
    case Outcome::kAlive:
    case Outcome::kDead:
      break;
  }
}

void Dungeon::MarkRoom(const Before& before) {
  ASSERT_SOMETIMES_EACH(
      "room explored", {{"floor", before.floor}, {"room", room_}},
      {{"has_key", before.has_key}, {"health", HealthBucket()}});
  if (room_ != level_.room_count() - 1) return;
  ASSERT_SOMETIMES_EACH(
      "goal room", {{"floor", before.floor}},
      {{"has_key", before.has_key}, {"health", HealthBucket()}});
}

int Dungeon::HealthBucket() const {
  if (health_ <= 1) return 0;
  if (health_ == 2) return 1;
  return health_ <= 4 ? 2 : 3;
}

}  // namespace moonpool
