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

// A coin lies at each of 40 steps; half of them are picked up. More is better,
// says the watermark, but the bug is met by those who end with few.
struct Decoy {
  bool has_bug;

  Task<void> Play(SimContext& ctx) const {
    int64_t coins = 0;
    for (int step = 0; step < kSteps; ++step) {
      co_await ctx.time().Sleep(kGameStep);
      if (ctx.random().Chance({1, 2})) ++coins;
      ASSERT_SOMETIMES_GREATER_THAN(coins, int64_t{30}, "a player gets rich");
    }
    ASSERT_ALWAYS(!has_bug || coins > kPoor, "nobody stays poor",
                  {"coins", coins});
  }

  static constexpr int kSteps = 40;
  static constexpr int64_t kPoor = 12;
};

}  // namespace

REGISTER_CAMPAIGN(decoy, "A watermark that leads away from the bug") {
  return OnePlayer(Decoy{HasBug(params, "poor")});
}

}  // namespace moonpool::problems
