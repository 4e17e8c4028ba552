// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "providers/random.h"

#include "providers/base/check.h"

namespace moonpool {

uint64_t Random::Below(uint64_t bound) {
  CHECK_GT(bound, 0u);
  return ScaleBelow(Next(), bound);
}

int64_t Random::Range(int64_t low, int64_t high) {
  CHECK_LE(low, high);
  const uint64_t span = static_cast<uint64_t>(high) -
                        static_cast<uint64_t>(low) + 1;  // 0: all 2^64 values
  const uint64_t offset = span == 0 ? Next() : Below(span);
  return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
}

bool Random::Chance(Ratio ratio) { return Below(ratio.den) < ratio.num; }

double Random::Unit() {
  return static_cast<double>(Next() >> 11) * 0x1.0p-53;
}

absl::Duration Random::Range(absl::Duration low, absl::Duration high) {
  return absl::Nanoseconds(
      Range(absl::ToInt64Nanoseconds(low), absl::ToInt64Nanoseconds(high)));
}

size_t Random::Weighted(std::initializer_list<uint64_t> weights) {
  uint64_t total = 0;
  for (uint64_t weight : weights) total += weight;
  uint64_t at = Below(total);
  size_t index = 0;
  for (uint64_t weight : weights) {
    if (at < weight) return index;
    at -= weight;
    ++index;
  }
  CHECK(false) << "weights do not add up";
  return 0;
}

}  // namespace moonpool
