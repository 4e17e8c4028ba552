// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/checkpoint/orders.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sim/core/arena.h"

namespace moonpool::explorer {
namespace {

// A runner looks so often for its next order before it sleeps: orders mostly
// come in less time than falling asleep and waking up takes.
constexpr int kSpins = 200;
// Of a busy runner: to ask for the CPU time takes as long as several events.
constexpr uint32_t kMeasureEvery = 8;

void FutexWait(const std::atomic<uint32_t>* word, uint32_t seen) {
  syscall(SYS_futex, reinterpret_cast<const uint32_t*>(word), FUTEX_WAIT, seen,
          nullptr, nullptr, 0);
}

void FutexWake(std::atomic<uint32_t>* word) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(word), FUTEX_WAKE, 1, nullptr,
          nullptr, 0);
}

// Returns how many orders it had before.
uint32_t Append(OrderRing& orders, uint32_t order) {
  const uint32_t ordered = orders.ordered.load(std::memory_order_relaxed);
  orders.ring[ordered % OrderRing::kSize] = order;
  orders.ordered.store(ordered + 1);
  return ordered;
}

}  // namespace

void Order(Region* region, int32_t checkpoint, uint32_t job_slot) {
  OrderRing& orders = region->checkpoint_orders[checkpoint];
  Append(orders, job_slot);
  FutexWake(&orders.ordered);
}

void OrderRunner(Region* region, uint32_t runner) {
  Order(region, kNursery, kRunnerOrder + runner);
}

void ReturnWorker(Region* region) {
  region->free_workers.fetch_add(1);
  if (region->wait_for_worker.load() > 0) FutexWake(&region->free_workers);
}

void OrderJob(Region* region, uint32_t runner, uint32_t job_slot) {
  OrderRing& orders = region->runner_orders[runner];
  const uint32_t ordered = Append(orders, job_slot);
  // One that has something to do looks for more before it sleeps.
  if (region->runners[runner].done.load() == ordered) FutexWake(&orders.ordered);
}

uint32_t AwaitOrder(const Region& region, int32_t checkpoint) {
  const OrderRing& orders = region.checkpoint_orders[checkpoint];
  const uint32_t taken = region.checkpoints[checkpoint].taken;
  for (;;) {
    const uint32_t ordered = orders.ordered.load(std::memory_order_acquire);
    if (ordered != taken) return orders.ring[taken % OrderRing::kSize];
    FutexWait(&orders.ordered, ordered);
  }
}

uint64_t RunnerPost::CpuNs() {
  Arena::OutsideScope outside;  // inside it would be the world's
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 +
         static_cast<uint64_t>(now.tv_nsec);
}

void RunnerPost::Measure(uint32_t done) {
  slot_->cpu_ns.store(CpuNs() - slot_->left_out_ns, std::memory_order_relaxed);
  slot_->measured_steps.store(slot_->steps, std::memory_order_relaxed);
  slot_->measured.store(done, std::memory_order_relaxed);
}

uint32_t RunnerPost::NextJob() {
  const uint32_t done = slot_->done.load(std::memory_order_relaxed);
  for (int spins = 0;; ++spins) {
    const uint32_t ordered = orders_->ordered.load(std::memory_order_acquire);
    if (ordered != done) break;
    if (spins >= kSpins) FutexWait(&orders_->ordered, ordered);
  }
  if (slot_->has_worker.load() == 0) WaitForWorker();
  return orders_->ring[done % OrderRing::kSize];
}

void RunnerPost::WaitForWorker() {
  while (!region_->TakeWorker()) {
    slot_->waits_for_worker.store(1);
    region_->wait_for_worker.fetch_add(1);
    FutexWait(&region_->free_workers, 0);
    region_->wait_for_worker.fetch_sub(1);
    slot_->waits_for_worker.store(0);
  }
  slot_->has_worker.store(1);
}

void RunnerPost::Done(uint64_t steps, bool is_last) {
  const uint32_t done = 1 + slot_->done.load();
  slot_->steps += steps;
  // Who has nothing to do must have no worker.
  bool is_idle = orders_->ordered.load() == done || is_last;
  if (is_idle) {
    slot_->has_worker.store(0);
    is_idle = region_->wait_for_worker.load() == 0;
    ReturnWorker(region_);
  }
  if (is_idle || done <= kMeasureEvery || done % kMeasureEvery == 0) {
    Measure(done);
  }
  slot_->done.store(done);
  const uint64_t all = 1 + region_->jobs_done.fetch_add(1);
  if ((is_idle || all >= region_->wake_at.load()) &&
      region_->coordinator_sleeps.load() != 0 &&
      region_->coordinator_sleeps.exchange(0) != 0) {
    kill(region_->coordinator_pid, kRunnerSignal);
  }
}

}  // namespace moonpool::explorer
