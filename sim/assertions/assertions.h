// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The assertion macros: properties of the system under test, and milestones
// that guide the explorer. They never end the program: a violated property is
// recorded with its details, and the runner decides.
//
//   ASSERT_ALWAYS(value == want, "a read returns what was written",
//                 {"key", key}, {"got", value});
//   ASSERT_SOMETIMES(retried, "a client retries");
//   ASSERT_SOMETIMES_EACH("gate", {{"lock", l}, {"depth", d}});
//   ASSERT_SOMETIMES_EACH("floor", {{"floor", f}}, {{"health", hp}});
//   REPORT_STATE("raft roles", {{"leaders", n}, {"candidates", c}});
//
// | macro                         | violated when    | missed when (coverage) |
// | ASSERT_ALWAYS                 | ever false       | never evaluated        |
// | ASSERT_ALWAYS_OR_UNREACHABLE  | ever false       |                        |
// | ASSERT_SOMETIMES              |                  | never true             |
// | ASSERT_REACHABLE              |                  | never evaluated        |
// | ASSERT_UNREACHABLE            | ever evaluated   |                        |
// | ASSERT_ALWAYS_GREATER_THAN …  | ever false       | never evaluated        |
// | ASSERT_SOMETIMES_GREATER_THAN…|                  | never true             |
// | ASSERT_SOMETIMES_ALL          |                  | never all true at once |
// | ASSERT_SOMETIMES_EACH         |                  | never evaluated        |
// | REPORT_STATE                  |                  |                        |
//
// The message is a literal and is the assertion's identity (with its kind):
// two places with the same message are one assertion. Every macro registers
// itself at link time, so one that is never reached is reported too. Details
// are evaluated only on failure. A hot hit costs a branch and an increment.
#ifndef MOONPOOL_SIM_ASSERTIONS_ASSERTIONS_H_
#define MOONPOOL_SIM_ASSERTIONS_ASSERTIONS_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sim/assertions/table.h"

namespace moonpool {

// A key-value pair shown when an assertion fails.
struct AssertionDetail {
  AssertionDetail(absl::string_view key, const absl::AlphaNum& value)
      : key(key), value(value.Piece()) {}
  // Only for bool itself, or every number would prefer it to AlphaNum.
  template <std::same_as<bool> Bool>
  AssertionDetail(absl::string_view key, Bool value)
      : key(key), value(value ? "true" : "false") {}
  AssertionDetail(absl::string_view key, const char* value)
      : key(key), value(value) {}
  absl::string_view key;
  std::string value;
};

// A named integer, truth value or enumerator of ASSERT_SOMETIMES_EACH or
// REPORT_STATE.
struct AssertionKey {
  template <typename Int>
  AssertionKey(absl::string_view name, Int value)
      : name(name), value(static_cast<int64_t>(value)) {}
  absl::string_view name;
  int64_t value;
};

// A named condition of ASSERT_SOMETIMES_ALL.
struct AssertionCondition {
  AssertionCondition(absl::string_view name, bool holds)
      : name(name), holds(holds) {}
  absl::string_view name;
  bool holds;
};

namespace internal {

using Details = std::initializer_list<AssertionDetail>;

// Out of line, cold.
void Violate(AssertionEntry& entry, Details details);
void Reach(AssertionEntry& entry);
void NumericMark(AssertionEntry& entry, int64_t left, int64_t right);

inline void AssertTrue(AssertionSite& site) { ++site.Entry().passes; }
inline void AssertSometimes(AssertionSite& site, bool condition) {
  AssertionEntry& entry = site.Entry();
  if (!condition) {
    ++entry.fails;
    return;
  }
  ++entry.passes;
  if (__builtin_expect(!entry.reached, 0)) Reach(entry);
}
// True if the comparison holds. The first operand may become a watermark.
bool AssertNumeric(AssertionSite& site, int64_t left, int64_t right);
void AssertAll(AssertionSite& site,
               std::initializer_list<AssertionCondition> conditions);
void AssertEach(AssertionSite& site, std::initializer_list<AssertionKey> keys,
                std::initializer_list<AssertionKey> quality = {});
inline void ReportState(AssertionSite& site,
                        std::initializer_list<AssertionKey> state) {
  AssertEach(site, state);
}

}  // namespace internal
}  // namespace moonpool

// The site is static and links itself into the table's section by address;
// "retain", or the linker's garbage collection would drop the section.
#define MOONPOOL_SITE_(kind, comparison, message)                            \
  static constinit ::moonpool::AssertionSite moonpool_site(                  \
      ::moonpool::AssertionKind::kind, ::moonpool::Comparison::comparison,   \
      "" message, __FILE__, __LINE__);                                       \
  __attribute__((section("moonpool_assertions"), used, retain)) static       \
      ::moonpool::AssertionSite* const moonpool_site_address = &moonpool_site

#define MOONPOOL_ALWAYS_(kind, condition, message, ...)                  \
  do {                                                                   \
    MOONPOOL_SITE_(kind, kNone, message);                                \
    if (__builtin_expect(static_cast<bool>(condition), 1)) {             \
      ::moonpool::internal::AssertTrue(moonpool_site);                   \
    } else {                                                             \
      ::moonpool::internal::Violate(                                     \
          moonpool_site.Entry(),                                         \
          ::moonpool::internal::Details{__VA_ARGS__});                   \
    }                                                                    \
  } while (false)

