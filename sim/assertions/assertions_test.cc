// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: every macro counts, reports and guides as its table row says, whether
// it is ever reached or not. Method: each macro once with both outcomes under
// a recording observer; then identity, buckets, watermarks and the report.
#include "sim/assertions/assertions.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sim/assertions/table.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"

namespace moonpool {
namespace {

class Recorder final : public TimelineObserver {
 public:
  void OnMark(const Mark& mark) override { marks.push_back(mark); }
  void OnViolation(const Violation& violation) override {
    violations.push_back(violation);
  }
  std::vector<std::string> Labels() const {
    std::vector<std::string> labels;
    for (const Mark& mark : marks) labels.push_back(mark.label);
    return labels;
  }

  std::vector<Mark> marks;
  std::vector<Violation> violations;
};

class AssertionsTest : public ::testing::Test {
 protected:
  AssertionsTest() {
    table().BeginWorld();
    table().ResetCounts();
    table().set_observer(&recorder_);
  }
  ~AssertionsTest() override { table().set_observer(nullptr); }

  static AssertionTable& table() { return AssertionTable::Get(); }
  // REQUIRES: an assertion has this message.
  static const AssertionEntry& Find(absl::string_view message) {
    for (const AssertionEntry& entry : table().entries()) {
      if (entry.message == message) return entry;
    }
    ADD_FAILURE() << "no assertion \"" << message << "\"";
    return table().entries().front();
  }
  static void ExpectCounts(absl::string_view message, uint64_t passes,
                           uint64_t fails) {
    EXPECT_EQ(Find(message).passes, passes) << message;
    EXPECT_EQ(Find(message).fails, fails) << message;
  }
  // The sentences about this message alone.
  static ContractReport Validate(absl::string_view message) {
    return ValidateAssertions({&Find(message), 1});
  }

