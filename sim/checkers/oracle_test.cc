// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The checker against an oracle that tries every order, over many small random
// histories: correct ones, spoilt ones, with and without unknown outcomes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "gtest/gtest.h"
#include "sim/checkers/history.h"
#include "sim/checkers/linearizability.h"
#include "sim/checkers/models.h"
#include "sim/checkers/test_histories.h"

namespace moonpool {
namespace {

// All keys at once: State is that of the object of the test, which knows
// nothing of partitions and models.
template <typename Object>
class Oracle {
 public:
  using Operations = std::vector<ClientOperation<typename Object::Model>>;
  explicit Oracle(const Operations& operations)
      : operations_(operations), done_(operations.size()) {}

  bool IsLinearizable(const Object& object) {
    uint64_t first_return = kPending;
    for (size_t i = 0; i < operations_.size(); ++i) {
      if (!done_[i]) {
        first_return = std::min(first_return, operations_[i].returned);
      }
    }
    if (first_return == kPending) return true;
    for (size_t i = 0; i < operations_.size(); ++i) {
      const auto& operation = operations_[i];
      if (done_[i] || operation.called > first_return) continue;
      Object next = object;
      const auto output = next.Apply(operation.input);
      if (operation.output.has_value() &&
          !IsSame(operation.input, output, *operation.output)) {
        continue;
      }
      done_[i] = true;
      const bool found = IsLinearizable(next);
      done_[i] = false;
      if (found) return true;
    }
    return false;
  }

 private:
  static bool IsSame(const RegisterModel::Input& input,
                     const RegisterModel::Output& a,
                     const RegisterModel::Output& b) {
    if (input.kind == RegisterModel::Kind::kRead) return a.value == b.value;
    return input.kind == RegisterModel::Kind::kWrite || a.ok == b.ok;
  }
  static bool IsSame(const KvMapModel::Input& input,
                     const KvMapModel::Output& a, const KvMapModel::Output& b) {
    if (input.kind == KvMapModel::Kind::kGet) return a.value == b.value;
    return input.kind != KvMapModel::Kind::kCas || a.ok == b.ok;
  }
  static bool IsSame(const QueueModel::Input& input,
                     const QueueModel::Output& a, const QueueModel::Output& b) {
    return input.enqueue.has_value() || a == b;
  }
  static bool IsSame(const SetModel::Input&, bool a, bool b) { return a == b; }
  static bool IsSame(const CounterModel::Input&, int64_t a, int64_t b) {
    return a == b;
  }

  const Operations& operations_;
  std::vector<bool> done_;
};

template <typename Object>
class OracleTest : public ::testing::Test {};
using Objects = ::testing::Types<RegisterObject, KvObject, QueueObject,
                                 SetObject, CounterObject>;
TYPED_TEST_SUITE(OracleTest, Objects);

TYPED_TEST(OracleTest, CorrectObjectsAlwaysPass) {
  int gave_up = 0;
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    TestRandom random(seed);
    const HistoryShape shape = {
        .clients = static_cast<int>(random->Range(int64_t{1}, int64_t{6})),
        .operations = random->Below(40) + 1,
        .unknown = Ratio{seed % 4, 10}};
    const auto operations = Linearizable(TypeParam(), shape, *random);
    const CheckResult result =
        CheckLinearizable(operations, {.max_configurations = 20000});
    ASSERT_NE(result.verdict, Verdict::kViolation) << "seed " << seed << "\n"
                                                   << result.text;
    if (result.verdict == Verdict::kGaveUp) ++gave_up;
  }
  // Queues with a third of the outcomes unknown can be too hard.
  EXPECT_LE(gave_up, (std::is_same_v<TypeParam, QueueObject>) ? 15 : 0);
}

TYPED_TEST(OracleTest, AgreesOnSpoiltHistories) {
  int violations = 0;
  constexpr int kHistories = 3000;
  for (uint64_t seed = 0; seed < kHistories; ++seed) {
    TestRandom random(seed);
    const HistoryShape shape = {
        .clients = static_cast<int>(random->Range(int64_t{1}, int64_t{4})),
        .operations = random->Below(8) + 1,
        .unknown = Ratio{seed % 4, 8}};
    auto operations = Linearizable(TypeParam(), shape, *random);
    for (uint64_t n = random->Below(4); n > 0; --n) {
      Mutate(TypeParam(), *random, &operations);
    }
    const bool expected = Oracle<TypeParam>(operations).IsLinearizable({});
    const CheckResult result = CheckLinearizable(operations);
    ASSERT_EQ(result.verdict,
              expected ? Verdict::kLinearizable : Verdict::kViolation)
        << "seed " << seed << "\n"
        << result.text;
    if (!expected) ++violations;
  }
  // Both kinds are there.
  EXPECT_GT(violations, kHistories / 10);
  EXPECT_LT(violations, kHistories * 9 / 10);
}

// What is shown of a violation is a part of the shortest prefix.
TYPED_TEST(OracleTest, MinimizingKeepsTheKeyAndShrinks) {
  int violations = 0;
  int smaller = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    TestRandom random(seed);
    auto operations = Linearizable(
        TypeParam(), {.clients = 3, .operations = 8, .unknown = {1, 8}},
        *random);
    for (int n = 0; n < 2; ++n) Mutate(TypeParam(), *random, &operations);
    const CheckResult result = CheckLinearizable(operations);
    if (result.verdict != Verdict::kViolation) continue;
    ++violations;
    const CheckResult whole =
        CheckLinearizable(operations, {.max_minimize_steps = 0});
    EXPECT_EQ(whole.verdict, Verdict::kViolation);
    EXPECT_EQ(whole.key, result.key);
    EXPECT_GE(result.shown, 1u);
    EXPECT_LE(result.shown, whole.shown);
    if (result.shown < whole.shown) ++smaller;
  }
  EXPECT_GT(violations, 100);
  EXPECT_GT(smaller, violations / 4);
}

}  // namespace
}  // namespace moonpool