#define ASSERT_ALWAYS(condition, message, ...) \
  MOONPOOL_ALWAYS_(kAlways, condition, message, __VA_ARGS__)
#define ASSERT_ALWAYS_OR_UNREACHABLE(condition, message, ...) \
  MOONPOOL_ALWAYS_(kAlwaysOrUnreachable, condition, message, __VA_ARGS__)

#define ASSERT_SOMETIMES(condition, message)                           \
  do {                                                                 \
    MOONPOOL_SITE_(kSometimes, kNone, message);                        \
    ::moonpool::internal::AssertSometimes(moonpool_site, (condition)); \
  } while (false)
#define ASSERT_REACHABLE(message)                               \
  do {                                                          \
    MOONPOOL_SITE_(kReachable, kNone, message);                 \
    ::moonpool::internal::AssertSometimes(moonpool_site, true); \
  } while (false)
#define ASSERT_UNREACHABLE(message, ...)                                     \
  do {                                                                       \
    MOONPOOL_SITE_(kUnreachable, kNone, message);                            \
    ::moonpool::internal::Violate(moonpool_site.Entry(),                     \
                                  ::moonpool::internal::Details{__VA_ARGS__}); \
  } while (false)

#define MOONPOOL_ALWAYS_NUMERIC_(comparison, left, right, message, ...)       \
  do {                                                                        \
    MOONPOOL_SITE_(kNumericAlways, comparison, message);                      \
    if (__builtin_expect(                                                     \
            !::moonpool::internal::AssertNumeric(                             \
                moonpool_site, ::moonpool::SaturatingInt64(left),             \
                ::moonpool::SaturatingInt64(right)),                          \
            0)) {                                                             \
      ::moonpool::internal::Violate(                                          \
          moonpool_site.Entry(),                                              \
          ::moonpool::internal::Details{                                      \
              {"left", ::moonpool::SaturatingInt64(left)},                    \
              {"right", ::moonpool::SaturatingInt64(right)}                   \
              __VA_OPT__(, ) __VA_ARGS__});                                   \
    }                                                                         \
  } while (false)
#define MOONPOOL_SOMETIMES_NUMERIC_(comparison, left, right, message) \
  do {                                                                \
    MOONPOOL_SITE_(kNumericSometimes, comparison, message);           \
    ::moonpool::internal::AssertNumeric(                              \
        moonpool_site, ::moonpool::SaturatingInt64(left),             \
        ::moonpool::SaturatingInt64(right));                          \
  } while (false)

#define ASSERT_ALWAYS_GREATER_THAN(left, right, message, ...) \
  MOONPOOL_ALWAYS_NUMERIC_(kGreater, left, right, message, __VA_ARGS__)
#define ASSERT_ALWAYS_GREATER_THAN_OR_EQUAL_TO(left, right, message, ...) \
  MOONPOOL_ALWAYS_NUMERIC_(kGreaterEqual, left, right, message, __VA_ARGS__)
#define ASSERT_ALWAYS_LESS_THAN(left, right, message, ...) \
  MOONPOOL_ALWAYS_NUMERIC_(kLess, left, right, message, __VA_ARGS__)
#define ASSERT_ALWAYS_LESS_THAN_OR_EQUAL_TO(left, right, message, ...) \
  MOONPOOL_ALWAYS_NUMERIC_(kLessEqual, left, right, message, __VA_ARGS__)
#define ASSERT_SOMETIMES_GREATER_THAN(left, right, message) \
  MOONPOOL_SOMETIMES_NUMERIC_(kGreater, left, right, message)
#define ASSERT_SOMETIMES_GREATER_THAN_OR_EQUAL_TO(left, right, message) \
  MOONPOOL_SOMETIMES_NUMERIC_(kGreaterEqual, left, right, message)
#define ASSERT_SOMETIMES_LESS_THAN(left, right, message) \
  MOONPOOL_SOMETIMES_NUMERIC_(kLess, left, right, message)
#define ASSERT_SOMETIMES_LESS_THAN_OR_EQUAL_TO(left, right, message) \
  MOONPOOL_SOMETIMES_NUMERIC_(kLessEqual, left, right, message)

#define ASSERT_SOMETIMES_ALL(message, ...)                        \
  do {                                                            \
    MOONPOOL_SITE_(kSometimesAll, kNone, message);                \
    ::moonpool::internal::AssertAll(moonpool_site, __VA_ARGS__);  \
  } while (false)
#define ASSERT_SOMETIMES_EACH(message, ...)                       \
  do {                                                            \
    MOONPOOL_SITE_(kSometimesEach, kNone, message);               \
    ::moonpool::internal::AssertEach(moonpool_site, __VA_ARGS__); \
  } while (false)

// Tells the search in what state the system is, in words of your own: each new
// combination of values is a mark. Nothing is demanded: a state that is never
// reported is no miss. Few values each: of roles and relations, not of ids,
// times or counters.
#define REPORT_STATE(message, ...)                                \
  do {                                                            \
    MOONPOOL_SITE_(kState, kNone, message);                       \
    ::moonpool::internal::ReportState(moonpool_site, __VA_ARGS__); \
  } while (false)

#endif  // MOONPOOL_SIM_ASSERTIONS_ASSERTIONS_H_
