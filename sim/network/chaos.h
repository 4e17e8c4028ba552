// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The faults that come by themselves, without traffic: random partitions and
// swizzle-clogging. Each driver waits for one event, only while
// its fault is on; stopping opens what it has closed.
//
// Determinism: the streams "partitions" and "swizzle"; machines in the order of
// their addresses.
#ifndef MOONPOOL_SIM_NETWORK_CHAOS_H_
#define MOONPOOL_SIM_NETWORK_CHAOS_H_

#include <vector>

#include "absl/time/time.h"
#include "sim/core/drawn_wait.h"
#include "sim/core/rng.h"
#include "sim/network/fabric.h"

namespace moonpool::network_internal {

class PartitionDriver final : private DrawnWait {
 public:
  explicit PartitionDriver(Fabric* fabric);

  // As fabric->faults says. REQUIRES: stopped.
  void Start();
  void Stop();

 private:
  Rest DrawRest(int64_t elapsed_ns) override;
  void OnEnd() override;
  // Marks those on the one side; false if one side would be empty.
  bool Divide(size_t machines, std::vector<bool>& side);
  bool Begin();  // false: nothing to divide
  void End();

  Fabric* fabric_;
  RandomStream random_;
  bool lasts_ = false;
};

// After FoundationDB's "swizzled" clogging: half the machines lose the network
// one after another and get it back in another order.
class SwizzleDriver final : private DrawnWait {
 public:
  explicit SwizzleDriver(Fabric* fabric);

  // As fabric->faults says. REQUIRES: stopped.
  void Start();
  void Stop();

 private:
  struct Step {
    Machine* machine;
    bool clogs;
  };
  Rest DrawRest(int64_t elapsed_ns) override;
  void OnEnd() override;
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
