// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Reboots: the ways in which a process goes down and comes back.
#ifndef MOONPOOL_SIM_RUNNER_REBOOT_H_
#define MOONPOOL_SIM_RUNNER_REBOOT_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sim/core/drawn_wait.h"
#include "sim/runner/process.h"

namespace moonpool {

enum class RebootKind {
  kGraceful,      // shutdown token, grace period, connections end with FIN
  kCrash,         // the process dies at once; connections reset, unsynced
                  // writes lost
  kCrashAndWipe,  // the disk is lost too
  kPowerLoss,     // as kCrash, but nothing is left to reset connections: peers
                  // find out by time-outs, or when the machine is back
};
absl::string_view RebootKindName(RebootKind kind);

// Delays are drawn when they begin, and again by whoever branches meanwhile
// (sim/core/drawn_wait.h). Unset ones: from RebootDelays.
struct RebootOptions {
  RebootKind kind = RebootKind::kCrash;
  std::optional<DurationRange> grace_period;
  std::optional<DurationRange> recovery_delay;
  // Another version of the program, from this boot on.
  ProcessFactory factory;
};

struct RebootDelays {
  absl::Duration recovery_delay_min = absl::Seconds(1);
  absl::Duration recovery_delay_max = absl::Seconds(10);
  // A process that is done before the grace period is over ends it.
  absl::Duration grace_period_min = absl::Seconds(2);
  absl::Duration grace_period_max = absl::Seconds(5);
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_REBOOT_H_
