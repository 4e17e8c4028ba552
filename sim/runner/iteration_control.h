// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// IterationControl: how many iterations a run has.
#ifndef MOONPOOL_SIM_RUNNER_ITERATION_CONTROL_H_
#define MOONPOOL_SIM_RUNNER_ITERATION_CONTROL_H_

#include "absl/time/time.h"

namespace moonpool {

struct IterationControl {
  enum class Kind {
    kSeeds,  // the explicit seeds; one if there are none
    kFixedCount,
    kTimeLimit,
    kAllSometimesReached,
    kCoverageStable,
  };

  static IterationControl FixedCount(int count) {
    return {.kind = Kind::kFixedCount, .max_iterations = count};
  }
  // Until so much real time has passed; at least one iteration.
  static IterationControl TimeLimit(absl::Duration wall_time) {
    return {.kind = Kind::kTimeLimit, .time_limit = wall_time};
  }
  // Until every SOMETIMES and REACHABLE that has been evaluated has held.
  static IterationControl UntilAllSometimesReached(int max_iterations) {
    return {.kind = Kind::kAllSometimesReached,
            .max_iterations = max_iterations};
  }
  // As above, and until that many seeds in a row have shown nothing new: no
  // assertion, bucket or watermark.
  static IterationControl UntilCoverageStable(int plateau_seeds,
                                              int max_iterations) {
    return {.kind = Kind::kCoverageStable,
            .max_iterations = max_iterations,
            .plateau_seeds = plateau_seeds};
  }

  Kind kind = Kind::kSeeds;
  // If an UntilX control is not satisfied by then, the report says that its
  // coverage is incomplete.
  int max_iterations = 0;
  absl::Duration time_limit = absl::ZeroDuration();
  int plateau_seeds = 0;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_ITERATION_CONTROL_H_
