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
  config_->invariants.emplace_back(std::move(name), std::move(check));
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
SimulationBuilder& SimulationBuilder::Iterations(int count) {
  CHECK_GT(count, 0);
  config_->control = {.kind = IterationControl::Kind::kCount, .count = count};
  return *this;
}
SimulationBuilder& SimulationBuilder::TimeLimit(absl::Duration wall_time) {
  config_->control = {.kind = IterationControl::Kind::kTimeLimit,
                      .time_limit = wall_time};
  return *this;
}
SimulationBuilder& SimulationBuilder::UntilAllSometimesReached(
    int max_iterations) {
  CHECK_GT(max_iterations, 0);
  config_->control = {.kind = IterationControl::Kind::kAllReached,
                      .count = max_iterations};
  return *this;
}
SimulationBuilder& SimulationBuilder::UntilCoverageStable(int plateau_seeds,
                                                          int max_iterations) {
  CHECK_GT(plateau_seeds, 0);
  CHECK_GT(max_iterations, 0);
  config_->control = {.kind = IterationControl::Kind::kCoverageStable,
                      .count = max_iterations,
                      .plateau_seeds = plateau_seeds};
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
