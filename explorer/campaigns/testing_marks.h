// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// For tests: to which marks runs come.
//
//   MarkCollector marks;                    // from now on
//   builder.RunIteration(1);
//   EXPECT_GT(marks.Count("raft rivals", "apart=1"), 0);
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_TESTING_MARKS_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_TESTING_MARKS_H_

#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "sim/assertions/table.h"
#include "sim/core/arena.h"

namespace moonpool {

class MarkCollector final : public TimelineObserver {
 public:
  MarkCollector() { AssertionTable::Get().set_observer(this); }
  ~MarkCollector() override { AssertionTable::Get().set_observer(nullptr); }
  MarkCollector(const MarkCollector&) = delete;

  void OnMark(const Mark& mark) override {
    const Arena::OutsideScope outside;
    labels_.emplace(mark.label);
  }
  void OnViolation(const Violation&) override {}

  // How many labels begin like this and have that in them.
  int Count(absl::string_view beginning, absl::string_view bucket) const {
    int count = 0;
    for (const std::string& label : labels_) {
      count += absl::StartsWith(label, beginning) &&
               absl::StrContains(label, bucket);
    }
    return count;
  }
  // The buckets that no label has which begins like this.
  std::vector<std::string> Missing(
      absl::string_view beginning,
      std::initializer_list<absl::string_view> buckets) const {
    std::vector<std::string> missing;
    for (absl::string_view bucket : buckets) {
      if (Count(beginning, bucket) == 0) missing.emplace_back(bucket);
    }
    return missing;
  }

 private:
  std::set<std::string> labels_;
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_TESTING_MARKS_H_
