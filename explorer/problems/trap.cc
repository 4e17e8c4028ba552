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

// Half of the runs turn left, where each step shows scenery that nobody has
// seen before, for ever, and nothing else. The others look into a room at each
// of 20 steps, one of which in a thousand is haunted; rooms are no marks.
struct Trap {
  bool has_bug;

  Task<void> Play(SimContext& ctx) const {
    co_await ctx.time().Sleep(kGameStep);
    const bool left = ctx.random().Chance({1, 2});
    ASSERT_SOMETIMES_EACH("a way is chosen", {{"left", left}});
    for (int step = 0; step < kSteps; ++step) {
      co_await ctx.time().Sleep(kGameStep);
      const uint64_t view = ctx.random().Next();
      if (left) {
        ASSERT_SOMETIMES_EACH("scenery", {{"view", view % kViews}});
      } else {
        ASSERT_ALWAYS(!has_bug || view % kRooms != 0, "no room is haunted");
      }
    }
  }

  static constexpr int kSteps = 20;
  static constexpr uint64_t kViews = uint64_t{1} << 18;
  static constexpr uint64_t kRooms = 1000;
};

}  // namespace

REGISTER_CAMPAIGN(trap, "New scenery for ever, and the bug elsewhere") {
  return OnePlayer(Trap{HasBug(params, "haunted")});
}

}  // namespace moonpool::problems
