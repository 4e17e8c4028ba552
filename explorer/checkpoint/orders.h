// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// How the coordinator and the processes that wait for it reach each other: by
// rings of orders and futexes in the region, and by one signal.
#ifndef MOONPOOL_EXPLORER_CHECKPOINT_ORDERS_H_
#define MOONPOOL_EXPLORER_CHECKPOINT_ORDERS_H_

#include <signal.h>

#include <cstdint>

#include "explorer/shared/region.h"

namespace moonpool::explorer {

// A runner wakes the coordinator with it. By default it is ignored; so code
// under test cannot tell that it is blocked.
inline constexpr int kRunnerSignal = SIGURG;

// To build a world is worth so many draws or events.
inline constexpr uint64_t kBuildSteps = 50;

// The coordinator's side.

// Gives an order to the process parked in a checkpoint slot: to run the job in
// this job slot.
void Order(Region* region, int32_t checkpoint, uint32_t job_slot);
// The nursery is to fork a runner with this slot.
void OrderRunner(Region* region, uint32_t runner);
// A worker is free again; a runner may be waiting for it.
void ReturnWorker(Region* region);
// Gives a runner, forked or yet to be forked, a job to run after all others.
void OrderJob(Region* region, uint32_t runner, uint32_t job_slot);

// The side of a parked process: its next order, once there is one. The order
// stays the next one until the process counts it as taken.
uint32_t AwaitOrder(const Region& region, int32_t checkpoint);

// The side of a runner. All it knows is in the region.
class RunnerPost {
 public:
  RunnerPost(Region* region, uint32_t runner)
      : region_(region),
        slot_(&region->runners[runner]),
        orders_(&region->runner_orders[runner]) {}

  // CPU time that is no job's own: up to the snapshot, and later what CpuNs()
  // says has passed since before_ns. That is returned.
  void SetUp() { slot_->cpu_ns.store(CpuNs()); }
  uint64_t LeaveOut(uint64_t before_ns) {
    const uint64_t ns = CpuNs() - before_ns;
    slot_->left_out_ns += ns;
    return ns;
  }

  // The first job that is not done yet, once there is one and a worker for it.
  uint32_t NextJob();
  // That one is done, and has executed so many draws and events. is_last: this
  // process will not run another.
  void Done(uint64_t steps, bool is_last);

  // Of this process. Not the time of day: others may have been running.
  static uint64_t CpuNs();

 private:
  void WaitForWorker();
  // So many are done: what they have cost.
  void Measure(uint32_t done);

  Region* region_;
  RunnerSlot* slot_;
  const OrderRing* orders_;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_CHECKPOINT_ORDERS_H_
