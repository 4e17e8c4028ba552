// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Process: a server of the system under test. The simulation may kill it at
// any await; a fresh instance is made at every boot, so members hold only what
// may be lost. What must survive goes through ctx.storage().
#ifndef MOONPOOL_SIM_RUNNER_PROCESS_H_
#define MOONPOOL_SIM_RUNNER_PROCESS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "providers/coro/task.h"
#include "sim/runner/context.h"

namespace moonpool {

class Process {
 public:
  virtual ~Process() = default;
  virtual absl::string_view name() const = 0;
  // Runs the server until ctx.shutdown() is cancelled. An error, or an
  // exception that leaves it, is a failure of the iteration. Returning OK
  // early leaves the machine idle until its next reboot.
  virtual Task<absl::Status> Run(SimContext& ctx) = 0;
};

enum class RebootKind {
  kGraceful,      // shutdown token, grace period, connections end with FIN
  kCrash,         // at once; connections reset, unsynced writes lost
  kCrashAndWipe,  // the disk is lost too
};
absl::string_view RebootKindName(RebootKind kind);

// Random reboots while chaos lasts. The prob_ fields are weights; all zero
// means always crash.
struct AttritionOptions {
  int max_dead = 1;  // never more processes down at once
  double prob_graceful = 0.3;
  double prob_crash = 0.5;
  double prob_wipe = 0.2;
  absl::Duration recovery_delay_min = absl::Seconds(1);
  absl::Duration recovery_delay_max = absl::Seconds(10);
  absl::Duration grace_period_min = absl::Seconds(2);
  absl::Duration grace_period_max = absl::Seconds(5);
  // Between two attempts.
  absl::Duration interval_min = absl::Seconds(1);
  absl::Duration interval_max = absl::Seconds(5);
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_PROCESS_H_
