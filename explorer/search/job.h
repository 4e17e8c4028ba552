// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#ifndef MOONPOOL_EXPLORER_SEARCH_JOB_H_
#define MOONPOOL_EXPLORER_SEARCH_JOB_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "sim/core/rng.h"

namespace moonpool::explorer {

// One timeline to run, between its decision and its commit.
struct Job {
  static constexpr int kNone = -1;

  uint64_t number = 0;
  // The cell it branches from, and that cell's representative when it was
  // decided; kNone: a fresh root seed.
  int cell = kNone;
  int splitpoint = kNone;
  uint64_t root_seed = 0;
  std::vector<Breakpoint> segments;  // the whole recipe

  // Kept by the pool.
  int checkpoint = kNone;  // slot of the process that got the order
  bool is_done = false;
  int wait_status = 0;
  absl::Time started;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_JOB_H_
