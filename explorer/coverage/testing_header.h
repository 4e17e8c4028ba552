// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Code under test, for tests of edge coverage: compiled with edge counters, it
// has no assertions.
#ifndef MOONPOOL_EXPLORER_COVERAGE_TESTING_HEADER_H_
#define MOONPOOL_EXPLORER_COVERAGE_TESTING_HEADER_H_

#include <cstdint>

namespace moonpool::testing_header {

// Takes a header of five half bytes, one after the other; only one header in
// a million is right.
class Parser {
 public:
  static constexpr int kLength = 5;
  enum class State { kMore, kBad, kComplete };
  State Add(uint64_t half_byte);

 private:
  int size_ = 0;
};

// Runs its loop so often.
uint64_t Loop(uint64_t count);
// Nobody calls it.
uint64_t NeverCalled(uint64_t x);

}  // namespace moonpool::testing_header

#endif  // MOONPOOL_EXPLORER_COVERAGE_TESTING_HEADER_H_
