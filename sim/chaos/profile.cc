// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/chaos/profile.h"

#include "providers/base/check.h"

namespace moonpool {
namespace {

FaultSet SetOf(std::initializer_list<FaultFamily> families) {
  FaultSet set;
  for (const FaultFamily family : families) set.Add(family);
  return set;
}

FaultSet Intersect(const FaultSet& a, const FaultSet& b) {
  FaultSet both;
  for (const FaultFamily family : kAllFamilies) {
    if (a.has(family) && b.has(family)) both.Add(family);
  }
  return both;
}

FaultSet Complement(const FaultSet& set) {
  FaultSet rest;
  for (const FaultFamily family : kAllFamilies) {
    if (!set.has(family)) rest.Add(family);
  }
  return rest;
}

FaultSet FamiliesOfLevel(ChaosProfile::Level level) {
  switch (level) {
    case ChaosProfile::Level::kOff:
      return FaultSet::None();
    case ChaosProfile::Level::kMild:
      return SetOf({FaultFamily::kPartition, FaultFamily::kPairLatency,
                    FaultFamily::kPartialIo, FaultFamily::kClockDrift,
                    FaultFamily::kBuggifiedDelay, FaultFamily::kReboot});
    case ChaosProfile::Level::kRandom:
    case ChaosProfile::Level::kSwarm:
      return FaultSet::All();
  }
  CHECK(false) << "not a level: " << static_cast<int>(level);
  return FaultSet::None();
}

}  // namespace

ChaosProfile ChaosProfile::Only(const FaultSet& families) const {
  ChaosProfile refined = *this;
  refined.allowed_ = Intersect(allowed_, families);
  return refined;
}
ChaosProfile ChaosProfile::Only(
    std::initializer_list<FaultFamily> families) const {
  return Only(SetOf(families));
}
ChaosProfile ChaosProfile::Only(FaultSurface surface) const {
  return Only(FamiliesOf(surface));
}
ChaosProfile ChaosProfile::Without(const FaultSet& families) const {
  return Only(Complement(families));
}
ChaosProfile ChaosProfile::Without(
    std::initializer_list<FaultFamily> families) const {
  return Without(SetOf(families));
}
ChaosProfile ChaosProfile::Without(FaultSurface surface) const {
  return Without(FamiliesOf(surface));
}
ChaosProfile ChaosProfile::Knobs(bool on) const {
  ChaosProfile refined = *this;
  refined.knobs_ = on;
  return refined;
}
ChaosProfile ChaosProfile::Operations(bool on) const {
  ChaosProfile refined = *this;
  refined.operations_ = on;
  return refined;
}
ChaosProfile ChaosProfile::Environment(bool on) const {
  ChaosProfile refined = *this;
  refined.environment_ = on;
  return refined;
}

FaultSet ChaosProfile::families() const {
  return Intersect(FamiliesOfLevel(level_), allowed_);
}

}  // namespace moonpool
