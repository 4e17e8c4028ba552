// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The faults that come by themselves, without traffic: random partitions and
// swizzle-clogging. Each driver has one event, which is pending only while its
// fault is on; stopping opens what it has closed.
//
// Determinism: the streams "partitions" and "swizzle"; machines in the order of
// their addresses.
#ifndef MOONPOOL_SIM_NETWORK_CHAOS_H_
#define MOONPOOL_SIM_NETWORK_CHAOS_H_

#include <vector>

#include "absl/time/time.h"
#include "providers/time.h"
#include "sim/core/rng.h"
#include "sim/network/fabric.h"

namespace moonpool::network_internal {

class PartitionDriver final : public TimedEvent {
 public:
  explicit PartitionDriver(Fabric* fabric);
  ~PartitionDriver();

  // As fabric->faults says. REQUIRES: stopped.
  void Start();
  void Stop();
  void Fire() override;

 private:
  void ScheduleNext();
  // Marks those on the one side; false if one side would be empty.
  bool Divide(size_t machines, std::vector<bool>& side);
  void Begin();
  void End();

  Fabric* fabric_;
  RandomStream random_;
  bool lasts_ = false;
};

// After FoundationDB's "swizzled" clogging: half the machines lose the network
// one after another and get it back in another order.
class SwizzleDriver final : public TimedEvent {
 public:
  explicit SwizzleDriver(Fabric* fabric);
  ~SwizzleDriver();

  // As fabric->faults says. REQUIRES: stopped.
  void Start();
  void Stop();
  void Fire() override;

 private:
  struct Step {
    Machine* machine;
    bool clogs;
  };
  void ScheduleNext();
  void Plan();
  void Shuffle(std::vector<Machine*>& machines);
  void Take(const Step& step);

  Fabric* fabric_;
  RandomStream random_;
  std::vector<Step> steps_;  // to be taken from the back
  std::vector<Machine*> clogged_;
};

}  // namespace moonpool::network_internal

#endif  // MOONPOOL_SIM_NETWORK_CHAOS_H_
