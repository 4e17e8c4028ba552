// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What a SimulationBuilder gathers; internal to the runner.
#ifndef MOONPOOL_SIM_RUNNER_CONFIG_H_
#define MOONPOOL_SIM_RUNNER_CONFIG_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/runner/builder.h"

namespace moonpool {

struct SimulationBuilder::Config {
  struct WorkloadEntry {
    std::unique_ptr<moonpool::Workload> instance;  // or, if null:
    CountRange count = 1;
    std::function<std::unique_ptr<moonpool::Workload>(int)> factory;
  };

  std::optional<ProcessOptions> processes;
  std::vector<WorkloadEntry> workloads;
  std::optional<AttritionOptions> attrition;
  std::vector<std::function<std::unique_ptr<FaultInjector>()>> faults;
  std::vector<std::pair<std::string, InvariantFunction>> invariants;
  std::optional<absl::Duration> chaos_duration;
  NetworkOptions network;
  DiskOptions disks;
  ReadyOrder order = ReadyOrder::kRandom;

  std::vector<uint64_t> seeds;
  uint64_t base_seed = 1;
  std::optional<int> iterations;
  bool fail_fast = false;
  bool stop_at_violation = false;
  absl::Duration run_time_budget = absl::Hours(1);
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_CONFIG_H_