  Recorder recorder_;
};

using Strings = std::vector<std::string>;

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

TEST_F(AssertionsTest, WatermarkMarksEachLevelOnce) {
  for (int round = 0; round < 2; ++round) {
    for (int value = 1; value <= 40; ++value) {
      ASSERT_SOMETIMES_GREATER_THAN(value, 1000, "level");
    }
  }
  // Exact below 16, then four levels a doubling.
  Strings want;
  for (int value = 1; value <= 16; ++value) {
    want.push_back("level = " + std::to_string(value));
  }
  for (const int value : {20, 24, 28, 32, 40}) {
    want.push_back("level = " + std::to_string(value));
  }
  EXPECT_EQ(recorder_.Labels(), want);
  EXPECT_EQ(Find("level").watermark, 40);
  std::vector<uint64_t> keys;
  for (const Mark& mark : recorder_.marks) keys.push_back(mark.key);
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::unique(keys.begin(), keys.end()), keys.end());
}

TEST_F(AssertionsTest, WatermarkMovesTowardsTheGoal) {
  for (const int value : {0, 2, -2}) {
    ASSERT_SOMETIMES_GREATER_THAN_OR_EQUAL_TO(value, 9, "up to a goal");
    ASSERT_SOMETIMES_LESS_THAN(value, -9, "down to a goal");
    // Of an ALWAYS assertion the interesting values are near its bound.
    ASSERT_ALWAYS_LESS_THAN_OR_EQUAL_TO(value, 9, "up to a bound");
    ASSERT_ALWAYS_GREATER_THAN(value, -9, "down to a bound");
  }
  EXPECT_EQ(
      recorder_.Labels(),
      Strings({"up to a goal = 0", "down to a goal = 0", "up to a bound = 0",
               "down to a bound = 0", "up to a goal = 2", "up to a bound = 2",
               "down to a goal = -2", "down to a bound = -2"}));
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

TEST_F(AssertionsTest, ExtremeWatermarksHaveLevels) {
  for (const int64_t value : {std::numeric_limits<int64_t>::min(), int64_t{0},
                              std::numeric_limits<int64_t>::max()}) {
    ASSERT_SOMETIMES_GREATER_THAN(value, 0, "extreme");
  }
  EXPECT_EQ(recorder_.marks.size(), 3u);
}

// The values of which each is a mark, if they come one after another.
std::vector<int64_t> MarkedOf(const Recorder& recorder) {
  std::vector<int64_t> values;
  for (const Mark& mark : recorder.marks) {
    const size_t at = mark.label.rfind(" = ") + 3;
    values.push_back(std::stoll(mark.label.substr(at)));
  }
  return values;
}

TEST_F(AssertionsTest, WatermarksAreExactAtZeroAndAtTheBoundAndSparseBetween) {
  constexpr int64_t kBound = 1000000;
  for (int64_t value = 0; value <= kBound + 20; ++value) {
    ASSERT_SOMETIMES_GREATER_THAN_OR_EQUAL_TO(value, kBound, "up to a million");
  }
  const std::vector<int64_t> up = MarkedOf(recorder_);
  EXPECT_LT(up.size(), 200u);
  for (int64_t value = 0; value < 16; ++value) {
    for (const int64_t exact : {value, kBound - value, kBound + value}) {
      EXPECT_TRUE(std::count(up.begin(), up.end(), exact) == 1) << exact;
    }
  }
  recorder_.marks.clear();
  for (int64_t value = 0; value >= -kBound - 20; --value) {
    ASSERT_SOMETIMES_LESS_THAN_OR_EQUAL_TO(value, -kBound,
                                           "down to minus a million");
  }
  const std::vector<int64_t> down = MarkedOf(recorder_);
  ASSERT_EQ(down.size(), up.size());
  for (size_t i = 0; i < up.size(); ++i) EXPECT_EQ(down[i], -up[i]);
  // The other way round: from far beyond the goal, past zero where levels are
  // exact, too.
  recorder_.marks.clear();
  for (int64_t value = kBound; value >= -1; --value) {
    ASSERT_SOMETIMES_LESS_THAN(value, 0, "down from a million");
  }
  EXPECT_LT(recorder_.marks.size(), 100u);
  const std::vector<int64_t> last = MarkedOf(recorder_);
  for (int64_t value = 15; value >= -1; --value) {
    EXPECT_EQ(last[last.size() - 2 - static_cast<size_t>(value)], value);
  }
}

TEST_F(AssertionsTest, AnAlwaysIsFollowedUpToItsBoundAndNotBeyond) {
  constexpr int64_t kBound = 1000000;
  for (int64_t value = 0; value <= kBound + 20; ++value) {
    ASSERT_ALWAYS_LESS_THAN(value, kBound, "always below");
    ASSERT_ALWAYS_GREATER_THAN_OR_EQUAL_TO(-value, -kBound, "always above");
  }
  std::vector<int64_t> below;
  std::vector<int64_t> above;
  for (const int64_t value : MarkedOf(recorder_)) {
    // Zero is one of each.
    if (value >= 0) below.push_back(value);
    if (value <= 0) above.push_back(-value);
  }
  for (int64_t value = 1; value < 16; ++value) {
    EXPECT_TRUE(std::count(below.begin(), below.end(), kBound - value) == 1);
    EXPECT_TRUE(std::count(above.begin(), above.end(), kBound - value) == 1);
  }
  // A violation is the end: there is nothing to come back to.
  EXPECT_EQ(*std::max_element(below.begin(), below.end()), kBound - 1);
  EXPECT_EQ(*std::max_element(above.begin(), above.end()), kBound);
  ExpectCounts("always below", kBound, 21);
}

TEST_F(AssertionsTest, WatermarksOfExtremeBounds) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  for (const int64_t value : {kMin, kMin + 1, int64_t{-1}, int64_t{0},
                              kMax / 2, kMax - 17, kMax - 2, kMax - 1, kMax}) {
    ASSERT_SOMETIMES_GREATER_THAN_OR_EQUAL_TO(value, kMax, "up to the end");
  }
  // The two first have one level: as far from anything as can be.
  EXPECT_EQ(MarkedOf(recorder_),
            (std::vector<int64_t>{kMin, kMin + 1, -1, 0, kMax / 2, kMax - 17,
                                  kMax - 2, kMax - 1, kMax}));
  recorder_.marks.clear();
  for (const int64_t value : {kMax, kMax - 1, kMin + 3, kMin + 1, kMin}) {
    ASSERT_SOMETIMES_LESS_THAN_OR_EQUAL_TO(value, kMin, "down to the end");
  }
  EXPECT_EQ(MarkedOf(recorder_),
            (std::vector<int64_t>{kMax, kMin + 3, kMin + 1, kMin}));
}

TEST_F(AssertionsTest, ABoundThatMovesIsApproached) {
  // Ever further from zero, but not nearer to the bound: one mark a level.
  for (int64_t value = 1000; value < 1000000; ++value) {
    ASSERT_ALWAYS_LESS_THAN(value, value + 100, "a lag of a hundred");
  }
  EXPECT_EQ(recorder_.marks.size(), 1u);
  recorder_.marks.clear();
  // Less than before, but nearer to the bound.
  for (const int64_t lag : {50, 60, 50, 5, 6, 4, 5, 0}) {
    ASSERT_ALWAYS_LESS_THAN_OR_EQUAL_TO(1000 + lag, 1000 + 2 * lag, "a lag");
  }
  EXPECT_EQ(recorder_.Labels(),
            Strings({"a lag = 1050 (bound 1100)", "a lag = 1060 (bound 1120)",
                     "a lag = 1005 (bound 1010)", "a lag = 1004 (bound 1008)",
                     "a lag = 1000 (bound 1000)"}));
}

TEST_F(AssertionsTest, AMovingBoundMarksEachLevelOnce) {
  uint64_t state = 1;
  for (int64_t value = 1; value < 200000; ++value) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const int64_t bound = value + static_cast<int64_t>((state >> 40) % 1000);
    ASSERT_ALWAYS_LESS_THAN_OR_EQUAL_TO(value, bound, "wavering");
  }
  EXPECT_LT(recorder_.marks.size(), 100u);
  std::vector<uint64_t> keys;
  for (const Mark& mark : recorder_.marks) keys.push_back(mark.key);
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::unique(keys.begin(), keys.end()), keys.end());
}

