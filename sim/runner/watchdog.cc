// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/watchdog.h"

#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "providers/base/check.h"

namespace moonpool {
namespace {

// Two ticks a limit; the third one within an iteration ends the program.
constexpr int kTicks = 3;
std::atomic<uint64_t> current_seed;
std::atomic<int> ticks;

void OnTick(int) {
  if (++ticks < kTicks) return;
  char text[200];
  const int size = std::snprintf(
      text, sizeof(text),
      "moonpool: the iteration of seed %llu takes too much real time: a task "
      "loops without awaiting, or raise WallClockLimit\n",
      static_cast<unsigned long long>(current_seed.load()));
  (void)!write(STDERR_FILENO, text, static_cast<size_t>(size));
  std::abort();
}

void SetTimer(absl::Duration interval) {
  itimerval timer = {};
  timer.it_interval = absl::ToTimeval(interval);
  timer.it_value = timer.it_interval;
  CHECK(setitimer(ITIMER_REAL, &timer, nullptr) == 0) << "setitimer";
}

}  // namespace

Watchdog::Watchdog(absl::Duration limit) {
  CHECK(limit >= absl::Milliseconds(1)) << "WallClockLimit is too short";
  struct sigaction action = {};
  action.sa_handler = OnTick;
  action.sa_flags = SA_RESTART;
  CHECK(sigaction(SIGALRM, &action, &previous_) == 0) << "sigaction";
  SetTimer(limit / 2);
}

Watchdog::~Watchdog() {
  SetTimer(absl::ZeroDuration());
  sigaction(SIGALRM, &previous_, nullptr);
}

void Watchdog::BeginIteration(uint64_t seed) {
  current_seed.store(seed, std::memory_order_relaxed);
  ticks.store(0, std::memory_order_relaxed);
}

}  // namespace moonpool
