// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Compares two runs of one seed, and finds where they part.
#ifndef MOONPOOL_EXPLORER_DOCTOR_COMPARE_H_
#define MOONPOOL_EXPLORER_DOCTOR_COMPARE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "explorer/doctor/surroundings.h"

namespace moonpool {

// In words what differs first about the ends of two runs ("trace hash: …");
// empty if nothing does. What the runs wrote counts.
std::string DifferenceOf(const DoctorRun& a, const DoctorRun& b);

// The first step that differs, as each of the two runs took it.
struct DivergedStep {
  bool ended = false;  // this run took no further step
  std::string what;    // "event of moonpool::SleepAwaiter", "random draw", …
  uint64_t event = 0;
  uint64_t draw = 0;
  int64_t time_ns = 0;
  std::vector<std::string> stack;  // innermost first, "Foo::Run()  0x41f2a3"
};

struct Divergence {
  uint64_t event = 0;  // the event in whose course the runs part
  int64_t time_ns = 0;
  // Empty if the trace is the same and only what was written differs.
  std::vector<DivergedStep> steps;  // a, b
};

// Where to look next, or where it is. REQUIRES: both runs were recorded from
// the same event on.
struct Search {
  std::optional<Divergence> found;
  // Record again from here; unset if the two recordings show no difference.
  std::optional<uint64_t> record_from;
};
Search FindDivergence(const DoctorRun& a, const DoctorRun& b,
                      uint64_t recorded_from);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_DOCTOR_COMPARE_H_
