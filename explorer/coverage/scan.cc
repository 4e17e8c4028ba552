// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/coverage/scan.h"

#include <immintrin.h>

#include <array>
#include <cstring>

namespace moonpool::coverage {
namespace {

constexpr std::array<uint8_t, 256> kClassBits = [] {
  std::array<uint8_t, 256> bits = {};
  for (size_t count = 0; count < bits.size(); ++count) {
    bits[count] = HitClassBit(static_cast<uint8_t>(count));
  }
  return bits;
}();

// Edges [begin, end) of the input.
bool ScanRange(const ScanInput& input, size_t begin, size_t end) {
  bool any = false;
  for (size_t i = begin; i < end; ++i) {
    const uint8_t seen = input.seen[i];
    const auto fresh =
        static_cast<uint8_t>(kClassBits[input.counters[i]] & ~seen);
    if (fresh == 0) continue;
    any = true;
    input.seen[i] = seen | fresh;
    if (input.sink == nullptr) continue;
    const auto untold = static_cast<uint8_t>(fresh & ~input.known[i]);
    if (untold != 0) input.sink->OnHit(input.first + i, untold, seen == 0);
  }
  return any;
}

constexpr size_t kBlock = 32;
constexpr size_t kStep = 4 * kBlock;

// Of counts below 16 by their low half, of others by their high half; a table
// has nothing to say of the other's, or less: so the larger one is right.
__attribute__((target("avx2"))) inline __m256i ClassBits(__m256i counts) {
  const __m256i low_table = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 1, 2, 4, 8, 8, 8, 8, 16, 16, 16, 16, 16, 16, 16, 16));
  const __m256i high_table = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 32, 64, 64, 64, 64, 64, 64, -128, -128, -128, -128, -128,
                    -128, -128, -128));
  const __m256i mask = _mm256_set1_epi8(15);
  const __m256i low = _mm256_and_si256(counts, mask);
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(counts, 4), mask);
  return _mm256_max_epu8(_mm256_shuffle_epi8(low_table, low),
                         _mm256_shuffle_epi8(high_table, high));
}

__attribute__((target("avx2"))) inline __m256i Load(const uint8_t* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

__attribute__((target("avx2"))) inline bool IsZero(__m256i bytes) {
  return _mm256_testz_si256(bytes, bytes) != 0;
}

// Most counters are zero, and code that runs lies together; of the others most
// show nothing new.
__attribute__((target("avx2"))) bool ScanAvx2(const ScanInput& input) {
  bool any = false;
  size_t i = 0;
  for (; i + kStep <= input.size; i += kStep) {
    const uint8_t* const at = input.counters + i;
    const __m256i counts[] = {Load(at), Load(at + kBlock),
                              Load(at + 2 * kBlock), Load(at + 3 * kBlock)};
    if (IsZero(_mm256_or_si256(_mm256_or_si256(counts[0], counts[1]),
                               _mm256_or_si256(counts[2], counts[3])))) {
      continue;
    }
    __m256i fresh = _mm256_setzero_si256();
    for (size_t j = 0; j < 4; ++j) {
      const __m256i seen = Load(input.seen + i + j * kBlock);
      fresh = _mm256_or_si256(fresh,
                              _mm256_andnot_si256(seen, ClassBits(counts[j])));
    }
    if (IsZero(fresh)) continue;
    ScanRange(input, i, i + kStep);
    any = true;
  }
  const bool any_in_tail = ScanRange(input, i, input.size);
  return any || any_in_tail;
}

}  // namespace

absl::string_view HitClassName(int hit_class) {
  static constexpr absl::string_view kNames[kHitClasses] = {
      "once",       "twice",       "3 times",      "4-7 times",
      "8-15 times", "16-31 times", "32-127 times", "128 times"};
  return kNames[hit_class];
}

bool ScanOneByOne(const ScanInput& input) {
  return ScanRange(input, 0, input.size);
}

bool ScanWords(const ScanInput& input) {
  bool any = false;
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= input.size; i += sizeof(uint64_t)) {
    uint64_t counters;
    memcpy(&counters, input.counters + i, sizeof(counters));
    if (counters == 0) continue;
    if (ScanRange(input, i, i + sizeof(counters))) any = true;
  }
  const bool any_in_tail = ScanRange(input, i, input.size);
  return any || any_in_tail;
}

bool Scan(const ScanInput& input) {
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  return has_avx2 ? ScanAvx2(input) : ScanWords(input);
}

}  // namespace moonpool::coverage
