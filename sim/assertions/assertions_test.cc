// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: every macro counts, reports and guides as its table row says, whether
// it is ever reached or not. Method: each macro once with both outcomes under
// a recording observer.
#include "sim/assertions/assertions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sim/assertions/table.h"
#include "sim/assertions/testing_assertions.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"

namespace moonpool {
namespace {

// ---- Boolean macros ---------------------------------------------------------

TEST_F(AssertionsTest, AlwaysIsViolatedWhenFalse) {
  for (const bool condition : {true, true, false}) {
    ASSERT_ALWAYS(condition, "always");
  }
  ExpectCounts("always", 2, 1);
  ASSERT_EQ(table().violations().size(), 1u);
  const Violation& violation = table().violations()[0];
  EXPECT_EQ(violation.identity, Find("always").id);
  EXPECT_EQ(violation.kind, "ASSERT_ALWAYS");
  EXPECT_EQ(violation.message, "always");
  EXPECT_EQ(violation.details, "");
  EXPECT_NE(violation.place.find("assertions_test.cc:"), std::string::npos);
  EXPECT_EQ(recorder_.violations.size(), 1u);
  EXPECT_TRUE(recorder_.marks.empty());
  EXPECT_EQ(Validate("always").violations.size(), 1u);
}

TEST_F(AssertionsTest, AlwaysOrUnreachableMayStaySilent) {
  EXPECT_TRUE(Validate("always or unreachable").misses.empty());
  for (const bool condition : {true, false}) {
    ASSERT_ALWAYS_OR_UNREACHABLE(condition, "always or unreachable");
  }
  ExpectCounts("always or unreachable", 1, 1);
  ASSERT_EQ(recorder_.violations.size(), 1u);
  EXPECT_EQ(recorder_.violations[0].kind, "ASSERT_ALWAYS_OR_UNREACHABLE");
  EXPECT_EQ(Validate("always or unreachable").violations.size(), 1u);
}

TEST_F(AssertionsTest, SometimesMarksTheFirstTruthOnly) {
  for (const bool condition : {false, true, true, false}) {
    ASSERT_SOMETIMES(condition, "sometimes");
  }
  ExpectCounts("sometimes", 2, 2);
  EXPECT_EQ(recorder_.Labels(), Strings({"sometimes"}));
  EXPECT_EQ(recorder_.marks[0].entry, &Find("sometimes"));
  EXPECT_FALSE(table().has_violations());
  EXPECT_TRUE(Validate("sometimes").misses.empty());
}

TEST_F(AssertionsTest, SometimesThatIsNeverTrueIsAMiss) {
  ASSERT_SOMETIMES(false, "sometimes but never");
  EXPECT_TRUE(recorder_.marks.empty());
  const ContractReport report = Validate("sometimes but never");
  EXPECT_TRUE(report.violations.empty());
  ASSERT_EQ(report.misses.size(), 1u);
  EXPECT_NE(report.misses[0].find("never true in 1 evaluations"),
            std::string::npos)
      << report.misses[0];
}

TEST_F(AssertionsTest, ReachableMarksOnce) {
  for (int i = 0; i < 3; ++i) ASSERT_REACHABLE("reachable");
  ExpectCounts("reachable", 3, 0);
  EXPECT_EQ(recorder_.Labels(), Strings({"reachable"}));
}

TEST_F(AssertionsTest, UnreachableIsViolatedWhenReached) {
  ASSERT_UNREACHABLE("unreachable", {"why", "the test wants it"});
  ExpectCounts("unreachable", 0, 1);
  ASSERT_EQ(recorder_.violations.size(), 1u);
  EXPECT_EQ(recorder_.violations[0].kind, "ASSERT_UNREACHABLE");
  EXPECT_EQ(recorder_.violations[0].details, "why=the test wants it");
  EXPECT_EQ(Validate("unreachable").violations.size(), 1u);
}

// ---- Details ----------------------------------------------------------------

TEST_F(AssertionsTest, DetailsAreEvaluatedOnFailureOnly) {
  int evaluated = 0;
  const auto detail = [&evaluated] { return ++evaluated; };
  ASSERT_ALWAYS(true, "lazy details", {"n", detail()});
  ASSERT_ALWAYS_LESS_THAN(1, 2, "lazy numeric details", {"n", detail()});
  EXPECT_EQ(evaluated, 0);
  ASSERT_ALWAYS(false, "lazy details", {"n", detail()});
  ASSERT_ALWAYS_LESS_THAN(3, 2, "lazy numeric details", {"n", detail()});
  EXPECT_EQ(evaluated, 2);
}

TEST_F(AssertionsTest, ViolationCarriesDetailsOfManyTypes) {
  const std::string text = "v1";
  ASSERT_ALWAYS(false, "details", {"string", text}, {"literal", "x"},
                {"view", absl::string_view(text)}, {"int", -3},
                {"size", size_t{7}}, {"bool", true}, {"double", 0.5});
  ASSERT_EQ(table().violations().size(), 1u);
  EXPECT_EQ(table().violations()[0].details,
            "string=v1 literal=x view=v1 int=-3 size=7 bool=true double=0.5");
}

TEST_F(AssertionsTest, NumericViolationShowsBothSides) {
  ASSERT_ALWAYS_LESS_THAN_OR_EQUAL_TO(5, 4, "numeric details", {"key", "k1"});
  ASSERT_EQ(table().violations().size(), 1u);
  EXPECT_EQ(table().violations()[0].kind, "ASSERT_ALWAYS_NUMERIC");
  EXPECT_EQ(table().violations()[0].details, "left=5 right=4 key=k1");
}

TEST_F(AssertionsTest, ViolationSaysWhenItHappened) {
  World world(WorldOptions{.seed = 42});
  RandomStream random(&world.random(), "test");
  for (int i = 0; i < 3; ++i) random.Next();
  ASSERT_ALWAYS(false, "with a world");
  ASSERT_EQ(table().violations().size(), 1u);
  EXPECT_EQ(table().violations()[0].draw, 3u);
  EXPECT_EQ(table().violations()[0].time_ns, 0);
  EXPECT_EQ(table().violations()[0].event, world.events());
}

TEST_F(AssertionsTest, AMillionViolationsAreCountedButNotKept) {
  for (int i = 0; i < 1000; ++i) ASSERT_ALWAYS(false, "often violated");
  ExpectCounts("often violated", 0, 1000);
  EXPECT_EQ(table().violations().size(), 100u);
  EXPECT_EQ(recorder_.violations.size(), 100u);
}

// ---- Numeric macros ---------------------------------------------------------

TEST_F(AssertionsTest, AlwaysNumericMacrosCompare) {
  for (const int left : {1, 2, 3}) {
    ASSERT_ALWAYS_GREATER_THAN(left, 2, "always >");
    ASSERT_ALWAYS_GREATER_THAN_OR_EQUAL_TO(left, 2, "always >=");
    ASSERT_ALWAYS_LESS_THAN(left, 2, "always <");
    ASSERT_ALWAYS_LESS_THAN_OR_EQUAL_TO(left, 2, "always <=");
  }
  ExpectCounts("always >", 1, 2);
  ExpectCounts("always >=", 2, 1);
  ExpectCounts("always <", 1, 2);
  ExpectCounts("always <=", 2, 1);
  EXPECT_EQ(table().violations().size(), 6u);
}

TEST_F(AssertionsTest, SometimesNumericMacrosCompare) {
  for (const int left : {1, 2, 3}) {
    ASSERT_SOMETIMES_GREATER_THAN(left, 2, "sometimes >");
    ASSERT_SOMETIMES_GREATER_THAN_OR_EQUAL_TO(left, 2, "sometimes >=");
    ASSERT_SOMETIMES_LESS_THAN(left, 2, "sometimes <");
    ASSERT_SOMETIMES_LESS_THAN_OR_EQUAL_TO(left, 2, "sometimes <=");
  }
  ExpectCounts("sometimes >", 1, 2);
  ExpectCounts("sometimes >=", 2, 1);
  ExpectCounts("sometimes <", 1, 2);
  ExpectCounts("sometimes <=", 2, 1);
  EXPECT_FALSE(table().has_violations());
}

TEST_F(AssertionsTest, LargeUnsignedNumbersSaturate) {
  static_assert(SaturatingInt64(~uint64_t{0}) ==
                std::numeric_limits<int64_t>::max());
  static_assert(SaturatingInt64(uint64_t{7}) == 7);
  static_assert(SaturatingInt64(uint8_t{255}) == 255);
  static_assert(SaturatingInt64(std::numeric_limits<int64_t>::min()) ==
                std::numeric_limits<int64_t>::min());
  // As a signed number it would be -1.
  ASSERT_ALWAYS_GREATER_THAN(~uint64_t{0}, 5, "saturated");
  ExpectCounts("saturated", 1, 0);
  EXPECT_EQ(Find("saturated").watermark, std::numeric_limits<int64_t>::max());
}

// ---- Coverage ---------------------------------------------------------------

volatile bool g_never = false;

TEST_F(AssertionsTest, NeverReachedAssertionsAreKnown) {
  if (g_never) {
    ASSERT_ALWAYS(true, "never: always");
    ASSERT_ALWAYS_OR_UNREACHABLE(true, "never: always or unreachable");
    ASSERT_SOMETIMES(true, "never: sometimes");
    ASSERT_REACHABLE("never: reachable");
    ASSERT_UNREACHABLE("never: unreachable");
    ASSERT_ALWAYS_LESS_THAN(0, 1, "never: always numeric");
    ASSERT_SOMETIMES_LESS_THAN(0, 1, "never: sometimes numeric");
    ASSERT_SOMETIMES_ALL("never: all", {{"a", true}});
    ASSERT_SOMETIMES_EACH("never: each", {{"a", 1}});
    REPORT_STATE("never: state", {{"a", 1}});
  }
  std::vector<AssertionEntry> entries(table().entries().begin(),
                                      table().entries().end());
  const ContractReport report = ValidateAssertions(entries);
  EXPECT_TRUE(report.violations.empty());
  const auto is_missed = [&report](absl::string_view message) {
    const std::string quoted = absl::StrCat("\"", message, "\"");
    return std::any_of(report.misses.begin(), report.misses.end(),
                       [&quoted](const std::string& miss) {
                         return miss.find(quoted) != std::string::npos;
                       });
  };
  for (absl::string_view message :
       {"never: always", "never: sometimes", "never: reachable",
        "never: always numeric", "never: sometimes numeric", "never: all",
        "never: each"}) {
    EXPECT_TRUE(is_missed(message)) << message;
  }
  EXPECT_FALSE(is_missed("never: always or unreachable"));
  EXPECT_FALSE(is_missed("never: unreachable"));
  EXPECT_FALSE(is_missed("never: state"));
}

}  // namespace
}  // namespace moonpool
