// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A plan in words.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "sim/chaos/plan.h"

namespace moonpool {
namespace {

std::string Text(Ratio ratio) {
  // Exact up to a millionth of a percent; for people only.
  return absl::StrFormat("%.4g%%", 100.0 * static_cast<double>(ratio.num) /
                                       static_cast<double>(ratio.den));
}
std::string Text(absl::Duration duration) {
  return absl::FormatDuration(duration);
}
std::string Text(const LatencyRange& range) {
  return absl::StrCat(Text(range.low), " to ", Text(range.high));
}
std::string Every(absl::Duration interval) {
  return absl::StrCat("every ", Text(interval), " on average");
}

absl::string_view StrategyName(PartitionStrategy strategy) {
  switch (strategy) {
    case PartitionStrategy::kRandom:
      return "random sides";
    case PartitionStrategy::kUniformSize:
      return "sides of uniform size";
    case PartitionStrategy::kIsolateSingle:
      return "one against all";
  }
  return "";
}

std::string Swizzle(const NetworkFaults& faults) {
  if (faults.swizzle_interval == absl::InfiniteDuration()) return "";
  return absl::StrCat("; swizzle ", Every(faults.swizzle_interval));
}

std::string NetworkText(FaultFamily family, const NetworkFaults& faults) {
  switch (family) {
    case FaultFamily::kClog:
      return absl::StrCat(Text(faults.clog_chance), " of the segments, for ",
                          Text(faults.clog_duration), Swizzle(faults));
    case FaultFamily::kPartition:
      return absl::StrCat(Every(faults.partition_interval), ", for ",
                          Text(faults.partition_duration), ", ",
                          StrategyName(faults.partition_strategy), ", ",
                          Text(faults.partition_one_way), " one way");
    case FaultFamily::kBitFlip:
      return absl::StrCat(Text(faults.bit_flip_chance), " of the segments");
    case FaultFamily::kRandomClose:
      return absl::StrCat(Text(faults.random_close_chance),
                          " of reads and writes, at most every ",
                          Text(faults.random_close_cooldown), ", ",
                          Text(faults.random_close_explicit), " explicit");
    case FaultFamily::kConnectFailure:
      return absl::StrCat(
          Text(faults.connect_failure_chance), " of the connects",
          faults.connect_failure_mode == ConnectFailureMode::kAlwaysFail
              ? ", refused"
              : ", refused or never answered");
    case FaultFamily::kPairLatency:
      return absl::StrCat("up to ", Text(faults.max_pair_latency));
    case FaultFamily::kPartialIo:
      return absl::StrCat(Text(faults.partial_io_chance), ", reads of ",
                          faults.partial_read_max_bytes, " and writes of ",
                          faults.partial_write_max_bytes, " bytes at most");
    case FaultFamily::kDatagramLoss:
      return Text(faults.datagram_loss);
    case FaultFamily::kDatagramDuplicate:
      return Text(faults.datagram_duplicate);
    case FaultFamily::kDatagramReorder:
      return Text(faults.datagram_reorder);
    default:
      return "";
  }
}

std::string ClockText(FaultFamily family, const ClockFaults& faults) {
  switch (family) {
    case FaultFamily::kClockDrift:
      return absl::StrCat("up to ", faults.max_rate_ppm, " ppm, offset up to ",
                          Text(faults.max_offset));
    case FaultFamily::kClockStep:
      return absl::StrCat(Every(faults.step_interval), ", up to ",
                          Text(faults.max_step));
    case FaultFamily::kBuggifiedDelay:
      return absl::StrCat(Text(faults.delays.chance), " of the timers, up to ",
                          Text(faults.delays.max));
    default:
      return "";
  }
}

std::string StorageText(FaultFamily family, const DiskFaults& faults) {
  switch (family) {
    case FaultFamily::kIoError:
      return absl::StrCat(Text(faults.read_error), " of the reads, ",
                          Text(faults.write_error), " of the writes, ",
                          Text(faults.latent_sector), " of the sectors");
    case FaultFamily::kBitRot:
      return absl::StrCat(Text(faults.bit_rot), " of the sectors read");
    case FaultFamily::kTornWrite:
      return faults.crash.garbage ? "sectors kept, dropped or garbled"
                                  : "sectors kept or dropped";
    case FaultFamily::kMisdirectedRead:
      return Text(faults.misdirected_read);
    case FaultFamily::kMisdirectedWrite:
      return Text(faults.misdirected_write);
    case FaultFamily::kPhantomWrite:
      return Text(faults.phantom_write);
    case FaultFamily::kStaleRead:
      return Text(faults.stale_read);
    case FaultFamily::kSyncFailure:
      return absl::StrCat(
          Text(faults.sync_failure),
          faults.sync_failure_mode == SyncFailureMode::kDropsPages
              ? ", pages lost"
              : ", may be retried");
    case FaultFamily::kShortIo:
      return absl::StrCat(Text(faults.short_read), " of the reads, ",
                          Text(faults.short_write), " of the writes");
    case FaultFamily::kDiskFull:
      return absl::StrCat(Text(faults.disk_full), " of the growing writes");
    case FaultFamily::kDiskStall:
      return absl::StrCat(Text(faults.stall_chance), ", for ",
                          Text({faults.stall_min, faults.stall_max}));
    case FaultFamily::kDiskThrottle:
      return absl::StrCat(Text(faults.throttle_chance), ", for ",
                          Text({faults.throttle_min, faults.throttle_max}),
                          ", operations 1/", faults.throttle_iops_divisor,
                          ", bandwidth 1/", faults.throttle_bandwidth_divisor);
    case FaultFamily::kDiskFailure:
      return absl::StrCat("read-only ", Text(faults.read_only_chance),
                          ", hangs ", Text(faults.hang_chance));
    default:
      return "";
  }
}

std::string ProcessText(FaultFamily family, const ChaosPlan& plan) {
  switch (family) {
    case FaultFamily::kReboot:
      return absl::StrCat(
          "if there is attrition:", plan.attrition.graceful ? " graceful" : "",
          plan.attrition.crash ? " crash" : "",
          plan.attrition.wipe ? " wipe" : "");
    case FaultFamily::kPause:
      return absl::StrCat(Every(plan.pauses.interval), ", for ",
                          Text(plan.pauses.duration));
    case FaultFamily::kPowerLoss:
      return Every(plan.power_losses.interval);
    default:
      return "";
  }
}

std::string IntensityText(FaultFamily family, const ChaosPlan& plan) {
  switch (SurfaceOf(family)) {
    case FaultSurface::kNetwork:
      return NetworkText(family, plan.network_faults);
    case FaultSurface::kClock:
      return ClockText(family, plan.clock_faults);
    case FaultSurface::kStorage:
      return StorageText(family, plan.disk_faults);
    case FaultSurface::kProcess:
      return ProcessText(family, plan);
    case FaultSurface::kCode:
      return "where the code says so";
  }
  return "";
}

absl::string_view LevelName(ChaosProfile::Level level) {
  switch (level) {
    case ChaosProfile::Level::kOff:
      return "off";
    case ChaosProfile::Level::kMild:
      return "mild";
    case ChaosProfile::Level::kRandom:
      return "random";
    case ChaosProfile::Level::kSwarm:
      return "swarm";
  }
  return "";
}

std::string EnvironmentText(const ChaosPlan& plan) {
  std::string text;
  if (plan.network.has_value()) {
    absl::StrAppend(&text, "  environment  network latency ",
                    Text(plan.network->latency), ", ",
                    Text(plan.network->slow_chance), " up to ",
                    Text(plan.network->slow_latency), "\n");
  }
  if (plan.disks.has_value()) {
    absl::StrAppend(&text, "  environment  disks sync in ",
                    Text({plan.disks->sync.low, plan.disks->sync.high}), ", ",
                    plan.disks->iops, " operations and ",
                    plan.disks->bandwidth / 1000000, " MB a second, ",
                    plan.disks->depth, " at once\n");
  }
  if (plan.operations.is_swarmed()) {
    absl::StrAppend(&text, "  workload     half of the operations\n");
  }
  return text;
}

}  // namespace

std::string ChaosPlan::ToString() const {
  std::string text = absl::StrCat("chaos ", LevelName(level),
                                  families.empty() ? ", no fault" : "", "\n");
  for (const FaultFamily family : kAllFamilies) {
    if (!families.has(family)) continue;
    absl::StrAppendFormat(
        &text, "  %-11s  %s: %s\n", FaultSurfaceName(SurfaceOf(family)),
        FaultFamilyName(family), IntensityText(family, *this));
  }
  return absl::StrCat(text, EnvironmentText(*this));
}

}  // namespace moonpool
