// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// ChaosDriver: starts and stops what a ChaosPlan holds: the random faults of
// the network, of every disk and clock, buggify, pauses and power losses.
// Internal to the runner.
#ifndef MOONPOOL_SIM_RUNNER_CHAOS_DRIVER_H_
#define MOONPOOL_SIM_RUNNER_CHAOS_DRIVER_H_

#include "providers/coro/task_set.h"
#include "sim/chaos/buggify.h"
#include "sim/chaos/plan.h"
#include "sim/core/drawn_wait.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"
#include "sim/runner/attrition.h"
#include "sim/runner/cluster.h"

namespace moonpool {

class ChaosDriver {
 public:
  // All outlive the driver. budget says whom power losses may hit; without one
  // there are none, and a pause hits one process at a time.
  ChaosDriver(const ChaosPlan* plan, World* world, Cluster* cluster,
              Buggify* buggify, const AttritionOptions* budget);
  ChaosDriver(const ChaosDriver&) = delete;

  // May be called again after Stop.
  void Start();
  // No fault of the plan is on, pending, or begins any more.
  void Stop();

 private:
  void DisturbClocks();
  // About so long, never at once.
  DrawnSleep WaitAbout(absl::Duration mean) {
    return DrawnSleep(world_, &random_, {mean / 2, mean * 3 / 2});
  }
  Task<void> StepClocks();
  Task<void> PauseProcesses();
  Task<void> CutPower();

  const ChaosPlan* plan_;
  World* world_;
  Cluster* cluster_;
  Buggify* buggify_;
  const AttritionOptions* budget_;
  RandomStream random_;
  TaskSet tasks_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_CHAOS_DRIVER_H_
