// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/storage/core.h"

#include <utility>

#include "absl/time/time.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"

namespace moonpool {

DiskCore::LatencyNs::LatencyNs(const DiskOptions::Latency& latency)
    : low(absl::ToInt64Nanoseconds(latency.low)),
      high(absl::ToInt64Nanoseconds(latency.high)) {
  CHECK_GE(low, 0);
  CHECK_LE(low, high);
}

DiskCore::DiskCore(World* world, std::string ip, const DiskOptions& options)
    : world(world),
      ip(std::move(ip)),
      machine(HashBytes(this->ip)),
      read(options.read),
      write(options.write),
      sync(options.sync),
      metadata(options.metadata),
      options(options),
      random(&world->random(), "disk", machine, StreamKind::kStorage),
      queue(options),
      tree(std::make_unique<DiskTree>(options.directories,
                                      options.capacity_bytes)),
      mount(std::make_shared<Mount>(this)) {}

void DiskCore::Inject(FaultFamily family, absl::string_view what,
                      absl::string_view object) {
  ++stats.faults;
  world->Fault(family, ip, what, object);
}

void DiskCore::BeginEpisodes(DetailRandom& roll) {
  const int64_t now_ns = world->now_ns();
  if (!is_hung && roll.Happens(faults.hang_chance)) {
    is_hung = true;
    Inject(FaultFamily::kDiskFailure, "disk hangs");
  }
  if (!is_read_only && roll.Happens(faults.read_only_chance)) {
    is_read_only = true;
    Inject(FaultFamily::kDiskFailure, "disk is read-only");
  }
  if (!queue.is_stalled(now_ns) && roll.Happens(faults.stall_chance)) {
    queue.Stall(now_ns + absl::ToInt64Nanoseconds(
                             roll.Range(faults.stall_min, faults.stall_max)));
    Inject(FaultFamily::kDiskStall, "disk stalls");
  }
  if (!queue.is_throttled(now_ns) && roll.Happens(faults.throttle_chance)) {
    queue.Throttle(now_ns + absl::ToInt64Nanoseconds(roll.Range(
                                faults.throttle_min, faults.throttle_max)),
                   faults.throttle_iops_divisor,
                   faults.throttle_bandwidth_divisor);
    Inject(FaultFamily::kDiskThrottle, "disk is slow");
  }
}

void DiskCore::EndEpisodes() {
  is_read_only = false;
  is_hung = false;
  queue.EndStall();
  queue.EndThrottle();
}

void DiskCore::EndEpisodesWithoutChance() {
  if (faults.read_only_chance.num == 0) is_read_only = false;
  if (faults.stall_chance.num == 0) queue.EndStall();
  if (faults.throttle_chance.num == 0) queue.EndThrottle();
  if (is_hung && faults.hang_chance.num == 0) {
    is_hung = false;
    mount->ReleaseHung();
  }
}

}  // namespace moonpool
