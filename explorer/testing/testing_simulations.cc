// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Simulations that fail in known ways, for simulation_test_test.
#include <signal.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/testing/simulation_test.h"
#include "gtest/gtest.h"
#include "sim/assertions/assertions.h"
#include "sim/chaos/profile.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"
#include "sim/runner/workload.h"

namespace moonpool {
namespace {

// Fails in one seed of `odds`, after 1.5 s.
class Dice final : public Workload {
 public:
  explicit Dice(uint64_t odds) : odds_(odds) {}
  absl::string_view name() const override { return "dice"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    co_await ctx.time().Sleep(absl::Milliseconds(1500));
    const bool unlucky = odds_ > 0 && ctx.random().Below(odds_) == 0;
    ASSERT_ALWAYS(!unlucky, "the dice are kind");
    co_return absl::OkStatus();
  }

 private:
  uint64_t odds_;
};

SimulationBuilder Simulation(uint64_t odds) {
  return SimulationBuilder().Workload(std::make_unique<Dice>(odds));
}

SIMULATION_TEST(Calm, Passes) { return Simulation(0).Iterations(5); }

// A suite may mix both kinds.
TEST(Calm, IsOrdinary) {}

SIMULATION_TEST(Dice, Unlucky, .iterations = 40) { return Simulation(4); }

SIMULATION_TEST(Dice, AlwaysUnlucky) {
  return Simulation(1).Seeds({7, 8}).Iterations(30);
}

SIMULATION_TEST(Dice, InChaos) {
  return Simulation(1).Chaos(ChaosProfile::Mild()).Iterations(3);
}

SIMULATION_TEST(Dice, InParts, .iterations = 40, .parts = 3) {
  return Simulation(4);
}

// Dies, by a signal, in one seed of three.
class Mortal final : public Workload {
 public:
  explicit Mortal(int signal) : signal_(signal) {}
  absl::string_view name() const override { return "mortal"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    if (ctx.random().Below(3) == 0) raise(signal_);
    co_return absl::OkStatus();
  }

 private:
  int signal_;
};

SIMULATION_TEST(Death, ByAbort, .iterations = 40) {
  return SimulationBuilder().Workload(std::make_unique<Mortal>(SIGABRT));
}
SIMULATION_TEST(Death, ByTimeout, .iterations = 40) {
  return SimulationBuilder().Workload(std::make_unique<Mortal>(SIGTERM));
}
TEST(Death, OutsideOfASimulation) { raise(SIGABRT); }

// Linked in and never reached.
class Unreached final : public Workload {
 public:
  absl::string_view name() const override { return "unreached"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    if (ctx.shutdown().is_cancelled()) {
      ASSERT_SOMETIMES(true, "a shutdown comes early");
    }
    co_return absl::OkStatus();
  }
};

SIMULATION_TEST(Misses, Warn) {
  return SimulationBuilder().Workload(std::make_unique<Unreached>());
}
SIMULATION_TEST(Misses, Fail, .misses_fail = true) {
  return SimulationBuilder().Workload(std::make_unique<Unreached>());
}

}  // namespace
}  // namespace moonpool
