// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/doctor/doctor.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

// Two runs of a seed lie so far apart, that clocks of whole seconds differ.
constexpr absl::Duration kApart = absl::Milliseconds(1100);

std::optional<ExpectedViolation> ForbiddenCall(const DoctorRun& run) {
  for (const ExpectedViolation& violation : run.outcome.violations()) {
    if (violation.kind() == "determinism") return violation;
  }
  return std::nullopt;
}

// The last point of the trace that the two have in common.
uint64_t CommonEvent(const DoctorRun& a, const DoctorRun& b) {
  uint64_t common = 0;
  const int size =
      std::min(a.outcome.trace_samples_size(), b.outcome.trace_samples_size());
  for (int i = 0; i < size; ++i) {
    const TraceSample& x = a.outcome.trace_samples(i);
    const TraceSample& y = b.outcome.trace_samples(i);
    if (x.events() != y.events() || x.hash() != y.hash()) break;
    common = x.events();
  }
  return common;
}

// Runs both again, recorded, as often as it takes: what depends on a clock
// parts at another place each time.
absl::StatusOr<std::optional<Divergence>> Locate(DoctorJob job, int variation,
                                                 uint64_t from) {
  constexpr int kAttempts = 8;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    job.record_from = from;
    ASSIGN_OR_RETURN(const DoctorRun a, RunInSurroundings(job, 0));
    ASSIGN_OR_RETURN(const DoctorRun b, RunInSurroundings(job, variation));
    Search search = FindDivergence(a, b, from);
    if (search.found.has_value()) return std::move(search.found);
    if (search.record_from.has_value()) {
      from = *search.record_from;
    } else {
      absl::SleepFor(absl::Milliseconds(300));
    }
  }
  return std::nullopt;
}

struct PlainRun {
  uint64_t seed;
  absl::Time started;
  DoctorRun run;
};

absl::StatusOr<std::optional<DoctorFinding>> Examine(
    const DoctorOptions& options, const PlainRun& plain) {
  DoctorFinding finding;
  finding.seed = plain.seed;
  finding.forbidden = ForbiddenCall(plain.run);
  if (finding.forbidden.has_value()) return finding;
  DoctorJob job = options.job;
  job.seed = plain.seed;
  absl::SleepFor(kApart - (absl::Now() - plain.started));
  for (int variation = 1; variation < options.runs; ++variation) {
    ASSIGN_OR_RETURN(const DoctorRun run, RunInSurroundings(job, variation));
    finding.variation = variation;
    finding.difference = DifferenceOf(plain.run, run);
    if (!finding.difference.empty()) {
      ASSIGN_OR_RETURN(finding.divergence,
                       Locate(job, variation, CommonEvent(plain.run, run)));
      return finding;
    }
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::vector<DoctorFinding>> Diagnose(
    const DoctorOptions& options,
    const std::function<void(const DoctorFinding&)>& on_finding) {
  std::vector<DoctorFinding> findings;
  // A batch at a time: all its plain runs first, and hardly any waiting then.
  constexpr size_t kBatch = 64;
  for (size_t begin = 0; begin < options.seeds.size(); begin += kBatch) {
    const size_t end = std::min(begin + kBatch, options.seeds.size());
    std::vector<PlainRun> plain;
    for (size_t i = begin; i < end; ++i) {
      DoctorJob job = options.job;
      job.seed = options.seeds[i];
      const absl::Time started = absl::Now();
      ASSIGN_OR_RETURN(DoctorRun run, RunInSurroundings(job, 0));
      plain.push_back({job.seed, started, std::move(run)});
    }
    for (const PlainRun& run : plain) {
      ASSIGN_OR_RETURN(std::optional<DoctorFinding> finding,
                       Examine(options, run));
      if (!finding.has_value()) continue;
      on_finding(*finding);
      findings.push_back(*std::move(finding));
    }
  }
  return findings;
}

}  // namespace moonpool
