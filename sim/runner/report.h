// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What came of a run.
#ifndef MOONPOOL_SIM_RUNNER_REPORT_H_
#define MOONPOOL_SIM_RUNNER_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "sim/assertions/table.h"
#include "sim/core/fault.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"
#include "sim/trace/metrics.h"

namespace moonpool {

// The numbers of an iteration.
struct IterationNumbers {
  uint64_t seed = 0;
  uint64_t trace_hash = 0;
  uint64_t events = 0;
  uint64_t draws = 0;
  StreamKinds drawn_kinds = 0;  // of streams that drew
  int64_t simulated_ns = 0;
  int boots = 0;
  FaultCounts faults;
  // What it sent and stored, and its longest queues; see RunTotals.
  uint64_t bytes_sent = 0;
  uint64_t bytes_written = 0;
  uint64_t fsyncs = 0;
  int64_t max_queue = 0;
  int64_t max_in_flight = 0;
  int64_t max_disk_queue = 0;
};

// One iteration: one seed (and recipe) from the beginning to the end.
struct IterationResult : IterationNumbers {
  std::string chaos;  // what the profile drew, a line for each family
  std::vector<Violation> violations;  // empty: passed
  std::vector<TraceHash::Sample> trace_samples;

  // Counts it as a run that took wall_ns of real time.
  void RecordIn(Metrics& metrics, int64_t wall_ns = 0) const;
};

struct SimulationReport {
  int iterations = 0;
  int failed_iterations = 0;
  uint64_t base_seed = 0;
  uint64_t events = 0;
  uint64_t draws = 0;
  int64_t simulated_ns = 0;
  FaultCounts faults;
  Metrics metrics;  // totals, maxima and distributions over all iterations
  absl::Duration wall_time;
  // UntilAllSometimesReached or UntilCoverageStable reached its maximum first.
  bool coverage_incomplete = false;
  std::vector<uint64_t> failing_seeds;  // all of them
  // The first kMaxFailures failing iterations, with everything known of them.
  static constexpr size_t kMaxFailures = 100;
  std::vector<IterationResult> failures;
  std::vector<AssertionEntry> assertions;  // counts over all iterations
  std::vector<std::string> misses;         // coverage: what never happened

  // wall_ns: of real time that it took.
  void Add(IterationResult result, int64_t wall_ns = 0);
  bool ok() const { return failed_iterations == 0; }
  // FailedPrecondition with the first failures and seeds unless ok(), and,
  // where complete coverage was asked for, unless it was reached.
  absl::Status Check() const;
  // In percent.
  double success_rate() const;
  // A page for people.
  std::string ToString() const;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_REPORT_H_
