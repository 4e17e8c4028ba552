// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the base vocabulary does what it says. Method: examples, known vectors.
#include <set>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

TEST(CheckDeathTest, FailureNamesPlaceConditionAndMessage) {
  EXPECT_DEATH(CHECK(1 == 2) << "seed " << 7,
               "base_test.cc:[0-9]+: CHECK failed: 1 == 2 seed 7");
}

TEST(CheckTest, MessageIsNotEvaluatedWhenTheConditionHolds) {
  int evaluations = 0;
  CHECK(true) << ++evaluations;
  EXPECT_EQ(evaluations, 0);
}

TEST(HashTest, BytesMatchPublishedXxh3Vectors) {
  // XXH3_64bits of the empty input, from the xxHash specification.
  EXPECT_EQ(HashBytes(""), 0x2D06800538D394C2u);
  EXPECT_NE(HashBytes("a"), HashBytes("b"));
  EXPECT_NE(HashBytes("a"), HashBytes("a", 1));
}

TEST(HashTest, CombineDependsOnOrder) {
  EXPECT_NE(Combine64(1, 2), Combine64(2, 1));
  std::set<uint64_t> seen;
  for (uint64_t i = 0; i < 1000; ++i) seen.insert(Combine64(i, i + 1));
  EXPECT_EQ(seen.size(), 1000u);
}

absl::StatusOr<int> Parse(bool ok) {
  if (ok) return 7;
  return absl::InvalidArgumentError("bad");
}
absl::StatusOr<int> Twice(bool ok) {
  ASSIGN_OR_RETURN(int value, Parse(ok));
  return 2 * value;
}
absl::Status Only(bool ok) {
  RETURN_IF_ERROR(Parse(ok));
  return absl::OkStatus();
}

TEST(StatusMacrosTest, ErrorsReturnEarlyAndValuesPass) {
  EXPECT_EQ(*Twice(true), 14);
  EXPECT_EQ(Twice(false).status(), absl::InvalidArgumentError("bad"));
  EXPECT_TRUE(Only(true).ok());
  EXPECT_EQ(Only(false), absl::InvalidArgumentError("bad"));
}

}  // namespace
}  // namespace moonpool
