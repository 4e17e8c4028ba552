// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Runs one timeline in a process of its own, so that it may crash, exit or
// hang, and tells how it ended.
#ifndef MOONPOOL_EXPLORER_CLI_ISOLATED_RUN_H_
#define MOONPOOL_EXPLORER_CLI_ISOLATED_RUN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "explorer/cli/trace_files.h"
#include "explorer/fault/fault.h"
#include "explorer/recipe/outcome.pb.h"
#include "sim/core/rng.h"
#include "sim/runner/builder.h"

namespace moonpool {

// The last that was seen of a timeline, also of one that died.
struct TimelineTail {
  static constexpr size_t kMaxOutput = size_t{64} << 10;

  std::vector<std::string> stack;   // StackOf its fault, if it had one
  std::vector<std::string> events;  // FormatEvent, at most EventTail::kLines
  uint64_t event_count = 0;         // all of them
  std::string output;  // the end of what it wrote to stdout and stderr
};

struct IsolatedRunOptions {
  // Without an event for so long it dies of a hang, or after four times as
  // long altogether.
  absl::Duration watchdog = absl::Seconds(30);
  uint64_t memory_limit = kDefaultMemoryLimit;
  // Where a search has its shared memory, it may write.
  bool tolerates_wild_writes = false;
  TraceFiles trace;
  // If given, it is filled in, and the timeline's output goes there only.
  TimelineTail* tail = nullptr;
};

// The death of the process is a violation, the last one of the outcome.
// Error: Internal, the engine's. REQUIRES: the process has one thread.
absl::StatusOr<TimelineOutcome> RunIsolated(
    SimulationBuilder& builder, uint64_t root_seed,
    const std::vector<Breakpoint>& breakpoints,
    const IsolatedRunOptions& options);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CLI_ISOLATED_RUN_H_
