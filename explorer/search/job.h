// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#ifndef MOONPOOL_EXPLORER_SEARCH_JOB_H_
#define MOONPOOL_EXPLORER_SEARCH_JOB_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "explorer/search/archive.h"
#include "sim/core/rng.h"

namespace moonpool::explorer {

// One timeline to run, between its decision and its commit.
struct Job {
  static constexpr int kNone = -1;

  uint64_t number = 0;
  Departure from;
  uint64_t root_seed = 0;
  std::vector<Breakpoint> segments;  // the whole recipe
  bool is_splice = false;  // the last segment repeats what helped elsewhere

  // Kept by the pool. Until checkpoint or runner is set, it waits for a worker.
  int checkpoint = kNone;  // slot of the process that is to fork it
  int runner = kNone;      // that is to run it
  // As its slot said when it was looked at first; later it may say anything.
  pid_t pid = 0;  // 0: not begun
  absl::Time begun;  // at that look, that is before it
  int deserted = 0;  // runners that died before it began, as it seems
  bool is_done = false;
  int wait_status = 0;
  bool is_lost = false;  // it has ended by inference: nobody knows its process
  bool is_killed = false;  // by the watchdog
  // Runs once more, alone, and may write nothing but its result.
  bool is_guarded = false;

  bool is_waiting() const {
    return !is_done && checkpoint == kNone && runner == kNone;
  }
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_JOB_H_
