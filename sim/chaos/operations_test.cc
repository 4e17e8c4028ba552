// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the alphabet is a pure function of the seed and operations keep their
// weights. Method: counting over fixed seeds.
#include "sim/chaos/operations.h"

#include <array>
#include <cstdint>

#include "gtest/gtest.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"

namespace moonpool {
namespace {

TEST(OperationAlphabet, EverythingIsEnabledUnlessSwarmed) {
  const OperationAlphabet all;
  for (int id = 0; id < 256; ++id) {
    EXPECT_TRUE(all.OperationEnabled(static_cast<uint8_t>(id)));
  }
}

TEST(OperationAlphabet, EachOperationIsEnabledInHalfOfTheSeeds) {
  std::array<int, 256> enabled = {};
  int first_two = 0;
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    const OperationAlphabet alphabet(seed);
    for (int id = 255; id >= 0; --id) {
      enabled[static_cast<size_t>(id)] +=
          alphabet.OperationEnabled(static_cast<uint8_t>(id));
    }
    first_two += alphabet.OperationEnabled(0) && alphabet.OperationEnabled(1);
  }
  for (const int count : enabled) EXPECT_NEAR(count, 2000, 150);
  EXPECT_NEAR(first_two, 1000, 120);
}

class OperationPick : public ::testing::Test {
 protected:
  TraceHash trace_;
  RandomSource source_{1, &trace_};
  RandomStream random_{&source_, "workload"};
};

TEST_F(OperationPick, PicksEnabledOperationsByWeight) {
  int checked = 0;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    const OperationAlphabet alphabet(seed);
    if (!alphabet.OperationEnabled(0) || alphabet.OperationEnabled(1) ||
        !alphabet.OperationEnabled(2)) {
      continue;
    }
    ++checked;
    std::array<int, 4> counts = {};
    const uint64_t before = source_.draws();
    for (int i = 0; i < 4000; ++i) {
      ++counts[alphabet.Pick(random_, {3, 5, 1, 0})];
    }
    EXPECT_EQ(source_.draws() - before, 4000u) << "one draw each";
    EXPECT_NEAR(counts[0], 3000, 130);
    EXPECT_EQ(counts[1], 0);
    EXPECT_NEAR(counts[2], 1000, 130);
    EXPECT_EQ(counts[3], 0);
  }
  EXPECT_GT(checked, 2);
}

TEST_F(OperationPick, FallsBackToAllWhenNothingWithAWeightIsEnabled) {
  int checked = 0;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    const OperationAlphabet alphabet(seed);
    if (alphabet.OperationEnabled(0) || alphabet.OperationEnabled(1)) continue;
    ++checked;
    std::array<int, 3> counts = {};
    // Operation 2, enabled or not, has no weight.
    for (int i = 0; i < 1000; ++i) ++counts[alphabet.Pick(random_, {1, 1, 0})];
    EXPECT_NEAR(counts[0], 500, 70);
    EXPECT_NEAR(counts[1], 500, 70);
    EXPECT_EQ(counts[2], 0);
  }
  EXPECT_GT(checked, 5);
}

}  // namespace
}  // namespace moonpool