// ---- Compound macros --------------------------------------------------------

TEST_F(AssertionsTest, AllMarksEachLargestSet) {
  const auto all = [](bool a, bool b, bool c) {
    ASSERT_SOMETIMES_ALL("all", {{"a", a}, {"b", b}, {"c", c}});
  };
  all(false, false, false);  // nothing holds: no place to go on from
  all(true, false, false);
  all(true, false, false);
  all(false, true, false);  // another subset of the same size
  all(true, true, false);
  all(true, false, false);  // less than what held before
  ExpectCounts("all", 0, 6);
  EXPECT_EQ(Validate("all").misses.size(), 1u);
  all(true, true, true);
  ExpectCounts("all", 1, 6);
  EXPECT_TRUE(Validate("all").misses.empty());
  EXPECT_EQ(recorder_.Labels(),
            Strings({"all a", "all b", "all a b", "all a b c"}));
}

TEST_F(AssertionsTest, ASubsetOfWhatHeldBeforeIsNoMark) {
  const auto hold = [](unsigned set) {
    ASSERT_SOMETIMES_ALL("front", {{"a", (set & 1) != 0},
                                   {"b", (set & 2) != 0},
                                   {"c", (set & 4) != 0},
                                   {"d", (set & 8) != 0}});
  };
  hold(0b0011);
  hold(0b1100);  // as large, but another
  for (const unsigned subset : {0b0001, 0b0010, 0b0100, 0b1000}) {
    hold(subset);
  }
  hold(0b0110);  // a part of each is not a part of one
  hold(0b0111);  // takes the place of two
  hold(0b0110);
  hold(0b0101);  // a subset of the last only
  EXPECT_EQ(recorder_.Labels(), Strings({"front a b", "front c d", "front b c",
                                         "front a b c"}));
  // The next timeline begins with nothing.
  table().BeginWorld();
  hold(0b0001);
  EXPECT_EQ(recorder_.marks.back().label, "front a");
  EXPECT_EQ(recorder_.marks.size(), 5u);
}

