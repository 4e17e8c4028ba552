// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What a SimulationBuilder gathers; internal to the runner.
#ifndef MOONPOOL_SIM_RUNNER_CONFIG_H_
#define MOONPOOL_SIM_RUNNER_CONFIG_H_

#include <functional>
#include <list>
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
    WorkloadFactory factory;
    ClientId client_id = ClientId::Fixed(0);
  };

  std::list<ProcessOptions> processes;  // of stable address
  std::vector<WorkloadEntry> workloads;
  ChaosProfile chaos = ChaosProfile::Off();
  std::optional<AttritionOptions> attrition;
  std::vector<std::function<std::unique_ptr<FaultInjector>()>> faults;
  std::vector<std::unique_ptr<moonpool::Invariant>> invariants;
  std::vector<std::pair<std::string, EventFunction>> on_event;
  PhaseConfig phases;
  std::optional<NetworkOptions> network;
  std::optional<DiskOptions> disks;
  ReadyOrder order = ReadyOrder::kRandom;
  std::function<void(uint64_t)> before_iteration;

  std::vector<uint64_t> seeds;
  uint64_t base_seed = 1;
  IterationControl control;
  bool fail_fast = false;
  bool stop_at_violation = false;
  absl::Duration run_time_budget = absl::Hours(1);
  absl::Duration wall_clock_limit = absl::Minutes(1);
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_CONFIG_H_
