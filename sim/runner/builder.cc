// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/builder.h"

#include <utility>

#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/core/arena.h"
#include "sim/runner/config.h"
#include "sim/runner/iteration.h"
#include "sim/runner/run.h"

namespace moonpool {

SimulationBuilder::SimulationBuilder() : config_(std::make_shared<Config>()) {}

SimulationBuilder& SimulationBuilder::Processes(ProcessOptions options) {
  CHECK(options.factory != nullptr) << "Processes needs a factory";
  for (const TagDimension& dimension : options.tags) {
    CHECK(!dimension.values.empty())
        << "tag " << dimension.key << " has no values";
  }
  config_->processes.push_back(std::move(options));
  return *this;
}

SimulationBuilder& SimulationBuilder::Workload(
    std::unique_ptr<moonpool::Workload> workload, ClientId id) {
  CHECK(workload != nullptr);
  Config::WorkloadEntry entry;
  entry.instance = std::move(workload);
  entry.client_id = id;
  config_->workloads.push_back(std::move(entry));
  return *this;
}

SimulationBuilder& SimulationBuilder::Workloads(CountRange count,
                                                WorkloadFactory factory,
                                                ClientId id) {
  CHECK(factory != nullptr) << "Workloads needs a factory";
  Config::WorkloadEntry entry;
  entry.count = count;
  entry.factory = std::move(factory);
  entry.client_id = id;
  config_->workloads.push_back(std::move(entry));
  return *this;
}

SimulationBuilder& SimulationBuilder::Chaos(ChaosProfile profile) {
  config_->chaos = std::move(profile);
  return *this;
}
SimulationBuilder& SimulationBuilder::Attrition(AttritionOptions options) {
  config_->attrition = std::move(options);
  return *this;
}
SimulationBuilder& SimulationBuilder::Fault(
    std::function<std::unique_ptr<FaultInjector>()> factory) {
  config_->faults.push_back(std::move(factory));
  return *this;
}
SimulationBuilder& SimulationBuilder::Phases(PhaseConfig phases) {
  config_->phases = phases;
  return *this;
}
SimulationBuilder& SimulationBuilder::ChaosDuration(absl::Duration duration) {
  config_->phases.chaos_duration = duration;
  return *this;
}
SimulationBuilder& SimulationBuilder::Invariant(std::string name,
                                                InvariantFunction check) {
  class Function final : public moonpool::Invariant {
   public:
    Function(std::string name, InvariantFunction check)
        : name_(std::move(name)), check_(std::move(check)) {}
    absl::string_view name() const override { return name_; }
    void Check(const StateHandle& state, absl::Duration now) override {
      check_(state, now);
    }

   private:
    const std::string name_;
    const InvariantFunction check_;
  };
  return Invariant(
      std::make_unique<Function>(std::move(name), std::move(check)));
}
SimulationBuilder& SimulationBuilder::Invariant(
    std::unique_ptr<moonpool::Invariant> invariant) {
  CHECK(invariant != nullptr);
  config_->invariants.push_back(std::move(invariant));
  return *this;
}
SimulationBuilder& SimulationBuilder::OnEvent(std::string name,
                                              EventFunction check) {
  config_->on_event.emplace_back(std::move(name), std::move(check));
  return *this;
}
SimulationBuilder& SimulationBuilder::Network(NetworkOptions options) {
  config_->network = options;
  return *this;
}
SimulationBuilder& SimulationBuilder::Disks(DiskOptions options) {
  config_->disks = options;
  return *this;
}
SimulationBuilder& SimulationBuilder::Order(ReadyOrder order) {
  config_->order = order;
  return *this;
}
SimulationBuilder& SimulationBuilder::Seeds(std::vector<uint64_t> seeds) {
  config_->seeds = std::move(seeds);
  return *this;
}
SimulationBuilder& SimulationBuilder::BaseSeed(uint64_t seed) {
  config_->base_seed = seed;
  return *this;
}
SimulationBuilder& SimulationBuilder::BeforeIteration(
    std::function<void(uint64_t)> hook) {
  config_->before_iteration = std::move(hook);
  return *this;
}
SimulationBuilder& SimulationBuilder::Control(IterationControl control) {
  using Kind = IterationControl::Kind;
  if (control.kind != Kind::kSeeds && control.kind != Kind::kTimeLimit) {
    CHECK_GT(control.max_iterations, 0);
  }
  if (control.kind == Kind::kCoverageStable) {
    CHECK_GT(control.plateau_seeds, 0);
  }
  config_->control = control;
  return *this;
}
SimulationBuilder& SimulationBuilder::FailFast(bool fail_fast) {
  config_->fail_fast = fail_fast;
  return *this;
}
SimulationBuilder& SimulationBuilder::RunTimeBudget(absl::Duration budget) {
  config_->run_time_budget = budget;
  return *this;
}
SimulationBuilder& SimulationBuilder::StopAtViolation(bool stop) {
  config_->stop_at_violation = stop;
  return *this;
}

SimulationBuilder& SimulationBuilder::WallClockLimit(absl::Duration limit) {
  config_->wall_clock_limit = limit;
  return *this;
}

uint64_t SimulationBuilder::base_seed() const { return config_->base_seed; }

uint64_t SimulationBuilder::SeedOf(int index) const {
  const size_t at = static_cast<size_t>(index);
  if (at < config_->seeds.size()) return config_->seeds[at];
  return Combine64(config_->base_seed, at);
}

SimulationReport SimulationBuilder::Run() { return RunAll(*this, *config_); }

IterationResult SimulationBuilder::RunIteration(uint64_t seed,
                                                IterationHooks* hooks) {
  if (config_->before_iteration != nullptr) config_->before_iteration(seed);
  Arena::Scope in_world;
  Iteration iteration(config_.get(), seed, hooks);
  return iteration.Run();
}

}  // namespace moonpool
