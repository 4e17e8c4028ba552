// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/core/fault.h"

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"

namespace moonpool {

absl::string_view FaultFamilyName(FaultFamily family) {
  switch (family) {
    case FaultFamily::kClog: return "clog";
    case FaultFamily::kPartition: return "partition";
    case FaultFamily::kBitFlip: return "bit flip";
    case FaultFamily::kRandomClose: return "random close";
    case FaultFamily::kConnectFailure: return "connect failure";
    case FaultFamily::kPairLatency: return "pair latency";
    case FaultFamily::kPartialIo: return "partial I/O";
    case FaultFamily::kDatagramLoss: return "datagram loss";
    case FaultFamily::kDatagramDuplicate: return "datagram duplicate";
    case FaultFamily::kDatagramReorder: return "datagram reorder";
    case FaultFamily::kClockDrift: return "clock drift";
    case FaultFamily::kClockStep: return "clock step";
    case FaultFamily::kBuggifiedDelay: return "buggified delay";
    case FaultFamily::kIoError: return "I/O error";
    case FaultFamily::kBitRot: return "bit rot";
    case FaultFamily::kTornWrite: return "torn write";
    case FaultFamily::kMisdirectedRead: return "misdirected read";
    case FaultFamily::kMisdirectedWrite: return "misdirected write";
    case FaultFamily::kPhantomWrite: return "phantom write";
    case FaultFamily::kStaleRead: return "stale read";
    case FaultFamily::kSyncFailure: return "sync failure";
    case FaultFamily::kShortIo: return "short I/O";
    case FaultFamily::kDiskFull: return "disk full";
    case FaultFamily::kDiskStall: return "disk stall";
    case FaultFamily::kDiskThrottle: return "disk throttle";
    case FaultFamily::kDiskFailure: return "disk failure";
    case FaultFamily::kReboot: return "reboot";
    case FaultFamily::kPause: return "pause";
    case FaultFamily::kPowerLoss: return "power loss";
    case FaultFamily::kBuggify: return "buggify";
    case FaultFamily::kKnob: return "knob";
  }
  CHECK(false) << "not a fault family: " << static_cast<int>(family);
  return "";
}

uint64_t FaultCounts::total() const {
  uint64_t total = 0;
  for (const uint64_t count : counts_) total += count;
  return total;
}

void FaultCounts::Add(const FaultCounts& other) {
  for (size_t i = 0; i < kFaultFamilies; ++i) counts_[i] += other.counts_[i];
}

std::string FaultCounts::ToString() const {
  std::string text;
  for (size_t i = 0; i < kFaultFamilies; ++i) {
    if (counts_[i] == 0) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ",
                    FaultFamilyName(static_cast<FaultFamily>(i)), " ",
                    counts_[i]);
  }
  return text;
}

FaultSet FaultSet::All() {
  FaultSet set;
  for (size_t i = 0; i < kFaultFamilies; ++i) {
    set.Add(static_cast<FaultFamily>(i));
  }
  return set;
}

}  // namespace moonpool
