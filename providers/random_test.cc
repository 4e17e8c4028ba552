// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what Random derives from 64 uniform bits has the stated range, law and
// cost of one draw. Method: chosen bits at the borders, counted draws, and
// uniformity over a fixed sequence.
#include "providers/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/time/time.h"

namespace moonpool {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr uint64_t kOnes = ~uint64_t{0};

// Gives the same bits again and again.
struct Constant final : Random {
  explicit Constant(uint64_t b) : bits(b) {}
  uint64_t Next() override {
    ++draws;
    return bits;
  }
  uint64_t bits;
  int draws = 0;
};

// A Weyl sequence through a multiplication: plain, but even.
struct Sequence final : Random {
  uint64_t Next() override {
    const unsigned __int128 product =
        static_cast<unsigned __int128>(state += 0x9E3779B97F4A7C15u) *
        0xD1B54A32D192ED03u;
    return static_cast<uint64_t>(product >> 64) ^
           static_cast<uint64_t>(product);
  }
  uint64_t state = 1;
};

TEST(Random, BelowCoversItsRange) {
  Constant low(0), high(kOnes);
  for (uint64_t bound : {uint64_t{1}, uint64_t{2}, uint64_t{1000}, kOnes}) {
    EXPECT_EQ(low.Below(bound), 0u);
    EXPECT_EQ(high.Below(bound), bound - 1);
  }
  EXPECT_EQ(Constant(uint64_t{1} << 63).Below(10), 5u);
  EXPECT_DEATH(low.Below(0), "bound");
}

TEST(Random, RangeIncludesBothEnds) {
  Constant low(0), high(kOnes);
  const std::pair<int64_t, int64_t> ranges[] = {
      {0, 0},       {-3, 4},   {kMin, kMax}, {kMin, kMin},
      {kMax, kMax}, {kMin, 0}, {-1, kMax}};
  for (auto [from, to] : ranges) {
    EXPECT_EQ(low.Range(from, to), from);
    EXPECT_EQ(high.Range(from, to), to);
  }
  EXPECT_DEATH(low.Range(int64_t{1}, int64_t{0}), "low");
}

TEST(Random, DurationsIncludeBothEnds) {
  Constant low(0), high(kOnes);
  EXPECT_EQ(low.Range(absl::Nanoseconds(-1), absl::Hours(1)),
            absl::Nanoseconds(-1));
  EXPECT_EQ(high.Range(absl::Nanoseconds(-1), absl::Hours(1)), absl::Hours(1));
}

TEST(Random, ChanceIsExactAtItsEnds) {
  Constant low(0), high(kOnes);
  EXPECT_FALSE(low.Chance({0, 1}));
  EXPECT_TRUE(high.Chance({1, 1}));
  EXPECT_TRUE(low.Chance({1, 1000000}));
  EXPECT_FALSE(high.Chance({999999, 1000000}));
  EXPECT_FALSE(low.Chance(Ratio()));
  EXPECT_DEATH(low.Chance({1, 0}), "bound");
}

TEST(Random, UnitIsBelowOne) {
  EXPECT_EQ(Constant(0).Unit(), 0.0);
  EXPECT_LT(Constant(kOnes).Unit(), 1.0);
  EXPECT_GT(Constant(kOnes).Unit(), 1.0 - 1e-15);
}

TEST(Random, WeightedSkipsZeroWeights) {
  Constant low(0), high(kOnes);
  EXPECT_EQ(low.Weighted({0, 0, 5, 1}), 2u);
  EXPECT_EQ(high.Weighted({1, 5, 0, 0}), 1u);
  EXPECT_EQ(high.Weighted({7}), 0u);
  EXPECT_DEATH(low.Weighted({0, 0}), "bound");
}

TEST(Random, EachCallIsOneDraw) {
  Constant random(12345);
  random.Below(1);
  random.Below(1000000);
  random.Range(int64_t{3}, int64_t{3});
  random.Range(kMin, kMax);
  random.Range(absl::ZeroDuration(), absl::Seconds(1));
  random.Chance({0, 1});
  random.Unit();
  random.Weighted({1, 2, 3});
  random.Pick(std::vector<int>{1, 2, 3});
  EXPECT_EQ(random.draws, 9);
}

TEST(Random, FollowsItsLaws) {
  constexpr int kDraws = 100000;
  Sequence random;
  std::array<int, 7> below = {}, range = {}, pick = {};
  std::array<int, 4> weighted = {};
  int chance = 0;
  double unit = 0;
  const std::vector<int> items = {0, 1, 2, 3, 4, 5, 6};
  for (int i = 0; i < kDraws; ++i) {
    ++below[random.Below(7)];
    ++range[random.Range(int64_t{-3}, int64_t{3}) + 3];
    ++pick[random.Pick(items)];
    ++weighted[random.Weighted({1, 2, 0, 7})];
    chance += random.Chance({3, 10});
    unit += random.Unit();
  }
  // Five standard deviations of a binomial count.
  auto expect_share = [&](int count, double p) {
    EXPECT_NEAR(count, kDraws * p, 5 * std::sqrt(kDraws * p * (1 - p)));
  };
  for (const auto& counts : {below, range, pick}) {
    for (int count : counts) expect_share(count, 1.0 / 7);
  }
  expect_share(weighted[0], 0.1);
  expect_share(weighted[1], 0.2);
  EXPECT_EQ(weighted[2], 0);
  expect_share(weighted[3], 0.7);
  expect_share(chance, 0.3);
  EXPECT_NEAR(unit / kDraws, 0.5, 0.005);
}

TEST(RandomTest, RangeOrLowDrawsOnlyFromARange) {
  class Counting final : public Random {
   public:
    uint64_t Next() override { return ++draws_ * 0x9E3779B97F4A7C15u; }
    int draws() const { return static_cast<int>(draws_); }

   private:
    uint64_t draws_ = 0;
  } random;
  EXPECT_EQ(random.RangeOrLow(5, 4), 5);
  EXPECT_EQ(random.draws(), 0);
  for (int i = 0; i < 100; ++i) {
    const int64_t value = random.RangeOrLow(5, 7);
    EXPECT_TRUE(5 <= value && value <= 7);
  }
  EXPECT_EQ(random.draws(), 100);
}

}  // namespace
}  // namespace moonpool
