// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Fault families: the kinds of trouble a world may inject, each of which a
// chaos profile turns on and off as a whole. Whoever injects a fault says so
// with World::Fault, so that a run can tell how many there were of each kind:
// with everything off there are none at all.
#ifndef MOONPOOL_SIM_CORE_FAULT_H_
#define MOONPOOL_SIM_CORE_FAULT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace moonpool {

// Values are part of the trace format: append only.
enum class FaultFamily : uint8_t {
  // Network.
  kClog,           // a link holds everything back for a while
  kPartition,      // sets of machines cannot reach each other
  kBitFlip,        // delivered bytes differ from those sent
  kRandomClose,    // a connection breaks, wholly or in one direction
  kConnectFailure, // refused, or never answered
  kPairLatency,    // a pair of machines is far apart for the whole run
  kPartialIo,      // reads and writes that transfer less than they could
  kDatagramLoss,
  kDatagramDuplicate,
  kDatagramReorder,
  // Clocks.
  kClockDrift,      // rate error and offset of a node's clock
  kClockStep,       // its calendar jumps
  kBuggifiedDelay,  // timers that fire late
  // Storage.
  kIoError,          // EIO, transient or of a bad sector
  kBitRot,           // stored bits change
  kTornWrite,        // a crash tears, reorders or garbles unsynced writes
  kMisdirectedRead,
  kMisdirectedWrite,
  kPhantomWrite,     // acknowledged, never done
  kStaleRead,        // what was there before the last write
  kSyncFailure,      // a failed sync drops what it should have kept
  kShortIo,
  kDiskFull,
  kDiskStall,        // a disk serves nothing for a while
  kDiskThrottle,     // a disk is slow for a while
  kDiskFailure,      // read-only, or never answers again
  // Processes.
  kReboot,
  kPause,
  kPowerLoss,        // several machines at once
  // Code.
  kBuggify,
  kKnob,
};
inline constexpr size_t kFaultFamilies =
    static_cast<size_t>(FaultFamily::kKnob) + 1;

// "disk stall".
absl::string_view FaultFamilyName(FaultFamily family);

// How many faults of each family a run has injected.
class FaultCounts {
 public:
  void Add(FaultFamily family) { ++counts_[static_cast<size_t>(family)]; }
  void Add(const FaultCounts& other);
  uint64_t of(FaultFamily family) const {
    return counts_[static_cast<size_t>(family)];
  }
  uint64_t total() const;
  // "clog 3, reboot 1", without those that did not occur.
  std::string ToString() const;

 private:
  std::array<uint64_t, kFaultFamilies> counts_ = {};
};

// A set of families, as a swarm mask draws it.
class FaultSet {
 public:
  static FaultSet None() { return FaultSet(); }
  static FaultSet All();
  bool has(FaultFamily family) const {
    return (bits_ >> static_cast<unsigned>(family) & 1) != 0;
  }
  FaultSet& Add(FaultFamily family) {
    bits_ |= uint64_t{1} << static_cast<unsigned>(family);
    return *this;
  }
  FaultSet& Remove(FaultFamily family) {
    bits_ &= ~(uint64_t{1} << static_cast<unsigned>(family));
    return *this;
  }
  bool empty() const { return bits_ == 0; }
  friend bool operator==(const FaultSet&, const FaultSet&) = default;

 private:
  uint64_t bits_ = 0;
};
static_assert(kFaultFamilies <= 64);

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CORE_FAULT_H_
