// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Surroundings: all that a run finds in its process and on its machine and
// must not depend on; and running a seed in some.
#ifndef MOONPOOL_EXPLORER_DOCTOR_SURROUNDINGS_H_
#define MOONPOOL_EXPLORER_DOCTOR_SURROUNDINGS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "explorer/doctor/recorder.h"
#include "explorer/recipe/outcome.pb.h"

namespace moonpool {

// What to run.
struct DoctorJob {
  std::string campaign;
  std::map<std::string, std::string> params;
  uint64_t seed = 0;
  std::string guard = "forbid";
  absl::Duration watchdog = absl::Seconds(30);
  // Records the trace; words from this event on.
  std::optional<uint64_t> record_from;
};

// How it ended and what it wrote.
struct DoctorRun {
  TimelineOutcome outcome;
  std::string output;  // standard output and error
  std::vector<RecordedWord> words;
  std::vector<RecordedEvent> events;
};

// variation 0 is how the explorer runs: addresses fixed, everything else as
// the caller has it. Each other one has random addresses, and its own layout
// of the arena, contents of fresh memory, environment, locale, time zone,
// working directory, order of directories and number of processors.
// A process of its own, by executing this program again. Error: Internal.
absl::StatusOr<DoctorRun> RunInSurroundings(const DoctorJob& job,
                                            int variation);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_DOCTOR_SURROUNDINGS_H_
