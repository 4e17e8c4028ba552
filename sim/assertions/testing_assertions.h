// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What tests of the assertions share: an observer that records, and a table in
// which nothing has happened yet.
#ifndef MOONPOOL_SIM_ASSERTIONS_TESTING_ASSERTIONS_H_
#define MOONPOOL_SIM_ASSERTIONS_TESTING_ASSERTIONS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/assertions/table.h"

namespace moonpool {

using Strings = std::vector<std::string>;

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

}  // namespace moonpool

#endif  // MOONPOOL_SIM_ASSERTIONS_TESTING_ASSERTIONS_H_
