// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// PhaseConfig: when chaos begins and ends, and what is expected afterwards.
//
//   set-up | warm-up | chaos | recovery | quiet | check | teardown
//
// Workloads run from the warm-up to the end of the recovery. Whatever the
// durations, recovery is over when all workloads are done and every process is
// up, and checks find the system alive.
#ifndef MOONPOOL_SIM_RUNNER_PHASES_H_
#define MOONPOOL_SIM_RUNNER_PHASES_H_

#include <optional>

#include "absl/time/time.h"

namespace moonpool {

struct PhaseConfig {
  // The workloads run so long before chaos begins.
  absl::Duration warm_up = absl::ZeroDuration();
  // Unset: until the workloads are done.
  std::optional<absl::Duration> chaos_duration;
  // So long after chaos the workloads are asked to stop (ctx.shutdown()).
  // Unset: they end by themselves.
  std::optional<absl::Duration> recovery_duration;
  // If they are not done so long after chaos (and recovery_duration), the
  // system is not live: a failure.
  absl::Duration liveness_deadline = absl::Minutes(10);
  // Nothing but the processes runs so long before the checks.
  absl::Duration quiet = absl::ZeroDuration();
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_PHASES_H_
