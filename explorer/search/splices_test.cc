// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what helped is tried once at each other way of its group. Method:
// single steps.
#include "explorer/search/splices.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "explorer/search/archive.h"
#include "gtest/gtest.h"
#include "sim/core/rng.h"

namespace moonpool::explorer {
namespace {

constexpr StreamKinds kNetwork = KindBit(StreamKind::kNetwork);

class SplicesTest : public ::testing::Test {
 protected:
  std::vector<uint64_t> TakeAll(Way& way) {
    std::vector<uint64_t> seeds;
    while (const std::optional<Reseed> taken = splices_.Take(1, way)) {
      seeds.push_back(taken->seed);
    }
    return seeds;
  }

  Splices splices_;
  Way here_ = {.splitpoint = 10};
  Way there_ = {.splitpoint = 11};
};

TEST_F(SplicesTest, ThereIsNothingOfAGroupWhereNothingHelped) {
  splices_.Learn(2, 20, {.seed = 5});
  EXPECT_EQ(TakeAll(here_), std::vector<uint64_t>{});
}

TEST_F(SplicesTest, EachWayTakesEachOnceTheOldestFirst) {
  splices_.Learn(1, 20, {.seed = 5, .streams = kNetwork});
  EXPECT_EQ(splices_.Take(1, here_), (Reseed{.seed = 5, .streams = kNetwork}));
  EXPECT_EQ(splices_.Take(1, here_), std::nullopt);
  splices_.Learn(1, 21, {.seed = 6});
  splices_.Learn(1, 22, {.seed = 7});
  EXPECT_EQ(TakeAll(here_), (std::vector<uint64_t>{6, 7}));
  EXPECT_EQ(TakeAll(there_), (std::vector<uint64_t>{5, 6, 7}));
}

TEST_F(SplicesTest, NothingIsTriedAgainWhereItHasHelped) {
  splices_.Learn(1, here_.splitpoint, {.seed = 5});
  splices_.Learn(1, 20, {.seed = 6});
  splices_.Learn(1, here_.splitpoint, {.seed = 7});
  EXPECT_EQ(TakeAll(here_), std::vector<uint64_t>{6});
  EXPECT_EQ(TakeAll(there_), (std::vector<uint64_t>{5, 6, 7}));
}

TEST_F(SplicesTest, KeepsTheLatest) {
  const size_t max = Splices::kMaxOfGroup;
  splices_.Learn(1, 20, {.seed = 0});
  EXPECT_EQ(TakeAll(here_).size(), 1u);
  for (uint64_t seed = 1; seed <= max + 3; ++seed) {
    splices_.Learn(1, 20, {.seed = seed});
  }
  for (Way* way : {&here_, &there_}) {
    const std::vector<uint64_t> taken = TakeAll(*way);
    ASSERT_EQ(taken.size(), max);
    EXPECT_EQ(taken.front(), 4u);
    EXPECT_EQ(taken.back(), max + 3);
  }
}

}  // namespace
}  // namespace moonpool::explorer
