// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The doctor: does a campaign follow from its seed alone? Runs each seed in
// differing surroundings and finds the first step at which two runs part.
#ifndef MOONPOOL_EXPLORER_DOCTOR_DOCTOR_H_
#define MOONPOOL_EXPLORER_DOCTOR_DOCTOR_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "explorer/doctor/compare.h"
#include "explorer/doctor/surroundings.h"

namespace moonpool {

struct DoctorFinding {
  uint64_t seed = 0;
  int variation = 0;       // 0: already in the plain surroundings
  std::string difference;  // in words; empty: the guard was called
  // Of the guard's: what it says of the first call.
  std::optional<ExpectedViolation> forbidden;
  // Unset if the runs part at another place each time they are repeated.
  std::optional<Divergence> divergence;
};

struct DoctorOptions {
  DoctorJob job;  // its seed is set for each run
  std::vector<uint64_t> seeds;
  int runs = 2;  // of each seed, the plain one included
};

// At most one finding for each seed. Error: Internal, the engine's.
// REQUIRES: the process has one thread.
absl::StatusOr<std::vector<DoctorFinding>> Diagnose(
    const DoctorOptions& options,
    const std::function<void(const DoctorFinding&)>& on_finding);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_DOCTOR_DOCTOR_H_
