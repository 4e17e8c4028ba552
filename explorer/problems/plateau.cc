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

// A hall with eight doors and small rooms behind seven of them, all worth a
// mark. Behind the eighth a corridor of 30 steps, each survived nine times in
// ten and none worth a mark, and the bug at its end.
struct Plateau {
  bool has_bug;

  Task<void> Play(SimContext& ctx) const {
    co_await ctx.time().Sleep(kGameStep);
    const uint64_t door = ctx.random().Below(8);
    ASSERT_SOMETIMES_EACH("a door is opened", {{"door", door}});
    if (door != 0) {
      for (int64_t step = 0; step < kSteps; ++step) {
        co_await ctx.time().Sleep(kGameStep);
        ASSERT_SOMETIMES_EACH("a room is seen",
                              {{"door", door},
                               {"step", step / 10},
                               {"room", ctx.random().Below(16)}});
      }
      co_return;
    }
    for (int step = 0; step < kSteps; ++step) {
      co_await ctx.time().Sleep(kGameStep);
      if (!ctx.random().Chance({9, 10})) co_return;
    }
    ASSERT_ALWAYS(!has_bug, "the corridor has no end");
  }

  static constexpr int kSteps = 30;
};

}  // namespace

REGISTER_CAMPAIGN(plateau, "A bug behind 30 steps without a discovery") {
  return OnePlayer(Plateau{HasBug(params, "end")});
}

}  // namespace moonpool::problems
