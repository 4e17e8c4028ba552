// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Campaigns of one workload whose dice decide about its end. With
// --param at=N it happens at a six in step N (default 3), else nothing does.
#include <csignal>
#include <cstdlib>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "providers/providers.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"
#include "sim/runner/workload.h"

namespace moonpool {
namespace {

constexpr int kSteps = 10;

class Dice final : public Workload {
 public:
  using Disaster = void (*)();
  Dice(int64_t at, Disaster disaster) : at_(at), disaster_(disaster) {}

  absl::string_view name() const override { return "dice"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    for (int64_t step = 0; step < kSteps; ++step) {
      co_await ctx.time().Sleep(absl::Milliseconds(10));
      const bool six = ctx.random().Below(6) == 5;
      ASSERT_SOMETIMES(six, "a six");
      if (six && step == at_) disaster_();
    }
    co_return absl::OkStatus();
  }

 private:
  const int64_t at_;
  const Disaster disaster_;
};

SimulationBuilder Simulation(const CampaignParams& params,
                             Dice::Disaster disaster) {
  const int64_t at = params.Int("at", 3, "the step that goes wrong");
  SimulationBuilder builder;
  builder.Workload(std::make_unique<Dice>(at, disaster));
  return builder;
}

}  // namespace

REGISTER_CAMPAIGN(fails, "Violates an assertion at an unlucky step") {
  return Simulation(params, [] {
    ASSERT_ALWAYS(false, "no six at the unlucky step", {"bytes", "\xff\n"});
  });
}

REGISTER_CAMPAIGN(crashes, "Dies of a signal at an unlucky step") {
  return Simulation(params, [] { raise(SIGSEGV); });
}

REGISTER_CAMPAIGN(exits, "Calls exit at an unlucky step") {
  return Simulation(params, [] { _Exit(7); });
}

REGISTER_CAMPAIGN(hangs, "Loops for ever at an unlucky step") {
  return Simulation(params, [] {
    for (volatile bool forever = true; forever;) {
    }
  });
}

}  // namespace moonpool
