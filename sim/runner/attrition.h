// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Attrition: random reboots while chaos lasts, within a budget that keeps the
// system able to do its work.
#ifndef MOONPOOL_SIM_RUNNER_ATTRITION_H_
#define MOONPOOL_SIM_RUNNER_ATTRITION_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sim/chaos/plan.h"
#include "sim/runner/fault_injector.h"
#include "sim/runner/reboot.h"

namespace moonpool {

struct AttritionOptions {
  // Never more processes dead at once; paused ones count.
  int max_dead = 1;
  // Weights; all zero means always crash.
  double prob_graceful = 0.3;
  double prob_crash = 0.5;
  double prob_wipe = 0.2;
  double prob_power_loss = 0;
  RebootDelays delays = {};
  // Between two attempts.
  absl::Duration interval_min = absl::Seconds(1);
  absl::Duration interval_max = absl::Seconds(5);
  // What goes down together: one process, or all those up in a domain. A
  // domain that does not fit into the budget as a whole is left alone.
  std::optional<DomainLevel> scope;
  // Whether the system may live with exactly these processes dead: those dead
  // already and the next victims. Asked in addition to max_dead; a quorum or
  // placement policy goes here.
  std::function<bool(const std::vector<std::string>& dead)> can_kill;
};

// Whether these victims, on top of those that are dead already, stay within
// max_dead and can_kill.
bool WithinBudget(const AttritionOptions& options, const FaultContext& ctx,
                  const std::vector<std::string>& victims);

std::unique_ptr<FaultInjector> MakeAttrition(const AttritionOptions& options,
                                             const AttritionMask& mask);

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_ATTRITION_H_
