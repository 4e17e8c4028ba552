// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Known histories of the shipped models, linearizable and not, and what the
// report of a violation shows.
#include "sim/checkers/linearizability.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/checkers/history.h"
#include "sim/checkers/models.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// One operation after another, none overlapping.
template <typename Model>
void Sequential(HistoryRecorder<Model>& history, int client,
                typename Model::Input input, typename Model::Output output) {
  history.Complete(history.Invoke(client, std::move(input)), std::move(output));
}

using Register = RegisterModel;

TEST(RegisterTest, StaleReadIsAViolation) {
  HistoryRecorder<Register> history;
  Sequential(history, 1, Register::Write(1), {});
  Sequential(history, 1, Register::Write(2), {});
  Sequential(history, 2, Register::Read(), {.value = 1});
  const CheckResult result = CheckLinearizable(history.operations());
  EXPECT_EQ(result.verdict, Verdict::kViolation);
  EXPECT_EQ(result.shown, 3u) << result.text;
  EXPECT_THAT(result.text, HasSubstr("No order explains: client 2"));
}

}  // namespace
}  // namespace moonpool
