// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Random: the only source of randomness of application code. Integer only, so
// that the same seed gives the same values everywhere. Each public call is one
// draw, whatever its range.
#ifndef MOONPOOL_PROVIDERS_RANDOM_H_
#define MOONPOOL_PROVIDERS_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "absl/time/time.h"

namespace moonpool {

// An exact probability or share: num out of den.
struct Ratio {
  uint64_t num = 0;
  uint64_t den = 1;
};

// A uniform word scaled to [0, bound), without rejection.
inline uint64_t ScaleBelow(uint64_t word, uint64_t bound) {
  return static_cast<uint64_t>(
      (static_cast<unsigned __int128>(word) * bound) >> 64);
}

class Random {
 public:
  virtual ~Random() = default;

  // 64 uniform bits: one draw.
  virtual uint64_t Next() = 0;

  // Uniform in [0, bound). REQUIRES: bound > 0. One draw; the bias of at most
  // bound / 2^64 is accepted for it (Lemire 2019, without rejection).
  uint64_t Below(uint64_t bound);
  // Uniform in [low, high], both ends included. REQUIRES: low <= high.
  int64_t Range(int64_t low, int64_t high);
  // As Range, but low, without a draw, if the range is empty (low > high).
  int64_t RangeOrLow(int64_t low, int64_t high) {
    return low > high ? low : Range(low, high);
  }
  // True with probability ratio.num / ratio.den. REQUIRES: den > 0.
  bool Chance(Ratio ratio);
  // Uniform in [0, 1) with 53 bits, for application code that needs a float.
  double Unit();
  // Uniform in [low, high], to the nanosecond.
  absl::Duration Range(absl::Duration low, absl::Duration high);
  // An index with probability proportional to its weight. REQUIRES: a positive
  // sum.
  size_t Weighted(std::initializer_list<uint64_t> weights);
  // A uniform element. REQUIRES: not empty.
  template <typename T>
  const T& Pick(const std::vector<T>& items) {
    return items[Below(items.size())];
  }
};

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_RANDOM_H_
