// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace moonpool {
namespace {

enum class Status { kFail, kMiss, kPass };

bool IsAlways(AssertionKind kind) {
  return kind == AssertionKind::kAlways ||
         kind == AssertionKind::kAlwaysOrUnreachable ||
         kind == AssertionKind::kNumericAlways ||
         kind == AssertionKind::kUnreachable;
}

Status StatusOf(const AssertionEntry& entry) {
  if (entry.kind == AssertionKind::kUnreachable) {
    return entry.passes + entry.fails > 0 ? Status::kFail : Status::kPass;
  }
  if (IsAlways(entry.kind)) {
    return entry.fails > 0 ? Status::kFail : Status::kPass;
  }
  return entry.passes > 0 ? Status::kPass : Status::kMiss;
}

// "1,234,567".
std::string Grouped(uint64_t number) {
  std::string text = absl::StrCat(number);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

void AppendAssertions(const std::vector<AssertionEntry>& assertions,
                      std::string& text) {
  std::vector<const AssertionEntry*> used;
  for (const AssertionEntry& entry : assertions) {
    if (entry.passes + entry.fails > 0) used.push_back(&entry);
  }
  if (used.empty()) return;
  std::sort(used.begin(), used.end(),
            [](const AssertionEntry* a, const AssertionEntry* b) {
              return std::make_tuple(a->kind, StatusOf(*a), a->message) <
                     std::make_tuple(b->kind, StatusOf(*b), b->message);
            });
  absl::StrAppendFormat(&text, "--- Assertions (%d) ---\n", used.size());
  for (const AssertionEntry* entry : used) {
    static constexpr absl::string_view kNames[] = {"FAIL", "MISS", "PASS"};
    const uint64_t total = entry->passes + entry->fails;
    absl::StrAppendFormat(&text, "%s [%s] \"%s\"",
                          kNames[static_cast<int>(StatusOf(*entry))],
                          AssertionKindName(entry->kind), entry->message);
    if (IsAlways(entry->kind)) {
      absl::StrAppend(&text, " ", Grouped(total));
      if (entry->fails > 0) {
        absl::StrAppend(&text, ", failed ", Grouped(entry->fails));
      }
    } else {
      absl::StrAppendFormat(
          &text, " %s / %s (%.1f%%)", Grouped(entry->passes), Grouped(total),
          entry->success_rate());
    }
    text += '\n';
  }
}

void AppendFailure(const IterationResult& failure, std::string& text) {
  for (const Violation& violation : failure.violations) {
    absl::StrAppendFormat(&text, "FAILED  seed %d at %.6f s: %s: %s",
                          failure.seed, violation.time_ns * 1e-9,
                          violation.kind, violation.message);
    if (!violation.details.empty()) {
      absl::StrAppend(&text, "   ", violation.details);
    }
    absl::StrAppend(&text, "\n");
  }
  for (absl::string_view line :
       absl::StrSplit(failure.chaos, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&text, "        chaos: ", line, "\n");
  }
}

}  // namespace

void IterationResult::RecordIn(Metrics& metrics, int64_t wall_ns) const {
  RecordRun({.events = events,
             .draws = draws,
             .simulated_ns = simulated_ns,
             .wall_ns = wall_ns,
             .faults = faults,
             .bytes_sent = bytes_sent,
             .bytes_written = bytes_written,
             .fsyncs = fsyncs,
             .max_queue = max_queue,
             .max_in_flight = max_in_flight,
             .max_disk_queue = max_disk_queue},
            metrics);
}

void SimulationReport::Add(IterationResult result, int64_t wall_ns) {
  result.RecordIn(metrics, wall_ns);
  ++iterations;
  events += result.events;
  draws += result.draws;
  simulated_ns += result.simulated_ns;
  faults.Add(result.faults);
  if (result.violations.empty()) return;
  ++failed_iterations;
  failing_seeds.push_back(result.seed);
  if (failures.size() < kMaxFailures) failures.push_back(std::move(result));
}

double SimulationReport::success_rate() const {
  if (iterations == 0) return 0;
  return 100.0 * (iterations - failed_iterations) / iterations;
}

absl::Status SimulationReport::Check() const {
  if (!ok()) {
    const IterationResult& first = failures.front();
    return absl::FailedPreconditionError(absl::StrCat(
        failed_iterations, " of ", iterations, " iterations failed; seed ",
        first.seed, ": ", first.violations.front().kind, ": ",
        first.violations.front().message));
  }
  if (coverage_incomplete) {
    return absl::FailedPreconditionError(
        absl::StrCat("coverage is incomplete after ", iterations,
                     " iterations: ", absl::StrJoin(misses, "; ")));
  }
  return absl::OkStatus();
}

std::string SimulationReport::ToString() const {
  std::string text = absl::StrFormat(
      "=== Simulation report ===\n"
      "%d iterations, %d failed (%.1f%% passed), base seed %d\n"
      "%.3f s simulated in %.3f s, %s events, %s draws\n",
      iterations, failed_iterations, success_rate(), base_seed,
      simulated_ns * 1e-9, absl::ToDoubleSeconds(wall_time), Grouped(events),
      Grouped(draws));
  absl::StrAppend(&text, DescribeRuns(metrics));
  if (faults.total() > 0) {
    absl::StrAppend(&text, "faults: ", faults.ToString(), "\n");
  }
  if (!failing_seeds.empty()) {
    absl::StrAppend(&text, "failing seeds: ", absl::StrJoin(failing_seeds, ", "),
                    "\n");
  }
  for (const IterationResult& failure : failures) AppendFailure(failure, text);
  AppendAssertions(assertions, text);
  if (!misses.empty()) absl::StrAppend(&text, "--- Never happened ---\n");
  for (const std::string& miss : misses) absl::StrAppend(&text, miss, "\n");
  if (coverage_incomplete) {
    absl::StrAppend(&text,
                    "coverage is incomplete after the last allowed iteration\n");
  }
  return text;
}

}  // namespace moonpool
