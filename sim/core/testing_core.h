// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What tests of sim/core share: programs to run in a world, and a law of
// chance.
#ifndef MOONPOOL_SIM_CORE_TESTING_CORE_H_
#define MOONPOOL_SIM_CORE_TESTING_CORE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/coro/wait_list.h"
#include "providers/time.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"
#include "sim/core/world.h"

namespace moonpool {

// Pearson's statistic against the uniform law.
template <typename Counts>
double ChiSquare(const Counts& counts) {
  double total = 0, cells = 0;
  for (double count : counts) total += count, ++cells;
  double sum = 0;
  for (double count : counts) {
    sum += (count - total / cells) * (count - total / cells);
  }
  return sum / (total / cells);
}

inline void RunAll(World* world) {
  while (world->Turn()) {
  }
}

inline Task<absl::Status> SleepFor(Time* time, absl::Duration delay) {
  co_await time->Sleep(delay);
  co_return absl::OkStatus();
}

// A small busy program: sleeping, time-outs, drawing, waking.
struct BusyRun {
  explicit BusyRun(uint64_t seed, int length, bool extra = false)
      : world(WorldOptions{.seed = seed}), time(&world) {
    for (int i = 0; i < 5; ++i) {
      tasks.Spawn([this, i, length]() -> Task<void> {
        RandomStream random(&world.random(), "busy", i);
        for (int j = 0; j < length; ++j) {
          co_await time.Sleep(
              random.Range(absl::ZeroDuration(), absl::Microseconds(3)));
          list.WakeOne();
          (void)co_await time.Timeout(
              absl::Nanoseconds(random.Below(50)),
              SleepFor(&time, absl::Nanoseconds(random.Below(50))));
        }
      });
    }
    RunAll(&world);
    if (extra) world.Trace(TraceKind::kDisk, 1, 2);
  }
  World world;
  SimTime time;
  WaitList list;
  TaskSet tasks;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CORE_TESTING_CORE_H_
