// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// ChaosProfile: which faults a simulation asks for. The profile is the wish;
// the plan (plan.h) is what a seed makes of it.
//
//   ChaosProfile::Swarm()
//       .Without({FaultFamily::kBitFlip})   // streams have no checksum here
//       .Without(FaultSurface::kClock)
//       .Knobs();
//
//   Off     nothing at all: every chance is zero, the environment is the
//           builder's own. Latency is all there is.
//   Mild    a few families at an intensity that a correct program barely
//           notices: partial reads and writes, short partitions, machines
//           apart, drift of 200 ppm, somewhat late timers, orderly reboots.
//   Random  every family, each with an intensity drawn for the seed.
//   Swarm   as Random, but each family is kept with probability 1/2: seeds of
//           extreme subsets find what "everything a little" hides.
//
// A value; refinements return a copy.
#ifndef MOONPOOL_SIM_CHAOS_PROFILE_H_
#define MOONPOOL_SIM_CHAOS_PROFILE_H_

#include <initializer_list>

#include "sim/chaos/family.h"
#include "sim/core/fault.h"

namespace moonpool {

class ChaosProfile {
 public:
  enum class Level { kOff, kMild, kRandom, kSwarm };

  static ChaosProfile Off() { return ChaosProfile(Level::kOff); }
  static ChaosProfile Mild() { return ChaosProfile(Level::kMild); }
  static ChaosProfile Random() { return ChaosProfile(Level::kRandom); }
  static ChaosProfile Swarm() { return ChaosProfile(Level::kSwarm); }

  // Of the profile's families, these only; it never adds one.
  [[nodiscard]] ChaosProfile Only(const FaultSet& families) const;
  [[nodiscard]] ChaosProfile Only(
      std::initializer_list<FaultFamily> families) const;
  [[nodiscard]] ChaosProfile Only(FaultSurface surface) const;
  // All but these.
  [[nodiscard]] ChaosProfile Without(const FaultSet& families) const;
  [[nodiscard]] ChaosProfile Without(
      std::initializer_list<FaultFamily> families) const;
  [[nodiscard]] ChaosProfile Without(FaultSurface surface) const;
  // Some settings of the families that are on take extreme values in some
  // seeds: a partition every second, a disk that stalls at every other
  // operation. Needs the family kKnob. Default: no.
  [[nodiscard]] ChaosProfile Knobs(bool on = true) const;
  // Each seed enables half of the workload's operations; see operations.h.
  // Default: no. Off ignores it.
  [[nodiscard]] ChaosProfile Operations(bool on = true) const;
  // Latencies and capacities of networks and disks drawn for the seed. Default:
  // yes with Random and Swarm; Off and Mild never do.
  [[nodiscard]] ChaosProfile Environment(bool on = true) const;

  Level level() const { return level_; }
  // What may be on in some seed.
  FaultSet families() const;
  bool has_knobs() const { return knobs_ && level_ != Level::kOff; }
  bool has_operations() const { return operations_ && level_ != Level::kOff; }
  bool has_environment() const {
    return environment_ &&
           (level_ == Level::kRandom || level_ == Level::kSwarm);
  }

 private:
  explicit ChaosProfile(Level level) : level_(level) {}

  Level level_;
  FaultSet allowed_ = FaultSet::All();
  bool knobs_ = false;
  bool operations_ = false;
  bool environment_ = true;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CHAOS_PROFILE_H_
