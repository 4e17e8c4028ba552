// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Sums that stop at 2^64 - 1 instead of wrapping: still commutative and
// associative.
#ifndef MOONPOOL_SIM_TRACE_SATURATING_H_
#define MOONPOOL_SIM_TRACE_SATURATING_H_

#include <cstdint>

namespace moonpool {

constexpr uint64_t SaturatingAdd(uint64_t a, uint64_t b) {
  return a + b < a ? ~uint64_t{0} : a + b;
}

constexpr uint64_t SaturatingMultiply(uint64_t a, uint64_t b) {
  return b != 0 && a > ~uint64_t{0} / b ? ~uint64_t{0} : a * b;
}

}  // namespace moonpool

#endif  // MOONPOOL_SIM_TRACE_SATURATING_H_
