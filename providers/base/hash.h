// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Stable 64-bit hashing. The same input gives the same value in every process,
// on every machine and in every build, so it may end up in recipes and traces
// (absl::Hash and std::hash may not). Bytes go through XXH3 (xxHash); words
// through the splitmix64 finaliser (Steele, Lea, Flood 2014).
#ifndef MOONPOOL_PROVIDERS_BASE_HASH_H_
#define MOONPOOL_PROVIDERS_BASE_HASH_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace moonpool {

// Bijective mixer: every input bit changes every output bit with chance 1/2.
constexpr uint64_t Mix64(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// Order-dependent combination: Combine64(a, b) != Combine64(b, a).
constexpr uint64_t Combine64(uint64_t a, uint64_t b) {
  return Mix64(Mix64(a + 0x9E3779B97F4A7C15u) ^ (b + 0xD1B54A32D192ED03u));
}

// XXH3-64 of the bytes.
uint64_t HashBytes(absl::string_view bytes, uint64_t seed = 0);

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_BASE_HASH_H_
