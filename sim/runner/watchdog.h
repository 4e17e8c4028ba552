// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Watchdog: ends the program when one iteration takes too much real time, with
// the seed: no other guard sees a task that loops without awaiting. Internal
// to the runner; uses SIGALRM while it lives.
#ifndef MOONPOOL_SIM_RUNNER_WATCHDOG_H_
#define MOONPOOL_SIM_RUNNER_WATCHDOG_H_

#include <csignal>
#include <cstdint>

#include "absl/time/time.h"

namespace moonpool {

class Watchdog {
 public:
  explicit Watchdog(absl::Duration limit);
  Watchdog(const Watchdog&) = delete;
  ~Watchdog();

  // An iteration begins. It may take between one and one and a half times the
  // limit.
  void BeginIteration(uint64_t seed);

 private:
  struct sigaction previous_ = {};
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_WATCHDOG_H_
