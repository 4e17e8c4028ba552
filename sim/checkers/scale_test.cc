// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Long histories: what must be feasible, and admitting it where it is not.
// Bounds are in configurations, not in seconds, so that they hold under
// sanitizers and on busy machines; the seconds are those of the test's size.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/checkers/history.h"
#include "sim/checkers/linearizability.h"
#include "sim/checkers/models.h"
#include "sim/checkers/test_histories.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;

constexpr size_t kOperations = 10000;
constexpr HistoryShape kLong = {.clients = 8, .operations = kOperations};
constexpr HistoryShape kLongWithUnknown = {
    .clients = 8, .operations = kOperations, .unknown = {1, 20}};

// Linearizable, found out without much of a detour.
template <typename Object>
void ExpectEasy(const Object& object, const HistoryShape& shape) {
  TestRandom random(1);
  const auto operations = Linearizable(object, shape, *random);
  const CheckResult result = CheckLinearizable(operations);
  EXPECT_EQ(result.verdict, Verdict::kLinearizable) << result.text;
  EXPECT_LT(result.configurations, 3 * kOperations);
}

TEST(ScaleTest, FiftyKeys) {
  ExpectEasy(KvObject{.keys = 50, .values = 1000}, kLong);
  ExpectEasy(KvObject{.keys = 50, .values = 3}, kLong);
}

TEST(ScaleTest, FiftyKeysWithUnknownOutcomes) {
  ExpectEasy(KvObject{.keys = 50, .values = 1000}, kLongWithUnknown);
  ExpectEasy(KvObject{.keys = 50, .values = 1000, .appends = false},
             kLongWithUnknown);
  ExpectEasy(KvObject{.keys = 50, .values = 3, .appends = false},
             kLongWithUnknown);
}

TEST(ScaleTest, OneRegister) {
  ExpectEasy(RegisterObject{.values = 2}, kLong);
  ExpectEasy(RegisterObject{.values = 1000}, kLong);
}

TEST(ScaleTest, OneRegisterWithFiveHundredUnknownOutcomes) {
  ExpectEasy(RegisterObject{.values = 2}, kLongWithUnknown);
  ExpectEasy(RegisterObject{.values = 1000}, kLongWithUnknown);
}

TEST(ScaleTest, FiftyQueues) {
  ExpectEasy(QueueObject{.queues = 50, .values = 0}, kLong);
}

// Appends to a history that ends at kEnd.
constexpr uint64_t kEnd = 4 * kOperations;
template <typename Model>
void Append(std::vector<ClientOperation<Model>>& operations,
            typename Model::Input input, typename Model::Output output) {
  const uint64_t called = std::max(kEnd, operations.back().returned == kPending
                                             ? kEnd
                                             : operations.back().returned + 1);
  operations.push_back({.client = 9,
                        .input = std::move(input),
                        .output = std::move(output),
                        .called = called,
                        .returned = called + 1});
}

// A read of a value overwritten just before, at the end of a history with
// hundreds of unknown writes: each of them might have been the last, none
// explains it.
TEST(ScaleTest, ViolationAmongUnknownOutcomesOfFiftyKeys) {
  using Kv = KvMapModel;
  TestRandom random(1);
  auto operations = Linearizable(KvObject{.keys = 50, .values = 1000},
                                 kLongWithUnknown, *random);
  Append(operations, Kv::Put("k7", "old"), {});
  Append(operations, Kv::Put("k7", "new"), {});
  Append(operations, Kv::Get("k7"), {.value = "old"});
  const CheckResult result = CheckLinearizable(operations);
  EXPECT_EQ(result.verdict, Verdict::kViolation) << result.text;
  EXPECT_EQ(result.key, "k7");
  EXPECT_EQ(result.shown, 3u) << result.text;
  EXPECT_LT(result.configurations, 10 * kOperations);
}

TEST(ScaleTest, ViolationAmongFiftyUnknownOutcomesOfOneRegister) {
  TestRandom random(1);
  auto operations = Linearizable(
      RegisterObject{.values = 1000},
      {.clients = 8, .operations = 1000, .unknown = {1, 20}}, *random);
  Append(operations, RegisterModel::Write(-7), {});
  Append(operations, RegisterModel::Write(-8), {});
  Append(operations, RegisterModel::Read(), {.value = -7});
  const CheckResult result = CheckLinearizable(operations);
  EXPECT_EQ(result.verdict, Verdict::kViolation) << result.text;
  EXPECT_EQ(result.shown, 3u) << result.text;
  EXPECT_LT(result.configurations, 10 * kOperations);
}

// Eight writes at once, round after round, and a read that nothing explains:
// every order must be looked at.
HistoryRecorder<CounterModel> Hopeless(int clients) {
  HistoryRecorder<CounterModel> history;
  for (int client = 0; client < clients; ++client) {
    history.Invoke(client, {.add = int64_t{1} << client});
  }
  history.Complete(history.Invoke(clients, {.add = 0}), -1);
  return history;
}

TEST(ScaleTest, GivingUpIsNoViolation) {
  const auto small = Hopeless(10);
  EXPECT_EQ(CheckLinearizable(small.operations()).verdict, Verdict::kViolation);
  const CheckResult result =
      CheckLinearizable(small.operations(), {.max_configurations = 500});
  EXPECT_EQ(result.verdict, Verdict::kGaveUp);
  EXPECT_THAT(result.text, HasSubstr("gave up on the history after"));
  EXPECT_THAT(result.text, HasSubstr("11 operations, 10 of unknown outcome"));
  EXPECT_LE(result.configurations, 502u);
}

TEST(ScaleTest, GivesUpOnMemoryForStates) {
  EXPECT_EQ(
      CheckLinearizable(Hopeless(12).operations(), {.max_state_bytes = 1000})
          .verdict,
      Verdict::kGaveUp);
}

}  // namespace
}  // namespace moonpool
