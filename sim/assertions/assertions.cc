// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/assertions/assertions.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/core/arena.h"
#include "sim/core/world.h"

namespace moonpool {
namespace internal {
namespace {

// Larger is better for the search: towards the bound of an ALWAYS assertion
// (where it would break), towards the goal of a SOMETIMES one.
bool Maximizes(const AssertionEntry& entry) {
  const bool greater = entry.comparison == Comparison::kGreater ||
                       entry.comparison == Comparison::kGreaterEqual;
  return entry.kind == AssertionKind::kNumericSometimes ? greater : !greater;
}

bool Holds(Comparison comparison, int64_t left, int64_t right) {
  switch (comparison) {
    case Comparison::kGreater: return left > right;
    case Comparison::kGreaterEqual: return left >= right;
    case Comparison::kLess: return left < right;
    case Comparison::kLessEqual: return left <= right;
    case Comparison::kNone: break;
  }
  CHECK(false) << "a numeric assertion without comparison";
  return false;
}

// Exact below 16, then four levels a doubling. At most 256.
int64_t LevelOfDistance(uint64_t distance) {
  if (distance < 16) return static_cast<int64_t>(distance);
  const int log = 63 - __builtin_clzll(distance);
  return 16 + (log - 4) * 4 +
         static_cast<int64_t>((distance >> (log - 2)) & 3);
}

uint64_t Distance(int64_t a, int64_t b) {
  const uint64_t difference = static_cast<uint64_t>(a) -
                              static_cast<uint64_t>(b);
  return a < b ? 0 - difference : difference;
}

int64_t SaturatingDifference(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return a < b ? std::numeric_limits<int64_t>::min()
               : std::numeric_limits<int64_t>::max();
}

// Where a value lies: on which side of zero or of the bound, whichever is
// nearer, and at what level of distance from it.
struct Level {
  bool is_from_bound = false;
  int64_t level = 0;  // negative: below it
};

Level LevelOf(int64_t value, int64_t bound) {
  const uint64_t from_zero = Distance(value, 0);
  const uint64_t from_bound = Distance(value, bound);
  Level found;
  found.is_from_bound = from_bound < from_zero;
  const int64_t base = found.is_from_bound ? bound : 0;
  found.level = LevelOfDistance(std::min(from_zero, from_bound));
  if (value < base) found.level = -found.level;
  return found;
}

void Notify(const AssertionEntry& entry, uint64_t key, std::string label,
            const MarkQuality& quality) {
  TimelineObserver* observer = AssertionTable::Get().observer();
  Mark mark;
  mark.key = key;
  mark.entry = &entry;
  mark.label = std::move(label);
  mark.quality = quality;
  observer->OnMark(mark);
}

bool HasObserver() { return AssertionTable::Get().observer() != nullptr; }

std::string Label(absl::string_view message,
                  std::initializer_list<AssertionKey> keys) {
  std::string label(message);
  for (const AssertionKey& key : keys) {
    absl::StrAppend(&label, " ", key.name, "=", key.value);
  }
  return label;
}

}  // namespace

void Violate(AssertionEntry& entry, Details details) {
  ++entry.fails;
  Arena::OutsideScope outside;
  Violation violation;
  violation.identity = entry.id;
  violation.kind = absl::StrCat(
      "ASSERT_", absl::AsciiStrToUpper(AssertionKindName(entry.kind)));
  violation.message = std::string(entry.message);
  for (const AssertionDetail& detail : details) {
    absl::StrAppend(&violation.details, violation.details.empty() ? "" : " ",
                    detail.key, "=", detail.value);
  }
  violation.place = absl::StrCat(entry.file, ":", entry.line);
  if (World* world = World::Current()) {
    violation.time_ns = world->now_ns();
    violation.event = world->events();
    violation.draw = world->random().draws();
  }
  AssertionTable::Get().Report(std::move(violation));
}

void Reach(AssertionEntry& entry) {
  entry.reached = true;
  if (!HasObserver()) return;
  Arena::OutsideScope outside;
  Notify(entry, entry.id, std::string(entry.message), {});
}

bool AssertNumeric(AssertionSite& site, int64_t left, int64_t right) {
  AssertionEntry& entry = site.Entry();
  const bool holds = Holds(site.comparison, left, right);
  // A failing ALWAYS is counted by Violate.
  if (holds) {
    ++entry.passes;
  } else if (entry.kind == AssertionKind::kNumericSometimes) {
    ++entry.fails;
  }
  // The bound may move, too: being nearer to it is as good as a better value.
  const bool maximize = Maximizes(entry);
  const int64_t lead = maximize ? SaturatingDifference(left, right)
                                : SaturatingDifference(right, left);
  const bool is_better =
      maximize ? left > entry.watermark : left < entry.watermark;
  if (is_better || lead > entry.lead || !entry.has_watermark) {
    if (is_better || !entry.has_watermark) entry.watermark = left;
    if (lead > entry.lead || !entry.has_watermark) entry.lead = lead;
    entry.has_watermark = true;
    // Nothing goes on from a violation.
    if (holds || entry.kind == AssertionKind::kNumericSometimes) {
      NumericMark(entry, left, right);
    }
  }
  return holds;
}

void NumericMark(AssertionEntry& entry, int64_t left, int64_t right) {
  const Level level = LevelOf(left, right);
  uint64_t key = Combine64(entry.id, static_cast<uint64_t>(level.level));
  if (level.is_from_bound) key = Mix64(key);
  if (entry.reached && entry.level == key) return;
  entry.reached = true;
  entry.level = key;
  // With a bound that moves, a value may come to the same level again.
  if (!AssertionTable::Get().HitBucket(key, {}) || !HasObserver()) return;
  Arena::OutsideScope outside;
  std::string label = absl::StrCat(entry.message, " = ", left);
  if (level.is_from_bound) absl::StrAppend(&label, " (bound ", right, ")");
  Notify(entry, key, std::move(label), {});
}

void AssertAll(AssertionSite& site,
               std::initializer_list<AssertionCondition> conditions) {
  AssertionEntry& entry = site.Entry();
  CHECK_LE(conditions.size(), 64u) << "ASSERT_SOMETIMES_ALL: at most 64 names";
  uint64_t set = 0;
  int at = 0;
  for (const AssertionCondition& condition : conditions) {
    set |= uint64_t{condition.holds} << at++;
  }
  const bool all =
      set == (at == 64 ? ~uint64_t{0} : (uint64_t{1} << at) - 1);
  ++(all ? entry.passes : entry.fails);
  // Sets, not their sizes: {a,b} and {c,d} are different places to be. But {a}
  // after {a,b} is no progress.
  if (set == 0) return;
  const uint64_t key = Combine64(entry.id, set);
  if (!AssertionTable::Get().HitSet(entry, key, set) || !HasObserver()) {
    return;
  }
  Arena::OutsideScope outside;
  std::string label(entry.message);
  for (const AssertionCondition& condition : conditions) {
    if (condition.holds) absl::StrAppend(&label, " ", condition.name);
  }
  Notify(entry, key, std::move(label), {});
}

void AssertEach(AssertionSite& site, std::initializer_list<AssertionKey> keys,
                std::initializer_list<AssertionKey> quality) {
  AssertionEntry& entry = site.Entry();
  ++entry.passes;
  uint64_t key = entry.id;
  for (const AssertionKey& part : keys) {
    key = Mix64((key ^ static_cast<uint64_t>(part.value)) +
                0x9E3779B97F4A7C15u);
  }
  MarkQuality best = {};
  size_t at = 0;
  CHECK_LE(quality.size(), best.size())
      << "ASSERT_SOMETIMES_EACH: at most four quality values";
  for (const AssertionKey& part : quality) best[at++] = part.value;
  if (!AssertionTable::Get().HitBucket(key, best) || !HasObserver()) return;
  Arena::OutsideScope outside;
  Notify(entry, key, Label(entry.message, keys), best);
}

}  // namespace internal
}  // namespace moonpool
