// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/maze.h"

#include <bitset>

#include "sim/assertions/assertions.h"

namespace moonpool {
namespace {

using Locks = std::bitset<kMazeLocks>;

// Tries the gates of a closed lock, one after the other.
void TryLock(size_t lock, Locks& open, Random& random) {
  const size_t already_open = open.count();
  for (int depth = 1; depth <= kMazeGates; ++depth) {
    ASSERT_SOMETIMES_EACH(
        "gate", {{"lock", lock}, {"depth", depth}, {"locks", already_open}});
    if (!random.Chance({5, 100})) return;
  }
  open.set(lock);
  ASSERT_SOMETIMES_EACH("lock opens",
                        {{"lock", lock}, {"locks", already_open}});
}

}  // namespace

MazeResult PlayMaze(Random& random) {
  Locks open;
  for (int step = 1; step <= kMazeMaxSteps; ++step) {
    random.Next();  // where to look next; it changes nothing
    // A lock opened in this step counts for the later ones at once.
    if (!open[0]) TryLock(0, open, random);
    if (open[0] && !open[1]) TryLock(1, open, random);
    if (!open[2]) TryLock(2, open, random);
    if (open[0] && open[2] && !open[3]) TryLock(3, open, random);
    if (open.all()) {
      ASSERT_SOMETIMES(true, "all locks open");
      return MazeResult::kAllLocksOpen;
    }
  }
  return MazeResult::kOutOfSteps;
}

}  // namespace moonpool
