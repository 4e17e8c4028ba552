// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The table behind the assertion macros: which assertions the program has,
// what they counted, what was violated, and who listens.
//
// Counts and "seen in this timeline" flags are plain private memory: a fork
// inherits them, nothing is shared. An explorer reads them at the end of a
// timeline. No assertion ever feeds back into the simulation.
#ifndef MOONPOOL_SIM_ASSERTIONS_TABLE_H_
#define MOONPOOL_SIM_ASSERTIONS_TABLE_H_

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace moonpool {

enum class AssertionKind : uint8_t {
  kAlways,
  kAlwaysOrUnreachable,
  kSometimes,
  kReachable,
  kUnreachable,
  kNumericAlways,
  kNumericSometimes,
  kSometimesAll,
  kSometimesEach,
  kState,  // no assertion: REPORT_STATE
};
absl::string_view AssertionKindName(AssertionKind kind);

enum class Comparison : uint8_t {
  kNone,
  kGreater,
  kGreaterEqual,
  kLess,
  kLessEqual,
};

// One assertion: all macros with the same kind and message.
struct AssertionEntry {
  uint64_t id = 0;     // hash of kind and message: stable across builds
  uint32_t index = 0;  // position in the table
  AssertionKind kind = AssertionKind::kAlways;
  Comparison comparison = Comparison::kNone;
  bool reached = false;  // a mark was reported in this timeline
  absl::string_view message;
  absl::string_view file;
  int line = 0;
  uint64_t passes = 0;
  uint64_t fails = 0;
  // Numeric kinds: the best first operand so far, how far it was beyond the
  // second at best (negative: short of it), and the last level reported.
  bool has_watermark = false;
  int64_t watermark = 0;
  int64_t lead = 0;
  uint64_t level = 0;

  // In percent of the evaluations; 0 without any.
  double success_rate() const {
    const uint64_t total = passes + fails;
    return total == 0 ? 0 : 100.0 * static_cast<double>(passes) /
                                static_cast<double>(total);
  }
};

// One macro expansion.
class AssertionSite {
 public:
  constexpr AssertionSite(AssertionKind kind, Comparison comparison,
                          absl::string_view message, absl::string_view file,
                          int line)
      : kind(kind),
        comparison(comparison),
        message(message),
        file(file),
        line(line) {}
  // Resolved once.
  AssertionEntry& Entry() {
    if (__builtin_expect(entry_ == nullptr, 0)) Resolve();
    return *entry_;
  }

  const AssertionKind kind;
  const Comparison comparison;
  const absl::string_view message;
  const absl::string_view file;
  const int line;

 private:
  friend class AssertionTable;
  void Resolve();
  AssertionEntry* entry_ = nullptr;
};

// Converts any integer; what does not fit becomes the nearest bound.
template <std::integral Int>
constexpr int64_t SaturatingInt64(Int value) {
  if constexpr (std::unsigned_integral<Int>) {
    constexpr auto kMax =
        static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    return static_cast<uint64_t>(value) > kMax ? static_cast<int64_t>(kMax)
                                               : static_cast<int64_t>(value);
  } else {
    return value;
  }
}

// A violated property, with where and when.
struct Violation {
  uint64_t identity = 0;  // what counts as the same bug
  std::string kind;       // "ASSERT_ALWAYS", "workload error", …
  std::string message;
  std::string details;  // "key=k3 got=v1"
  int64_t time_ns = 0;
  uint64_t event = 0;
  uint64_t draw = 0;
  std::string place;  // file:line
};

// Quality of an arrival at a mark: compared lexicographically, larger is
// better.
using MarkQuality = std::array<int64_t, 4>;

// Something a timeline reached, reported the first time it happens in this
// timeline and each time its quality improves.
struct Mark {
  uint64_t key = 0;  // identity of the assertion and its bucket or level
  const AssertionEntry* entry = nullptr;
  std::string label;  // "gate lock=1 depth=3"
  MarkQuality quality = {};
};

// Who hears of marks and violations; the explorer implements it. Both are
// called synchronously inside the macro. OnMark may fork.
class TimelineObserver {
 public:
  virtual ~TimelineObserver() = default;
  virtual void OnMark(const Mark& mark) = 0;
  virtual void OnViolation(const Violation& violation) = 0;
};

class AssertionTable {
 public:
  // Holds every assertion linked into the program, in the order of their ids.
  static AssertionTable& Get();

  const std::deque<AssertionEntry>& entries() const { return entries_; }
  std::deque<AssertionEntry>& entries() { return entries_; }

  // Forgets what this timeline has seen and violated; counts stay.
  void BeginWorld();
  // Sets all counts to zero; what has been seen stays. A forked timeline
  // counts from its splitpoint.
  void ResetCounts();

  void set_observer(TimelineObserver* observer) { observer_ = observer; }
  TimelineObserver* observer() const { return observer_; }

  // Records a violation (also of the runner's own making).
  void Report(Violation violation);
  const std::vector<Violation>& violations() const { return violations_; }
  bool has_violations() const { return !violations_.empty(); }

  // Contracts that an assertion set breaks: one message declared with two
  // kinds. One sentence each.
  std::vector<std::string> ContractErrors() const;

  // A hit of a bucket: of an EACH or ALL assertion or a state. Returns true if
  // it is new in this timeline or better than before.
  bool HitBucket(uint64_t key, const MarkQuality& quality);
  size_t bucket_count() const { return buckets_.size(); }

  // These conditions of an ALL assertion hold at once; key: the set's bucket.
  // Returns true if it is no subset of one that held in this timeline before.
  bool HitSet(const AssertionEntry& entry, uint64_t key, uint64_t set);

 private:
  friend class AssertionSite;
  struct Bucket {
    uint64_t key = 0;
    MarkQuality quality = {};
  };

  AssertionTable();
  AssertionEntry* Resolve(AssertionSite* site);
  void AddBucket(uint64_t key, const MarkQuality& quality);
  void Insert(uint32_t place);

  std::deque<AssertionEntry> entries_;
  // In the order of their first hits, so that those which a forked timeline
  // adds lie on one page.
  std::vector<Bucket> buckets_;
  // Of places in buckets_, plus one: open addressing, power of two; 0: empty.
  std::vector<uint32_t> index_;
  // Of each ALL assertion, by index: no set is a subset of another.
  std::map<uint32_t, std::vector<uint64_t>> largest_sets_;
  std::vector<Violation> violations_;
  TimelineObserver* observer_ = nullptr;
};

// What an accumulated set of counts says: one sentence each.
struct ContractReport {
  std::vector<std::string> violations;  // a property was violated
  std::vector<std::string> misses;      // something never happened
};
ContractReport ValidateAssertions(absl::Span<const AssertionEntry> entries);

}  // namespace moonpool

#endif  // MOONPOOL_SIM_ASSERTIONS_TABLE_H_
