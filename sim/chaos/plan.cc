// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/chaos/plan.h"

#include <algorithm>

#include "providers/base/hash.h"
#include "sim/chaos/draw.h"

namespace moonpool {
namespace chaos_internal {

void PlanDraw::DrawFamilies() {
  plan_->level = profile_.level();
  const FaultSet wanted = profile_.families();
  const bool swarm = profile_.level() == ChaosProfile::Level::kSwarm;
  RandomStream mask = Fixed("chaos.mask");
  for (const FaultFamily family : kAllFamilies) {
    // One draw for each, wanted or not: a refinement moves no other family.
    const bool keep = !swarm || mask.Chance({1, 2});
    if (keep && wanted.has(family)) plan_->families.Add(family);
  }
}

bool PlanDraw::HasSpike(FaultFamily family, RandomStream& knobs) const {
  // The share of the seed project: a site active with 1/2 that fires with 1/4.
  const bool spikes = knobs.Chance({1, 8});
  return spikes && profile_.has_knobs() && has(FaultFamily::kKnob) &&
         has(family);
}

void PlanDraw::DrawClocks() {
  ClockFaults& faults = plan_->clock_faults;
  if (has(FaultFamily::kClockDrift)) {
    RandomStream random = StreamOf(FaultFamily::kClockDrift);
    // Half of the seeds as in a bad data centre, half far beyond.
    const bool wild = random.Chance({1, 2});
    faults.max_rate_ppm =
        is_mild() ? 200 : random.Range(wild ? 1000 : 100, wild ? 50000 : 200);
    faults.max_offset = is_mild()
                            ? absl::Milliseconds(100)
                            : DrawMillis(random, 100, wild ? 10000 : 1000);
  }
  if (has(FaultFamily::kClockStep)) {
    RandomStream random = StreamOf(FaultFamily::kClockStep);
    faults.step_interval = DrawMillis(random, 5000, 60000);
    faults.max_step = DrawMillis(random, 100, 10000);
  }
  if (has(FaultFamily::kBuggifiedDelay)) {
    RandomStream random = StreamOf(FaultFamily::kBuggifiedDelay);
    faults.delays.chance =
        is_mild() ? Ratio{.num = 1, .den = 20} : DrawRatio(random, 20, 29, 100);
    faults.delays.max =
        is_mild() ? absl::Milliseconds(20) : DrawMillis(random, 50, 149);
  }
}

void PlanDraw::DrawProcesses() {
  if (has(FaultFamily::kReboot)) {
    RandomStream random = StreamOf(FaultFamily::kReboot);
    AttritionMask& mask = plan_->attrition;
    const bool swarm = profile_.level() == ChaosProfile::Level::kSwarm;
    mask.enabled = true;
    mask.graceful = !swarm || random.Chance({1, 2});
    mask.crash = !is_mild() && (!swarm || random.Chance({1, 2}));
    mask.wipe = !is_mild() && (!swarm || random.Chance({1, 2}));
    if (!mask.graceful && !mask.wipe) mask.crash = true;
  }
  if (has(FaultFamily::kPause)) {
    RandomStream random = StreamOf(FaultFamily::kPause);
    plan_->pauses.interval = DrawMillis(random, 2000, 30000);
    plan_->pauses.duration.low = DrawMillis(random, 10, 500);
    plan_->pauses.duration.high = DrawMillis(random, 500, 10000);
  }
  if (has(FaultFamily::kPowerLoss)) {
    RandomStream random = StreamOf(FaultFamily::kPowerLoss);
    plan_->power_losses.interval = DrawMillis(random, 10000, 60000);
  }
}

}  // namespace chaos_internal

ChaosPlan DrawPlan(const ChaosProfile& profile, RandomSource& source) {
  ChaosPlan plan;
  chaos_internal::PlanDraw draw(profile, &source, &plan);
  if (profile.level() == ChaosProfile::Level::kOff) return plan;
  draw.DrawFamilies();
  if (profile.has_environment()) {
    draw.DrawNetworkEnvironment();
    draw.DrawDiskEnvironment();
  }
  draw.DrawNetwork();
  draw.DrawStorage();
  draw.DrawClocks();
  draw.DrawProcesses();
  if (profile.has_operations()) {
    plan.operations = OperationAlphabet(
        RandomStream(&source, "chaos.operations", 0, RandomStream::Kind::kFixed)
            .Next());
  }
  return plan;
}

DiskFaults ChaosPlan::DiskFaultsFor(uint64_t index) const {
  // In halves.
  constexpr uint64_t kFactors[] = {0, 1, 2, 4};
  const uint64_t factor = kFactors[Combine64(disk_seed, index) >> 62];
  DiskFaults faults = disk_faults;
  for (Ratio* rate :
       {&faults.read_error, &faults.write_error, &faults.latent_sector,
        &faults.bit_rot, &faults.misdirected_read, &faults.misdirected_write,
        &faults.phantom_write, &faults.stale_read, &faults.sync_failure,
        &faults.short_read, &faults.short_write, &faults.stall_chance,
        &faults.throttle_chance, &faults.read_only_chance, &faults.hang_chance,
        &faults.disk_full}) {
    *rate = Ratio{.num = std::min(rate->num * factor, rate->den * 2),
                  .den = rate->den * 2};
  }
  return faults;
}

}  // namespace moonpool
