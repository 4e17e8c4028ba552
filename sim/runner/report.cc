// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace moonpool {

std::string SimulationReport::ToString() const {
  std::string text = absl::StrFormat(
      "%d iterations, %d failed, %.3f s simulated, %d events, %d draws\n",
      iterations, failed_iterations, simulated_ns * 1e-9, events, draws);
  for (const IterationResult& failure : failures) {
    for (const Violation& violation : failure.violations) {
      absl::StrAppendFormat(&text, "FAILED  seed %d at %.6f s: %s: %s",
                            failure.seed, violation.time_ns * 1e-9,
                            violation.kind, violation.message);
      if (!violation.details.empty()) {
        absl::StrAppend(&text, "   ", violation.details);
      }
      absl::StrAppend(&text, "\n");
    }
  }
  for (const std::string& miss : misses) {
    absl::StrAppend(&text, "never happened: ", miss, "\n");
  }
  return text;
}

}  // namespace moonpool
