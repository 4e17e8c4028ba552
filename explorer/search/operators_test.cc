// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/operators.h"

#include <cmath>
#include <map>

#include "gtest/gtest.h"
#include "sim/core/trace_hash.h"

namespace moonpool::explorer {
namespace {

constexpr StreamKinds kWorkload = KindBit(StreamKind::kWorkload);
constexpr StreamKinds kNetwork = KindBit(StreamKind::kNetwork);
constexpr StreamKinds kFaults = KindBit(StreamKind::kFaults);

class OperatorsTest : public ::testing::Test {
 protected:
  static constexpr int kPicks = 40000;

  std::map<StreamKinds, double> Shares(const Operators& operators) {
    std::map<StreamKinds, double> shares;
    for (int i = 0; i < kPicks; ++i) {
      const StreamKinds picked = operators.PickStreams(random_);
      shares[picked & kAllStreams] += 1.0 / kPicks;
      if ((picked & kSoon) != 0) soon_[picked & kAllStreams] += 1.0 / kPicks;
    }
    return shares;
  }

  double ShareOfSplices(const Operators& operators) {
    int splices = 0;
    for (int i = 0; i < kPicks; ++i) splices += operators.PickSplice(random_);
    return static_cast<double>(splices) / kPicks;
  }

  // Of so many branches the first ones yield.
  static void Commit(Operators& operators, int branches, int yields,
                     StreamKinds streams, bool is_splice = false) {
    for (int i = 0; i < branches; ++i) {
      operators.Commit(streams, is_splice, i < yields);
    }
  }

  std::map<StreamKinds, double> soon_;  // of the shares
  TraceHash trace_;
  RandomSource source_{20261121, &trace_};
  RandomStream random_{&source_, "test"};
};

TEST_F(OperatorsTest, IsBlindUntilTwoKindsDraw) {
  Operators operators;
  EXPECT_EQ(Shares(operators).size(), 1u);
  operators.Learn(kWorkload);
  EXPECT_EQ(Shares(operators).count(kAllStreams), 1u);
  EXPECT_EQ(Shares(operators).size(), 1u);
  operators.Learn(kNetwork);
  const auto shares = Shares(operators);
  EXPECT_EQ(shares.size(), 3u);
  EXPECT_NEAR(shares.at(kAllStreams), 0.75, 0.02);
  EXPECT_NEAR(shares.at(kWorkload), 0.125, 0.01);
  EXPECT_NEAR(shares.at(kNetwork), 0.125, 0.01);
  EXPECT_TRUE(soon_.empty()) << "there are no faults";
}

TEST_F(OperatorsTest, ScopesAreTheKindsAndAllButTheWorkload) {
  Operators operators;
  operators.Learn(kWorkload | kFaults);
  operators.Learn(kNetwork);
  const auto shares = Shares(operators);
  EXPECT_EQ(shares.size(), 5u);
  for (const StreamKinds scope :
       {kWorkload, kNetwork, kFaults,
        static_cast<StreamKinds>(kNetwork | kFaults)}) {
    EXPECT_NEAR(shares.at(scope), 0.0625, 0.01) << int{scope};
  }
  // Where there are faults, half of them are to come soon.
  EXPECT_EQ(soon_.size(), 3u);
  EXPECT_NEAR(soon_.at(kAllStreams), 0.375, 0.01);
  EXPECT_NEAR(soon_.at(kFaults), 0.03125, 0.007);
  EXPECT_NEAR(soon_.at(kNetwork | kFaults), 0.03125, 0.007);
}

TEST_F(OperatorsTest, WhatYieldsLessIsPickedLess) {
  Operators operators;
  operators.Learn(kWorkload | kNetwork);
  Commit(operators, 992, 99, kAllStreams);
  Commit(operators, 92, 0, kNetwork);
  // 1/100 against 100/1000.
  EXPECT_NEAR(Shares(operators).at(kAllStreams), 1 - 0.25 / 10, 0.005);
  // What splices yield is another matter.
  Commit(operators, 1000, 1000, kNetwork, /*is_splice=*/true);
  EXPECT_NEAR(Shares(operators).at(kAllStreams), 1 - 0.25 / 10, 0.005);
  Commit(operators, 1000, 1000, kNetwork);
  EXPECT_NEAR(Shares(operators).at(kAllStreams), 0.75, 0.02);
}

TEST_F(OperatorsTest, SplicesAreWhatTheyYieldInComparison) {
  Operators operators;
  EXPECT_NEAR(ShareOfSplices(operators), 0.25, 0.01);
  // 1/100, as others, of which half are blind and half scoped.
  Commit(operators, 96, 1, kAllStreams);
  Commit(operators, 96, 0, kNetwork);
  Commit(operators, 92, 0, kAllStreams, /*is_splice=*/true);
  EXPECT_NEAR(ShareOfSplices(operators), 0.25, 0.01);
  // 1/1000.
  Commit(operators, 900, 0, kNetwork, /*is_splice=*/true);
  EXPECT_NEAR(ShareOfSplices(operators), 0.025, 0.005);
  // 15/1000.
  Commit(operators, 8, 8, kAllStreams, /*is_splice=*/true);
  Commit(operators, 100, 6, kNetwork, /*is_splice=*/true);
  EXPECT_NEAR(ShareOfSplices(operators), 0.25 * 1.354, 0.01);
  // At most half of the branches.
  Commit(operators, 1000, 1000, kAllStreams, /*is_splice=*/true);
  EXPECT_NEAR(ShareOfSplices(operators), 0.5, 0.01);
}

}  // namespace
}  // namespace moonpool::explorer
