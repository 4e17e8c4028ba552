// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Runs one timeline in a process of its own, so that it may crash, exit or
// hang, and tells how it ended.
#ifndef MOONPOOL_EXPLORER_CLI_ISOLATED_RUN_H_
#define MOONPOOL_EXPLORER_CLI_ISOLATED_RUN_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "explorer/cli/trace_files.h"
#include "explorer/recipe/outcome.pb.h"
#include "sim/core/rng.h"
#include "sim/runner/builder.h"

namespace moonpool {

// The death of the process is a violation, the last one of the outcome.
// watchdog: as ExploreOptions::watchdog. Error: Internal, the engine's.
// REQUIRES: the process has one thread.
absl::StatusOr<TimelineOutcome> RunIsolated(
    SimulationBuilder& builder, uint64_t root_seed,
    const std::vector<Breakpoint>& breakpoints, absl::Duration watchdog,
    const TraceFiles& trace = {});

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CLI_ISOLATED_RUN_H_
