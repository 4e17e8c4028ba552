// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// ChaosPlan: what a seed makes of a profile. Plain data, drawn once before the
// world runs; whoever injects faults takes its part of it.
//
//   const ChaosPlan plan = DrawPlan(ChaosProfile::Swarm(), world.random());
//   network.SetFaults(plan.network_faults);
//   disk.SetFaults(plan.DiskFaultsFor(i));
//
// Invariants:
//  1. A family that is not in `families` has zero chances and infinite
//     intervals; one that is in it has neither.
//  2. The environment and the intensity of a family depend on the root seed
//     alone, not on the level or on the other families: Random and Swarm agree
//     on what both have, and Without changes nothing but what it removes. So a
//     failing seed can be reduced family by family.
//
// Storage rates are 10 to 100 times those of the seed project's table, 1e-3 and
// more for an operation: a run has a few hundred, and lower rates mostly do
// nothing.
//
// Determinism: draws from fixed streams only, each named after what it is for:
// the plan never depends on the run, nor on breakpoints of a recipe.
#ifndef MOONPOOL_SIM_CHAOS_PLAN_H_
#define MOONPOOL_SIM_CHAOS_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "providers/random.h"
#include "sim/chaos/operations.h"
#include "sim/chaos/profile.h"
#include "sim/core/fault.h"
#include "sim/core/node_clock.h"
#include "sim/core/rng.h"
#include "sim/network/faults.h"
#include "sim/network/options.h"
#include "sim/storage/faults.h"
#include "sim/storage/sim_disk.h"

namespace moonpool {

// For each machine: a rate uniform in +-max_rate_ppm and an offset of the
// calendar uniform in +-max_offset, when chaos begins.
struct ClockFaults {
  int64_t max_rate_ppm = 0;
  absl::Duration max_offset = absl::ZeroDuration();
  // Mean time between two steps of a machine's calendar (exponential), each
  // uniform in +-max_step; infinite: never.
  absl::Duration step_interval = absl::InfiniteDuration();
  absl::Duration max_step = absl::ZeroDuration();
  DelayFaults delays;
};

// What attrition, as the builder configured it, may do in this seed.
struct AttritionMask {
  bool enabled = false;
  // Whether each kind keeps its weight. If enabled, one is true; but the
  // builder may have given it none: then every reboot is a crash.
  bool graceful = false;
  bool crash = false;
  bool wipe = false;
};

// A process stops for a while and goes on as if nothing had happened.
struct PauseFaults {
  absl::Duration interval = absl::InfiniteDuration();  // mean, exponential
  LatencyRange duration = {absl::ZeroDuration(), absl::ZeroDuration()};
};

// Several machines lose power at the same moment.
struct PowerLossFaults {
  absl::Duration interval = absl::InfiniteDuration();  // mean, exponential
};

struct ChaosPlan {
  ChaosProfile::Level level = ChaosProfile::Level::kOff;
  FaultSet families;

  // Drawn environment; empty: as the builder says. It is there before chaos
  // begins and after it ends.
  std::optional<NetworkOptions> network;
  std::optional<DiskOptions> disks;

  NetworkFaults network_faults;
  DiskFaults disk_faults;  // of the average disk; see DiskFaultsFor
  ClockFaults clock_faults;
  AttritionMask attrition;
  PauseFaults pauses;
  PowerLossFaults power_losses;
  OperationAlphabet operations;

  uint64_t disk_seed = 0;

  // The faults of disk index: each rate times 0, 1/2, 1 or 2, one factor for a
  // disk, so that some disks are healthy. The law of crashes is common to all.
  DiskFaults DiskFaultsFor(uint64_t index) const;

  // One line for each family that is on, with its intensity, and what else
  // differs from a calm run. For people.
  std::string ToString() const;
};

ChaosPlan DrawPlan(const ChaosProfile& profile, RandomSource& source);

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CHAOS_PLAN_H_
