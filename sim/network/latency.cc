// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/latency.h"

#include <algorithm>
#include <limits>

#include "providers/base/check.h"

namespace moonpool {
namespace {

uint64_t Nanos(absl::Duration duration) {
  CHECK(duration >= absl::ZeroDuration()) << "a negative latency";
  return static_cast<uint64_t>(absl::ToInt64Nanoseconds(duration));
}

// -ln(x / 2^64) in units of 2^-32; x > 0. The binary logarithm comes from its
// digits by repeated squaring (Knuth, The Art of Computer Programming, 1.2.2,
// exercise 25).
uint64_t NegativeLn(uint64_t x) {
  const int zeros = __builtin_clzll(x);
  x <<= zeros;
  uint64_t fraction = 0;
  for (int digit = 0; digit < 32; ++digit) {
    const unsigned __int128 square = static_cast<unsigned __int128>(x) * x;
    const bool carry = static_cast<uint64_t>(square >> 127) != 0;
    fraction = fraction << 1 | (carry ? 1 : 0);
    x = static_cast<uint64_t>(square >> (carry ? 64 : 63));
  }
  const uint64_t log2 = (static_cast<uint64_t>(1 + zeros) << 32) - fraction;
  constexpr uint64_t kLn2 = 2977044472;  // ln 2 * 2^32, rounded
  return static_cast<uint64_t>((static_cast<unsigned __int128>(log2) * kLn2) >>
                               32);
}

}  // namespace

int64_t DrawExponentialNs(Random& random, int64_t mean_ns) {
  CHECK_GE(mean_ns, 0);
  const uint64_t x = std::max<uint64_t>(random.Next(), 1);
  const unsigned __int128 ns = (static_cast<unsigned __int128>(NegativeLn(x)) *
                                static_cast<uint64_t>(mean_ns)) >>
                               32;
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  return ns > static_cast<uint64_t>(kMax) ? kMax : static_cast<int64_t>(ns);
}

LatencyDistribution LatencyDistribution::Uniform(LatencyRange range) {
  return Bimodal(range, range, Ratio{0, 1});
}

LatencyDistribution LatencyDistribution::Exponential(absl::Duration min,
                                                     absl::Duration mean) {
  LatencyDistribution law;
  law.shape_ = Shape::kExponential;
  law.low_ns_ = Nanos(min);
  law.span_ns_ = Nanos(mean);
  return law;
}

LatencyDistribution LatencyDistribution::Bimodal(LatencyRange fast,
                                                 LatencyRange slow,
                                                 Ratio slow_chance) {
  CHECK(fast.low <= fast.high && slow.low <= slow.high);
  CHECK_GT(slow_chance.den, 0u);
  LatencyDistribution law;
  law.low_ns_ = Nanos(fast.low);
  law.span_ns_ = Nanos(fast.high) - law.low_ns_ + 1;
  law.slow_low_ns_ = Nanos(slow.low);
  law.slow_span_ns_ = Nanos(slow.high) - law.slow_low_ns_ + 1;
  law.slow_ = slow_chance;
  CHECK(slow_chance.den < (uint64_t{1} << 63) / law.span_ns_);
  return law;
}

int64_t LatencyDistribution::DrawNs(Random& random) const {
  if (__builtin_expect(shape_ == Shape::kExponential, 0)) {
    const int64_t low = static_cast<int64_t>(low_ns_);
    const int64_t more =
        DrawExponentialNs(random, static_cast<int64_t>(span_ns_));
    return std::min(more, std::numeric_limits<int64_t>::max() - low) + low;
  }
  // One draw decides both whether it is slow and how long it takes.
  const uint64_t value = random.Below(slow_.den * span_ns_);
  if (value < slow_.num * span_ns_) {
    return static_cast<int64_t>(slow_low_ns_ + random.Below(slow_span_ns_));
  }
  return static_cast<int64_t>(low_ns_ + value % span_ns_);
}

}  // namespace moonpool
