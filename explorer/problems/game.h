// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The games of the problem set: one player each, no network, so that the
// chance of each way through is known exactly and a run costs microseconds.
// lock_gates and two_step reward splitting; trap, plateau and decoy punish a
// search that believes every promise. README.md has the chances.
//
//   struct Coin {
//     bool has_bug;
//     Task<void> Play(SimContext& ctx) const {
//       co_await ctx.time().Sleep(kGameStep);
//       ASSERT_ALWAYS(!has_bug || ctx.random().Chance({1, 2}), "no tails");
//     }
//   };
//   REGISTER_CAMPAIGN(coin, "...") {
//     return OnePlayer(Coin{HasBug(params, "tails")});
//   }
//
// Determinism: a game draws once for each decision that its comment names.
#ifndef MOONPOOL_EXPLORER_PROBLEMS_GAME_H_
#define MOONPOOL_EXPLORER_PROBLEMS_GAME_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "providers/coro/task.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"
#include "sim/runner/workload.h"

namespace moonpool::problems {

// Between two decisions, so that there is a place to split at.
inline constexpr absl::Duration kGameStep = absl::Milliseconds(10);

// A workload that is one function. Its instance keeps nothing between runs.
template <typename Game>
class Player final : public Workload {
 public:
  explicit Player(Game game) : game_(std::move(game)) {}
  absl::string_view name() const override { return "player"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    co_await game_.Play(ctx);
    co_return absl::OkStatus();
  }

 private:
  Game game_;
};

template <typename Game>
SimulationBuilder OnePlayer(Game game) {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<Player<Game>>(std::move(game)))
      .StopAtViolation();
  return builder;
}

// The parameter bug: none, or the one fault that the game has.
inline bool HasBug(const CampaignParams& params, absl::string_view name) {
  return params.Choice("bug", {"none", std::string(name)}, "what is wrong") !=
         "none";
}

}  // namespace moonpool::problems

#endif  // MOONPOOL_EXPLORER_PROBLEMS_GAME_H_
