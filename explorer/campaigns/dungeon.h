// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The dungeon: a roguelike of eight floors, played by a player who presses
// random keys. Each floor hides a key that is picked up with probability 3 %
// a visit and opens the stairs; the treasure on floor 8 is the bug. Traps and
// monsters kill. One random game in 7,000 reaches the second floor.
//
//   Dungeon dungeon(&random);
//   if (dungeon.Play() == DungeonResult::kTreasureFound) ...
//
// The rules and probabilities are those of the original Moonpool's benchmark;
// its figures are tested in dungeon_test.cc.
//
// Determinism: each step draws a fresh action and whether the previous one is
// repeated, then what its consequences need.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_DUNGEON_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_DUNGEON_H_

#include "explorer/campaigns/dungeon_level.h"
#include "providers/random.h"

namespace moonpool {

enum class DungeonResult {
  kTreasureFound,  // the bug
  kDied,
  kOutOfSteps,
};

class Dungeon {
 public:
  static constexpr int kMaxSteps = 10000;
  static constexpr int kMaxHealth = 5;

  // Draws the first level. Lifetime: random must outlive the game.
  explicit Dungeon(Random* random);

  // Plays to the end. REQUIRES: called once.
  DungeonResult Play();

  int steps() const { return steps_; }
  int floor() const { return floor_; }

 private:
  // 0 to 7 move (north, then clockwise).
  enum Action { kDownStairs = 8, kSearch = 9, kActions = 10 };
  enum class Outcome {
    kAlive,
    kEnteredRoom,
    kDamaged,
    kDead,
    kMissingKey,
    kDescended,
    kWon,
  };
  // What the quality of an arrival is measured by: the state it came from.
  struct Before {
    int floor;
    bool has_key;
    int health_bucket;
  };

  Outcome Step();
  int DrawAction();
  Outcome Resolve(int action);
  // Goes there if it can; true if that enters another room.
  bool Move(int direction);
  Outcome TakeStairs();
  void Mark(const Before& before, Outcome outcome);
  void MarkOutcome(const Before& before, Outcome outcome);
  void MarkRoom(const Before& before);
  int HealthBucket() const;

  Random* const random_;
  int steps_ = 0;
  int floor_ = 1;
  int health_ = kMaxHealth;
  bool has_key_ = false;
  int previous_action_ = -1;
  DungeonLevel level_;
  DungeonPosition player_;
  int room_;
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_DUNGEON_H_
