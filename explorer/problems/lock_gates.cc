// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "explorer/campaign.h"
#include "explorer/problems/game.h"
#include "providers/coro/task.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"

namespace moonpool::problems {
namespace {

// `gates` doors one behind the other, each open once in ten times; a closed
// one ends the run. Behind the last: the bug.
struct LockGates {
  int64_t gates;
  bool milestones;
  bool has_bug;

  Task<void> Play(SimContext& ctx) const {
    for (int64_t gate = 1; gate <= gates; ++gate) {
      co_await ctx.time().Sleep(kGameStep);
      if (!ctx.random().Chance({1, 10})) co_return;
      if (milestones) ASSERT_SOMETIMES_EACH("a gate opens", {{"gate", gate}});
    }
    ASSERT_ALWAYS(!has_bug, "the last gate stays closed", {"gates", gates});
  }
};

}  // namespace

REGISTER_CAMPAIGN(lock_gates, "Gates of 1/10 in a row") {
  LockGates game;
  game.gates = params.Int("gates", 6, "how many gates", {1, 18});
  game.milestones =
      params.Bool("milestones", true, "each gate that opens is a mark");
  game.has_bug = HasBug(params, "open");
  return OnePlayer(game);
}

}  // namespace moonpool::problems
