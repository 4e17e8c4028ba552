// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The disks' part of a plan. Rates for an operation are 1e-3 and more; rates
// for a sector are a tenth, as an operation touches eight and more of them.
#include "sim/chaos/draw.h"

namespace moonpool::chaos_internal {
namespace {
constexpr uint64_t kMillion = 1000000;
}  // namespace

void PlanDraw::DrawDiskEnvironment() {
  RandomStream random = Fixed("chaos.disks");
  DiskOptions& disks = plan_->disks.emplace();
  disks.read = {DrawMicros(random, 20, 99), DrawMicros(random, 100, 499)};
  disks.write = {DrawMicros(random, 5, 49), DrawMicros(random, 50, 499)};
  disks.sync = {DrawMicros(random, 500, 1999), DrawMicros(random, 2000, 9999)};
  disks.metadata = {DrawMicros(random, 5, 49), DrawMicros(random, 50, 499)};
  disks.iops = 10000 + random.Below(90000);
  disks.bandwidth = 50000000 + random.Below(450000001);
  disks.depth = 1 << random.Below(6);  // a hard disk's 1 to a good one's 32
  // What a file system promises about names stays the builder's choice: the
  // strictest by default.
  RandomStream knobs = Fixed("chaos.knobs.disk");
  if (HasSpike(FaultFamily::kDiskThrottle, knobs)) {
    disks.iops = 100 + knobs.Below(4900);
    disks.bandwidth = 1000000 + knobs.Below(19000001);
  }
}

void PlanDraw::DrawStorage() {
  plan_->disk_seed = Fixed("chaos.disk").Next();
  DrawDiskRates();
  DrawEpisodes();
  if (has(FaultFamily::kTornWrite)) {
    RandomStream random = StreamOf(FaultFamily::kTornWrite);
    CrashLaw& crash = plan_->disk_faults.crash;
    crash.torn_writes = true;
    crash.garbage = random.Chance({1, 2});
  }
}

void PlanDraw::DrawDiskRates() {
  DiskFaults& faults = plan_->disk_faults;
  if (has(FaultFamily::kIoError)) {
    RandomStream random = StreamOf(FaultFamily::kIoError);
    faults.read_error = DrawRatio(random, 1000, 10000, kMillion);
    faults.write_error = DrawRatio(random, 1000, 10000, kMillion);
    faults.latent_sector = DrawRatio(random, 100, 1000, kMillion);
  }
  if (has(FaultFamily::kBitRot)) {
    RandomStream random = StreamOf(FaultFamily::kBitRot);
    faults.bit_rot = DrawRatio(random, 100, 1000, kMillion);
  }
  if (has(FaultFamily::kMisdirectedRead)) {
    RandomStream random = StreamOf(FaultFamily::kMisdirectedRead);
    faults.misdirected_read = DrawRatio(random, 1000, 9000, kMillion);
  }
  if (has(FaultFamily::kMisdirectedWrite)) {
    RandomStream random = StreamOf(FaultFamily::kMisdirectedWrite);
    faults.misdirected_write = DrawRatio(random, 1000, 9000, kMillion);
  }
  if (has(FaultFamily::kPhantomWrite)) {
    RandomStream random = StreamOf(FaultFamily::kPhantomWrite);
    faults.phantom_write = DrawRatio(random, 1000, 19000, kMillion);
  }
  if (has(FaultFamily::kStaleRead)) {
    RandomStream random = StreamOf(FaultFamily::kStaleRead);
    faults.stale_read = DrawRatio(random, 1000, 9000, kMillion);
  }
  if (has(FaultFamily::kSyncFailure)) {
    RandomStream random = StreamOf(FaultFamily::kSyncFailure);
    faults.sync_failure = DrawRatio(random, 1000, 49000, kMillion);
    faults.sync_failure_mode = random.Chance({3, 4})
                                   ? SyncFailureMode::kDropsPages
                                   : SyncFailureMode::kRetryable;
    RandomStream knobs = Fixed("chaos.knobs.sync");
    if (HasSpike(FaultFamily::kSyncFailure, knobs)) {
      faults.sync_failure = DrawRatio(knobs, 50, 200, 1000);
    }
  }
  if (has(FaultFamily::kShortIo)) {
    RandomStream random = StreamOf(FaultFamily::kShortIo);
    faults.short_read = DrawRatio(random, 1000, 50000, kMillion);
    faults.short_write = DrawRatio(random, 1000, 10000, kMillion);
  }
  if (has(FaultFamily::kDiskFull)) {
    RandomStream random = StreamOf(FaultFamily::kDiskFull);
    faults.disk_full = DrawRatio(random, 1000, 10000, kMillion);
  }
  if (has(FaultFamily::kDiskFailure)) {
    // Rarer than the rest: nothing helps but a reboot.
    RandomStream random = StreamOf(FaultFamily::kDiskFailure);
    faults.read_only_chance = DrawRatio(random, 10, 500, kMillion);
    faults.hang_chance = DrawRatio(random, 10, 500, kMillion);
  }
}

void PlanDraw::DrawEpisodes() {
  DiskFaults& faults = plan_->disk_faults;
  if (has(FaultFamily::kDiskStall)) {
    RandomStream random = StreamOf(FaultFamily::kDiskStall);
    faults.stall_chance = DrawRatio(random, 1000, 9900, kMillion);
    faults.stall_min = DrawMillis(random, 50, 100);
    faults.stall_max = DrawMillis(random, 100, 499);
    RandomStream knobs = Fixed("chaos.knobs.stall");
    if (HasSpike(FaultFamily::kDiskStall, knobs)) {
      faults.stall_chance = DrawRatio(knobs, 10, 50, 100);
    }
  }
  if (has(FaultFamily::kDiskThrottle)) {
    RandomStream random = StreamOf(FaultFamily::kDiskThrottle);
    faults.throttle_chance = DrawRatio(random, 1000, 9900, kMillion);
    faults.throttle_min = DrawMillis(random, 500, 1000);
    faults.throttle_max = DrawMillis(random, 1000, 5000);
    faults.throttle_iops_divisor = random.Below(18) + 2;
    faults.throttle_bandwidth_divisor = random.Below(18) + 2;
    RandomStream knobs = Fixed("chaos.knobs.throttle");
    if (HasSpike(FaultFamily::kDiskThrottle, knobs)) {
      faults.throttle_chance = DrawRatio(knobs, 10, 50, 100);
    }
  }
}

}  // namespace moonpool::chaos_internal
