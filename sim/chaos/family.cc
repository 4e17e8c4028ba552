// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/chaos/family.h"

#include "providers/base/check.h"

namespace moonpool {

absl::string_view FaultSurfaceName(FaultSurface surface) {
  switch (surface) {
    case FaultSurface::kNetwork:
      return "network";
    case FaultSurface::kClock:
      return "clock";
    case FaultSurface::kStorage:
      return "storage";
    case FaultSurface::kProcess:
      return "process";
    case FaultSurface::kCode:
      return "code";
  }
  CHECK(false) << "not a surface: " << static_cast<int>(surface);
  return "";
}

FaultSurface SurfaceOf(FaultFamily family) {
  switch (family) {
    case FaultFamily::kClog:
    case FaultFamily::kPartition:
    case FaultFamily::kBitFlip:
    case FaultFamily::kRandomClose:
    case FaultFamily::kConnectFailure:
    case FaultFamily::kPairLatency:
    case FaultFamily::kPartialIo:
    case FaultFamily::kDatagramLoss:
    case FaultFamily::kDatagramDuplicate:
    case FaultFamily::kDatagramReorder:
      return FaultSurface::kNetwork;
    case FaultFamily::kClockDrift:
    case FaultFamily::kClockStep:
    case FaultFamily::kBuggifiedDelay:
      return FaultSurface::kClock;
    case FaultFamily::kIoError:
    case FaultFamily::kBitRot:
    case FaultFamily::kTornWrite:
    case FaultFamily::kMisdirectedRead:
    case FaultFamily::kMisdirectedWrite:
    case FaultFamily::kPhantomWrite:
    case FaultFamily::kStaleRead:
    case FaultFamily::kSyncFailure:
    case FaultFamily::kShortIo:
    case FaultFamily::kDiskFull:
    case FaultFamily::kDiskStall:
    case FaultFamily::kDiskThrottle:
    case FaultFamily::kDiskFailure:
      return FaultSurface::kStorage;
    case FaultFamily::kReboot:
    case FaultFamily::kPause:
    case FaultFamily::kPowerLoss:
      return FaultSurface::kProcess;
    case FaultFamily::kBuggify:
    case FaultFamily::kKnob:
      return FaultSurface::kCode;
  }
  CHECK(false) << "not a fault family: " << static_cast<int>(family);
  return FaultSurface::kCode;
}

FaultSet FamiliesOf(FaultSurface surface) {
  FaultSet set;
  for (const FaultFamily family : kAllFamilies) {
    if (SurfaceOf(family) == surface) set.Add(family);
  }
  return set;
}

}  // namespace moonpool
