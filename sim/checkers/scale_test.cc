// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Long histories: what must be feasible, and giving up where it is not. Bounds
// are in configurations and steps, not in seconds, so that they hold under
// sanitizers and on busy machines.
#include <cstdint>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/checkers/history.h"
#include "sim/checkers/linearizability.h"
#include "sim/checkers/models.h"
#include "sim/checkers/test_histories.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;

constexpr HistoryShape kLong = {.clients = 8, .operations = 10000};
constexpr HistoryShape kLongWithUnknown = {
    .clients = 8, .operations = 10000, .unknown = {1, 20}};

template <typename Object>
CheckResult CheckNew(const Object& object, const HistoryShape& shape,
                     uint64_t seed) {
  TestRandom random(seed);
  const absl::Time start = absl::Now();
  const auto operations = Linearizable(object, shape, *random);
  const absl::Time generated = absl::Now();
  CheckResult result = CheckLinearizable(operations);
  absl::FPrintF(stderr, "generated %s checked %s configurations %d\n",
                absl::FormatDuration(generated - start),
                absl::FormatDuration(absl::Now() - generated),
                result.configurations);
  return result;
}

TEST(ScaleTest, TenThousandOperationsOnFiftyKeys) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    KvObject object = {.keys = 50, .values = 1000};
    CheckResult result = CheckNew(object, kLong, seed);
    EXPECT_EQ(result.verdict, Verdict::kLinearizable) << result.text;
    result = CheckNew(object, kLongWithUnknown, seed);
    EXPECT_EQ(result.verdict, Verdict::kLinearizable) << result.text;
    object.appends = false;
    result = CheckNew(object, kLongWithUnknown, seed);
    EXPECT_EQ(result.verdict, Verdict::kLinearizable) << result.text;
  }
}

TEST(ScaleTest, TenThousandOperationsOnOneRegister) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    for (int64_t values : {2, 10, 1000}) {
      const RegisterObject object = {.values = values};
      CheckResult result = CheckNew(object, kLong, seed);
      EXPECT_EQ(result.verdict, Verdict::kLinearizable) << result.text;
      result = CheckNew(object, kLongWithUnknown, seed);
      EXPECT_EQ(result.verdict, Verdict::kLinearizable) << result.text;
    }
  }
}

TEST(ScaleTest, Queues) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    QueueObject object = {.queues = 50, .values = 0};
    CheckResult result = CheckNew(object, kLong, seed);
    EXPECT_EQ(result.verdict, Verdict::kLinearizable) << result.text;
    result = CheckNew(object, kLongWithUnknown, seed);
    EXPECT_EQ(result.verdict, Verdict::kLinearizable) << result.text;
    object.queues = 1;
    result = CheckNew(object, kLong, seed);
    EXPECT_EQ(result.verdict, Verdict::kLinearizable) << result.text;
  }
}

}  // namespace
}  // namespace moonpool
