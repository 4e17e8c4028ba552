// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: each message is one assertion of the table, whatever the places in the
// code, and counts beyond a timeline. Method: the table's entries after each
// way to write the macros, and after a new world.
#include "sim/assertions/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/assertions/assertions.h"
#include "sim/assertions/testing_assertions.h"

namespace moonpool {
namespace {

#define ONE(n) ASSERT_SOMETIMES(true, "one of hundreds " #n);
#define TEN(n)                                                           \
  ONE(n##0) ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) \
      ONE(n##7) ONE(n##8) ONE(n##9)
#define HUNDRED(n)                                                       \
  TEN(n##0) TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) \
      TEN(n##7) TEN(n##8) TEN(n##9)

TEST_F(AssertionsTest, EveryOneOfHundredsOfAssertionsCounts) {
  HUNDRED(1)
  HUNDRED(2)
  HUNDRED(3)
  EXPECT_EQ(recorder_.marks.size(), 300u);
  for (int i = 100; i < 400; ++i) {
    ExpectCounts(absl::StrCat("one of hundreds ", i), 1, 0);
  }
}

// ---- Identity ---------------------------------------------------------------

template <typename T>
void InATemplate(T value) {
  ASSERT_SOMETIMES(value > T{0}, "in a template");
}

inline void InAnInlineFunction(bool condition) {
  ASSERT_SOMETIMES(condition, "in an inline function");
}

void OnePlace() { InAnInlineFunction(true); }
void AnotherPlace() { InAnInlineFunction(false); }

TEST_F(AssertionsTest, InstantiationsOfATemplateAreOneAssertion) {
  InATemplate<int>(1);
  InATemplate<int64_t>(1);
  InATemplate<double>(0.0);
  ExpectCounts("in a template", 2, 1);
  EXPECT_EQ(recorder_.marks.size(), 1u);
}

TEST_F(AssertionsTest, InlineFunctionIsOneAssertion) {
  OnePlace();
  AnotherPlace();
  ExpectCounts("in an inline function", 1, 1);
}

TEST_F(AssertionsTest, TwoPlacesWithOneMessageAreOneAssertion) {
  ASSERT_REACHABLE("twice");
  ASSERT_REACHABLE("twice");
  ExpectCounts("twice", 2, 0);
  EXPECT_EQ(recorder_.marks.size(), 1u);
  EXPECT_EQ(std::count_if(table().entries().begin(), table().entries().end(),
                          [](const AssertionEntry& entry) {
                            return entry.message == "twice";
                          }),
            1);
}

TEST_F(AssertionsTest, OneMessageWithTwoKindsIsAContractError) {
  ASSERT_SOMETIMES(true, "two kinds");
  ASSERT_ALWAYS(true, "two kinds");
  const std::vector<std::string> errors = table().ContractErrors();
  ASSERT_EQ(errors.size(), 1u);  // the only one of this file
  EXPECT_NE(errors[0].find("\"two kinds\""), std::string::npos) << errors[0];
  EXPECT_NE(errors[0].find("sometimes"), std::string::npos) << errors[0];
  EXPECT_NE(errors[0].find("always"), std::string::npos) << errors[0];
}

TEST_F(AssertionsTest, IdsAreInOrderAndIndexed) {
  const auto& entries = table().entries();
  for (size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i].index, i);
    if (i > 0) EXPECT_LT(entries[i - 1].id, entries[i].id);
  }
}

// ---- Timelines --------------------------------------------------------------

TEST_F(AssertionsTest, NewWorldForgetsWhatWasSeenButNotTheCounts) {
  const auto run = [] {
    ASSERT_SOMETIMES(true, "seen");
    ASSERT_SOMETIMES_EACH("seen each", {{"i", 1}});
    ASSERT_SOMETIMES_GREATER_THAN(3, 5, "seen level");
    ASSERT_ALWAYS(false, "seen violation");
  };
  run();
  EXPECT_EQ(recorder_.marks.size(), 3u);
  table().BeginWorld();
  EXPECT_FALSE(table().has_violations());
  run();
  EXPECT_EQ(recorder_.marks.size(), 6u);
  EXPECT_EQ(table().violations().size(), 1u);
  ExpectCounts("seen", 2, 0);
}

TEST_F(AssertionsTest, ResetCountsKeepsWhatWasSeen) {
  const auto run = [] { ASSERT_SOMETIMES(true, "counted"); };
  run();
  table().ResetCounts();
  ExpectCounts("counted", 0, 0);
  run();
  ExpectCounts("counted", 1, 0);
  EXPECT_EQ(recorder_.marks.size(), 1u);
}

TEST_F(AssertionsTest, WithoutObserverNothingIsLost) {
  table().set_observer(nullptr);
  ASSERT_SOMETIMES(true, "unobserved");
  ASSERT_ALWAYS(false, "unobserved violation");
  ASSERT_SOMETIMES_EACH("unobserved each", {{"i", 1}});
  ExpectCounts("unobserved", 1, 0);
  EXPECT_EQ(table().violations().size(), 1u);
  EXPECT_EQ(table().bucket_count(), 1u);
}

}  // namespace
}  // namespace moonpool
