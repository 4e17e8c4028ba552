// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: hit counts are classed as documented, and all scans tell the same of
// the same counters. Method: a reference written down here, over random
// counters and maps of all lengths and positions.
#include "explorer/coverage/scan.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "providers/base/hash.h"

namespace moonpool::coverage {
namespace {

using Bytes = std::vector<uint8_t>;

TEST(HitClassTest, HasTheClassesOfAfl) {
  const std::vector<std::pair<int, int>> classes = {
      {1, 1}, {2, 2}, {3, 3}, {4, 7}, {8, 15}, {16, 31}, {32, 127}, {128, 255}};
  EXPECT_EQ(HitClassBit(0), 0);
  for (size_t i = 0; i < classes.size(); ++i) {
    for (int count = classes[i].first; count <= classes[i].second; ++count) {
      EXPECT_EQ(HitClassBit(static_cast<uint8_t>(count)), 1 << i) << count;
    }
  }
  EXPECT_EQ(HitClassName(0), "once");
  EXPECT_EQ(HitClassName(3), "4-7 times");
  EXPECT_EQ(HitClassName(7), "128 times");
}

class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed) {}
  uint64_t Next() { return Mix64(state_ += 0x9E3779B97F4A7C15u); }
  uint64_t Below(uint64_t bound) { return Next() % bound; }

 private:
  uint64_t state_;
};

using Hit = std::tuple<size_t, int, bool>;

class Hits final : public HitSink {
 public:
  void OnHit(size_t edge, uint8_t classes, bool is_first) override {
    all.emplace_back(edge, classes, is_first);
  }
  std::vector<Hit> all;
};

struct Outcome {
  bool any = false;
  Bytes seen;
  std::vector<Hit> hits;
  bool operator==(const Outcome&) const = default;
};

Outcome Reference(const Bytes& counters, Bytes seen, const Bytes& known,
                  size_t first) {
  Outcome outcome;
  for (size_t i = 0; i < counters.size(); ++i) {
    const int bit = HitClassBit(counters[i]);
    if (bit == 0 || (seen[i] & bit) != 0) continue;
    outcome.any = true;
    if ((known[i] & bit) == 0) {
      outcome.hits.emplace_back(first + i, bit, seen[i] == 0);
    }
    seen[i] = static_cast<uint8_t>(seen[i] | bit);
  }
  outcome.seen = seen;
  return outcome;
}

using Scanner = bool (*)(const ScanInput&);

// With so many bytes before each array: not aligned.
Outcome OutcomeOf(Scanner scanner, const Bytes& counters, const Bytes& seen,
                  const Bytes& known, size_t first, size_t shift) {
  const size_t size = counters.size();
  // What lies behind must be neither read into the result nor written.
  Bytes shifted[3];
  const Bytes* from[3] = {&counters, &seen, &known};
  for (int i = 0; i < 3; ++i) {
    shifted[i].assign(shift + size + 100, 0x55);
    std::copy(from[i]->begin(), from[i]->end(), shifted[i].begin() + shift);
  }
  Hits hits;
  Outcome outcome;
  outcome.any = scanner({.counters = shifted[0].data() + shift,
                         .size = size,
                         .first = first,
                         .seen = shifted[1].data() + shift,
                         .known = shifted[2].data() + shift,
                         .sink = &hits});
  const auto begin = shifted[1].begin() + shift;
  outcome.seen.assign(begin, begin + size);
  EXPECT_TRUE(std::all_of(begin + size, shifted[1].end(),
                          [](uint8_t byte) { return byte == 0x55; }));
  outcome.hits = std::move(hits.all);
  return outcome;
}

TEST(ScanTest, AllScansAgreeWithTheReference) {
  Numbers numbers(7);
  for (int round = 0; round < 3000; ++round) {
    const size_t size = numbers.Below(400);
    const uint64_t density = numbers.Below(101);  // per cent
    const bool mostly_seen = numbers.Below(2) == 0;
    Bytes counters(size);
    Bytes seen(size);
    Bytes known(size);
    for (size_t i = 0; i < size; ++i) {
      if (numbers.Below(100) < density) {
        counters[i] =
            static_cast<uint8_t>(numbers.Next() >> numbers.Below(8) & 0xFF);
      }
      seen[i] = static_cast<uint8_t>(numbers.Next());
      if (mostly_seen && numbers.Below(50) != 0) seen[i] = 0xFF;
      if (numbers.Below(4) == 0) seen[i] = 0;
      known[i] = static_cast<uint8_t>(numbers.Next());
    }
    const size_t first = numbers.Below(1000);
    const size_t shift = numbers.Below(40);
    const Outcome expected = Reference(counters, seen, known, first);
    for (const Scanner scanner :
         {Scanner{&Scan}, Scanner{&ScanOneByOne}, Scanner{&ScanWords}}) {
      ASSERT_TRUE(OutcomeOf(scanner, counters, seen, known, first, shift) ==
                  expected)
          << "round " << round << " size " << size;
    }
  }
}

TEST(ScanTest, NoSinkIsTold) {
  const Bytes counters = {0, 1, 200};
  Bytes seen = {0, 0, 0};
  EXPECT_TRUE(
      Scan({.counters = counters.data(), .size = 3, .seen = seen.data()}));
  EXPECT_EQ(seen, Bytes({0, 1, 128}));
  EXPECT_FALSE(
      Scan({.counters = counters.data(), .size = 3, .seen = seen.data()}));
}

}  // namespace
}  // namespace moonpool::coverage
