// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Runs seeds one after another in a process of their own, so that each may
// crash, exit or hang; behind one that did, the next process goes on.
//
//   RunSeeds(1000, {.watchdog = absl::Seconds(30)},
//            [&](int i) -> absl::StatusOr<SeedRun> {      // over there
//              return SeedRun{.result = builder.RunIteration(seed_of(i))};
//            },
//            [&](int i, SeedRun& run) { return Add(run); });  // here
//
// Results come over in batches through shared memory, so that a seed costs
// hardly more than in this process.
#ifndef MOONPOOL_EXPLORER_CLI_SEED_PROCESS_H_
#define MOONPOOL_EXPLORER_CLI_SEED_PROCESS_H_

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "explorer/recipe/outcome.pb.h"
#include "sim/runner/report.h"

namespace moonpool {

struct SeedRun {
  // Of it come over the numbers and the first violation, neither chaos nor
  // samples. Of a seed that ended its process: the death is its violation, and
  // the seed itself is not filled in.
  IterationResult result;
  bool died = false;
  bool trace_written = false;
  std::optional<TimelineOutcome> again;  // if it was run once more
};

struct SeedProcessOptions {
  // Without an event for so long a seed dies of a hang, or after four times as
  // long altogether.
  absl::Duration watchdog = absl::Seconds(30);
  // Each result comes over before the next seed begins. Otherwise only one
  // that violates something new does so.
  bool at_once = false;
};

// Calls run(i) for i from 0 to count - 1, in other processes, and for each, in
// order, each(i, what came of it) in this one. The counts of AssertionTable are
// brought over, too. Ends with the first error of either. Error of its own:
// Internal. REQUIRES: the process has one thread.
absl::Status RunSeeds(
    int count, const SeedProcessOptions& options,
    const std::function<absl::StatusOr<SeedRun>(int)>& run,
    const std::function<absl::Status(int, SeedRun&)>& each);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CLI_SEED_PROCESS_H_
