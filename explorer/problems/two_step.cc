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

// The original Moonpool's planted bug: a first gate that is always open, then
// two of one in ten.
struct TwoStep {
  bool has_bug;

  Task<void> Play(SimContext& ctx) const {
    for (int64_t gate = 1; gate <= 3; ++gate) {
      co_await ctx.time().Sleep(kGameStep);
      const bool opens = gate == 1 || ctx.random().Chance({1, 10});
      ASSERT_SOMETIMES_EACH("a step is taken",
                            {{"gate", gate}, {"opens", opens}});
      if (!opens) co_return;
    }
    ASSERT_ALWAYS(!has_bug, "two steps in a row fail");
  }
};

}  // namespace

REGISTER_CAMPAIGN(two_step, "Two steps of 1/10 behind a free one") {
  return OnePlayer(TwoStep{HasBug(params, "planted")});
}

}  // namespace moonpool::problems
