// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Where each fault family strikes, for refinements of a profile and reports.
#ifndef MOONPOOL_SIM_CHAOS_FAMILY_H_
#define MOONPOOL_SIM_CHAOS_FAMILY_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "sim/core/fault.h"

namespace moonpool {

enum class FaultSurface : uint8_t {
  kNetwork,
  kClock,
  kStorage,
  kProcess,
  kCode,
};
// "network".
absl::string_view FaultSurfaceName(FaultSurface surface);

// All families, in the order of their values, which is that of the draws.
inline constexpr std::array<FaultFamily, kFaultFamilies> kAllFamilies = [] {
  std::array<FaultFamily, kFaultFamilies> all = {};
  for (size_t i = 0; i < kFaultFamilies; ++i) {
    all[i] = static_cast<FaultFamily>(i);
  }
  return all;
}();

FaultSurface SurfaceOf(FaultFamily family);
FaultSet FamiliesOf(FaultSurface surface);

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CHAOS_FAMILY_H_