// Against all sets of the timeline, kept as they are.
TEST_F(AssertionsTest, SetsAreMarkedAsAModelSays) {
  std::vector<uint64_t> held;
  size_t marks = 0;
  uint64_t state = 1;
  for (int i = 0; i < 5000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    // Small sets first.
    uint64_t set = (state >> 33) & (state >> 45) & 0xFFF;
    if (i > 2000) set |= (state >> 20) & 0xFFF;
    ASSERT_SOMETIMES_ALL(
        "model", {{"0", (set & 1) != 0}, {"1", (set & 2) != 0},
                  {"2", (set & 4) != 0}, {"3", (set & 8) != 0},
                  {"4", (set & 16) != 0}, {"5", (set & 32) != 0},
                  {"6", (set & 64) != 0}, {"7", (set & 128) != 0},
                  {"8", (set & 256) != 0}, {"9", (set & 512) != 0},
                  {"10", (set & 1024) != 0}, {"11", (set & 2048) != 0}});
    const bool is_new =
        set != 0 && std::none_of(held.begin(), held.end(),
                                 [set](uint64_t other) {
                                   return (set & other) == set;
                                 });
    held.push_back(set);
    marks += is_new ? 1 : 0;
    ASSERT_EQ(recorder_.marks.size(), marks) << "set " << set << " at " << i;
  }
  EXPECT_GT(marks, 20u);
}

TEST_F(AssertionsTest, EachMarksEveryBucketOnce) {
  for (int round = 0; round < 2; ++round) {
    for (const int lock : {0, 1}) {
      for (const int depth : {0, 1}) {
        ASSERT_SOMETIMES_EACH("each", {{"lock", lock}, {"depth", depth}});
      }
    }
  }
  ExpectCounts("each", 8, 0);
  // (0, 1) and (1, 0) are different buckets.
  EXPECT_EQ(recorder_.Labels(),
            Strings({"each lock=0 depth=0", "each lock=0 depth=1",
                     "each lock=1 depth=0", "each lock=1 depth=1"}));
}

TEST_F(AssertionsTest, EachMarksAgainWhenItsQualityImproves) {
  const auto arrive = [](int floor, int key, int health) {
    ASSERT_SOMETIMES_EACH("quality", {{"floor", floor}},
                          {{"key", key}, {"health", health}});
  };
  arrive(1, 0, 3);
  arrive(1, 0, 2);  // worse
  arrive(1, 0, 3);  // equal
  arrive(1, 0, 4);  // better
  arrive(1, 1, 1);  // better: the first value counts more
  arrive(2, 0, 0);  // another bucket
  ASSERT_EQ(recorder_.marks.size(), 4u);
  EXPECT_EQ(recorder_.marks[1].quality, (MarkQuality{0, 4, 0, 0}));
  EXPECT_EQ(recorder_.marks[2].quality, (MarkQuality{1, 1, 0, 0}));
  EXPECT_EQ(recorder_.marks[0].key, recorder_.marks[2].key);
  EXPECT_NE(recorder_.marks[0].key, recorder_.marks[3].key);
}

enum class Role { kFollower, kLeader };

TEST_F(AssertionsTest, EachNewStateIsAMarkAndNothingIsDemanded) {
  const auto report = [](int leaders, bool is_partitioned, Role role) {
    REPORT_STATE("state", {{"leaders", leaders},
                           {"partitioned", is_partitioned},
                           {"role", role}});
  };
  report(1, false, Role::kLeader);
  report(1, false, Role::kLeader);
  report(0, true, Role::kFollower);
  report(1, false, Role::kLeader);
  report(1, false, Role::kFollower);
  EXPECT_EQ(recorder_.Labels(),
            Strings({"state leaders=1 partitioned=0 role=1",
                     "state leaders=0 partitioned=1 role=0",
                     "state leaders=1 partitioned=0 role=0"}));
  EXPECT_EQ(recorder_.marks[0].quality, MarkQuality());
  EXPECT_NE(recorder_.marks[0].key, recorder_.marks[2].key);
  EXPECT_EQ(recorder_.marks[0].entry, &Find("state"));
  EXPECT_EQ(AssertionKindName(Find("state").kind), "state");
  ExpectCounts("state", 5, 0);
  EXPECT_TRUE(Validate("state").misses.empty());
  EXPECT_FALSE(table().has_violations());
}

TEST_F(AssertionsTest, TenThousandBucketsAndMore) {
  constexpr int kBuckets = 12000;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kBuckets; ++i) {
      ASSERT_SOMETIMES_EACH("many", {{"i", i}});
    }
  }
  EXPECT_EQ(recorder_.marks.size(), size_t{kBuckets});
  EXPECT_EQ(table().bucket_count(), size_t{kBuckets});
  EXPECT_EQ(Find("many").passes, uint64_t{2 * kBuckets});
}

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
