// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The maze: a game with a needle. Four locks must be opened within 500 steps;
// a lock opens when five gates in a row let the player through, each with
// probability 1/20, and some locks can be tried only once others are open. A
// random player opens all four about once in 10^16 games; a search that goes
// on from the deepest gate it has seen does so within some hundred.
//
//   if (PlayMaze(random) == MazeResult::kAllLocksOpen) ...
//
// The rules, and so the probability of each way through, are those of the
// original Moonpool's benchmark; its figures are tested in maze_test.cc.
//
// Determinism: one draw for each step and one for each gate.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_MAZE_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_MAZE_H_

#include "providers/random.h"

namespace moonpool {

inline constexpr int kMazeLocks = 4;
inline constexpr int kMazeGates = 5;  // of each lock
inline constexpr int kMazeMaxSteps = 500;

enum class MazeResult {
  kOutOfSteps,
  kAllLocksOpen,  // the bug
};

// Plays one game from the beginning to the end. Each gate reached and each
// lock opened is a milestone.
MazeResult PlayMaze(Random& random);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_MAZE_H_
