// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Looks through edge counters for what is new: hit counts fall into eight
// classes (those of AFL), each a bit; a map has one byte of such bits an edge.
#ifndef MOONPOOL_EXPLORER_COVERAGE_SCAN_H_
#define MOONPOOL_EXPLORER_COVERAGE_SCAN_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace moonpool::coverage {

inline constexpr int kHitClasses = 8;

// 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more; 0: no hit. Counters wrap
// around at 256, so a class is never taken back, but one may be missed.
constexpr uint8_t HitClassBit(uint8_t count) {
  if (count == 0) return 0;
  if (count <= 3) return static_cast<uint8_t>(1 << (count - 1));
  if (count < 8) return 8;
  if (count < 16) return 16;
  if (count < 32) return 32;
  return count < 128 ? 64 : 128;
}
// "4-7 times", by the number of the bit.
absl::string_view HitClassName(int hit_class);

// Hears of each edge with classes that are new.
class HitSink {
 public:
  virtual ~HitSink() = default;
  // classes: in neither map. is_first: the edge had no class in seen before.
  virtual void OnHit(size_t edge, uint8_t classes, bool is_first) = 0;
};

// What one scan reads and writes: an array each, of size bytes.
struct ScanInput {
  const uint8_t* counters = nullptr;
  size_t size = 0;
  size_t first = 0;  // the number of the edge of counters[0]
  uint8_t* seen = nullptr;
  // Classes in it are not told of; those of seen are not in any case.
  const uint8_t* known = nullptr;
  HitSink* sink = nullptr;  // nullptr: tell nobody
};

// Adds all classes to seen; whether there were any new ones. Edges are told of
// in ascending order.
bool Scan(const ScanInput& input);
// The same by the book, one edge after another.
bool ScanOneByOne(const ScanInput& input);
// The same, eight at a time; what Scan is without AVX2.
bool ScanWords(const ScanInput& input);

}  // namespace moonpool::coverage

#endif  // MOONPOOL_EXPLORER_COVERAGE_SCAN_H_
