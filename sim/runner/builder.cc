// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/builder.h"

#include <algorithm>
#include <utility>

#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/assertions/table.h"
#include "sim/core/arena.h"
#include "sim/runner/config.h"
#include "sim/runner/iteration.h"

namespace moonpool {

SimulationBuilder::SimulationBuilder() : config_(std::make_shared<Config>()) {}

SimulationBuilder& SimulationBuilder::Processes(ProcessOptions options) {
  CHECK(options.factory != nullptr) << "Processes needs a factory";
  for (const TagDimension& dimension : options.tags) {
    CHECK(!dimension.values.empty())
        << "tag " << dimension.key << " has no values";
  }
  config_->processes = std::move(options);
  return *this;
}

SimulationBuilder& SimulationBuilder::Workload(
    std::unique_ptr<moonpool::Workload> workload) {
  CHECK(workload != nullptr);
  Config::WorkloadEntry entry;
  entry.instance = std::move(workload);
  config_->workloads.push_back(std::move(entry));
  return *this;
}

SimulationBuilder& SimulationBuilder::Workloads(
    CountRange count,
    std::function<std::unique_ptr<moonpool::Workload>(int)> factory) {
  CHECK(factory != nullptr) << "Workloads needs a factory";
  Config::WorkloadEntry entry;
  entry.count = count;
  entry.factory = std::move(factory);
  config_->workloads.push_back(std::move(entry));
  return *this;
}

SimulationBuilder& SimulationBuilder::Attrition(AttritionOptions options) {
  config_->attrition = options;
  return *this;
}
SimulationBuilder& SimulationBuilder::Fault(
    std::function<std::unique_ptr<FaultInjector>()> factory) {
  config_->faults.push_back(std::move(factory));
  return *this;
}
SimulationBuilder& SimulationBuilder::ChaosDuration(absl::Duration duration) {
  config_->chaos_duration = duration;
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
SimulationBuilder& SimulationBuilder::Iterations(int count) {
  CHECK_GT(count, 0);
  config_->iterations = count;
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

uint64_t SimulationBuilder::SeedOf(int index) const {
  const size_t at = static_cast<size_t>(index);
  if (at < config_->seeds.size()) return config_->seeds[at];
  return Combine64(config_->base_seed, at);
}

SimulationReport SimulationBuilder::Run() {
  AssertionTable& table = AssertionTable::Get();
  for (const std::string& error : table.ContractErrors()) {
    CHECK(false) << error;
  }
  table.ResetCounts();
  SimulationReport report;
  const int iterations = config_->iterations.value_or(
      std::max<int>(1, static_cast<int>(config_->seeds.size())));
  for (int i = 0; i < iterations; ++i) {
    IterationResult result = RunIteration(SeedOf(i));
    ++report.iterations;
    report.events += result.events;
    report.draws += result.draws;
    report.simulated_ns += result.simulated_ns;
    if (result.violations.empty()) continue;
    ++report.failed_iterations;
    if (report.failures.size() < SimulationReport::kMaxFailures) {
      report.failures.push_back(std::move(result));
    }
    if (config_->fail_fast) break;
  }
  report.assertions.assign(table.entries().begin(), table.entries().end());
  report.misses = ValidateAssertions(report.assertions).misses;
  return report;
}

IterationResult SimulationBuilder::RunIteration(uint64_t seed,
                                                IterationHooks* hooks) {
  Arena::Scope in_world;
  Iteration iteration(config_.get(), seed, hooks);
  return iteration.Run();
}

}  // namespace moonpool
