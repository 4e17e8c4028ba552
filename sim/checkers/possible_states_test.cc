// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// PossibleStates by example, and against CheckLinearizable over random
// histories of one client: both must find the same fault at the same operation.
#include "sim/checkers/possible_states.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "sim/checkers/history.h"
#include "sim/checkers/linearizability.h"
#include "sim/checkers/models.h"
#include "sim/checkers/test_histories.h"

namespace moonpool {
namespace {

using Kv = KvMapModel;

TEST(PossibleStatesTest, AnAcknowledgedPutIsCertain) {
  PossibleStates<Kv> possible;
  EXPECT_EQ(possible.Describe("k"), "absent");
  EXPECT_TRUE(possible.Complete(Kv::Put("k", "v1"), {}));
  EXPECT_EQ(possible.Describe("k"), "\"v1\"");
  EXPECT_FALSE(possible.Complete(Kv::Get("k"), {}));
  EXPECT_FALSE(possible.Complete(Kv::Get("k"), {.value = "v2"}));
  EXPECT_TRUE(possible.Complete(Kv::Get("k"), {.value = "v1"}));
  EXPECT_TRUE(possible.Complete(Kv::Get("other"), {}));
}

TEST(PossibleStatesTest, AnUnknownPutMayHappenLateAndOnce) {
  PossibleStates<Kv> possible;
  EXPECT_TRUE(possible.Complete(Kv::Put("k", "v1"), {}));
  possible.Unknown(Kv::Put("k", "v2"));
  EXPECT_TRUE(possible.Complete(Kv::Get("k"), {.value = "v1"}));
  EXPECT_TRUE(possible.Complete(Kv::Put("k", "v3"), {}));
  EXPECT_EQ(possible.Describe("k"), "\"v2\" or \"v3\"");
  EXPECT_TRUE(possible.Complete(Kv::Get("k"), {.value = "v2"}));
  // It has happened now: v3 is gone, and it cannot happen again.
  EXPECT_FALSE(possible.Complete(Kv::Get("k"), {.value = "v3"}));
  EXPECT_TRUE(possible.Complete(Kv::Put("k", "v4"), {}));
  EXPECT_FALSE(possible.Complete(Kv::Get("k"), {.value = "v2"}));
  EXPECT_TRUE(possible.Complete(Kv::Get("k"), {.value = "v4"}));
}

TEST(PossibleStatesTest, UnknownAppendsInAnyOrder) {
  PossibleStates<Kv> possible;
  possible.Unknown(Kv::Append("k", "a"));
  possible.Unknown(Kv::Append("k", "b"));
  EXPECT_EQ(possible.Describe("k"),
            "absent or \"a\" or \"ab\" or \"b\" or \"ba\"");
  EXPECT_TRUE(possible.Complete(Kv::Append("k", "c"), {}));
  EXPECT_FALSE(possible.Complete(Kv::Get("k"), {.value = "ab"}));
  EXPECT_TRUE(possible.Complete(Kv::Get("k"), {.value = "bc"}));
  EXPECT_EQ(possible.Describe("k"), "\"bc\" or \"bca\"");
}

TEST(PossibleStatesTest, TooManyPossibilitiesAreAdmitted) {
  PossibleStates<Kv> possible;
  for (int i = 0; i < 12; ++i) {
    possible.Unknown(
        Kv::Append("k", std::string(1, static_cast<char>('a' + i))));
  }
  EXPECT_FALSE(possible.gave_up("k"));
  EXPECT_TRUE(possible.Complete(Kv::Get("k"), {.value = "zzz"}));
  EXPECT_TRUE(possible.gave_up("k"));
  EXPECT_EQ(possible.Describe("k"), "anything");
}

template <typename Object>
void CompareWithChecker(uint64_t seeds) {
  int faults = 0;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    TestRandom random(seed);
    auto operations = Linearizable(
        Object(), {.clients = 1, .operations = 8, .unknown = {1, 3}}, *random);
    if (seed % 3 != 0) Mutate(Object(), *random, &operations);
    PossibleStates<typename Object::Model> possible;
    bool ok = true;
    size_t n = 0;
    for (; n < operations.size() && ok; ++n) {
      if (operations[n].output.has_value()) {
        ok = possible.Complete(operations[n].input, *operations[n].output);
      } else {
        possible.Unknown(operations[n].input);
      }
    }
    if (!ok) {
      ++faults;
      auto before = operations;
      before.resize(n - 1);
      ASSERT_EQ(CheckLinearizable(before).verdict, Verdict::kLinearizable);
    }
    operations.resize(n);
    ASSERT_EQ(CheckLinearizable(operations).verdict,
              ok ? Verdict::kLinearizable : Verdict::kViolation)
        << "seed " << seed;
  }
  EXPECT_GT(faults, static_cast<int>(seeds / 20));
}

TEST(PossibleStatesTest, AgreesWithTheCheckerOnRegisters) {
  CompareWithChecker<RegisterObject>(2000);
}
TEST(PossibleStatesTest, AgreesWithTheCheckerOnMaps) {
  CompareWithChecker<KvObject>(2000);
}
TEST(PossibleStatesTest, AgreesWithTheCheckerOnQueues) {
  CompareWithChecker<QueueObject>(2000);
}

}  // namespace
}  // namespace moonpool
