// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// LatencyDistribution: how long something takes, as a law to draw from.
// Integers only, so that the same draws give the same nanoseconds everywhere.
#ifndef MOONPOOL_SIM_NETWORK_LATENCY_H_
#define MOONPOOL_SIM_NETWORK_LATENCY_H_

#include <cstdint>

#include "absl/time/time.h"
#include "providers/random.h"

namespace moonpool {

// Uniform between low and high, both included.
struct LatencyRange {
  absl::Duration low;
  absl::Duration high;
};

class LatencyDistribution {
 public:
  // REQUIRES of all ranges: 0 <= low <= high.
  static LatencyDistribution Uniform(LatencyRange range);
  // min, and an exponentially distributed time of this mean on top.
  // REQUIRES: min >= 0, mean >= 0.
  static LatencyDistribution Exponential(absl::Duration min,
                                         absl::Duration mean);
  // A share of slow ones, uniform in slow; the others uniform in fast.
  // REQUIRES: slow_chance.den > 0, and not so big that it overflows when
  // multiplied with the nanoseconds of the range.
  static LatencyDistribution Bimodal(LatencyRange fast, LatencyRange slow,
                                     Ratio slow_chance);

  // One draw; two for a slow one of a bimodal law.
  int64_t DrawNs(Random& random) const;

 private:
  enum class Shape : uint8_t { kBimodal, kExponential };
  LatencyDistribution() = default;

  Shape shape_ = Shape::kBimodal;  // uniform: bimodal without slow ones
  uint64_t low_ns_ = 0;
  uint64_t span_ns_ = 1;  // of the fast range, or the mean
  uint64_t slow_low_ns_ = 0;
  uint64_t slow_span_ns_ = 1;
  Ratio slow_ = {0, 1};
};

// Exponentially distributed with this mean: one draw. An infinite mean gives
// the longest representable time. REQUIRES: mean_ns >= 0.
int64_t DrawExponentialNs(Random& random, int64_t mean_ns);

}  // namespace moonpool

#endif  // MOONPOOL_SIM_NETWORK_LATENCY_H_
