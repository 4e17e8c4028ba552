// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The report of a run, an exploration or a replay (report.proto), and its JSON.
#ifndef MOONPOOL_EXPLORER_REPORT_REPORT_H_
#define MOONPOOL_EXPLORER_REPORT_REPORT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "explorer/recipe/outcome.pb.h"
#include "explorer/recipe/recipe.pb.h"
#include "explorer/report/report.pb.h"
#include "explorer/search/explore.h"
#include "sim/assertions/table.h"
#include "sim/runner/report.h"

namespace moonpool {

ExplorationReport ReportOfExplore(const ExploreOptions& options,
                                  const ExploreResult& result);
// The recipe may be one without an expectation.
ExplorationReport ReportOfReplay(const BugRecipe& recipe,
                                 const TimelineOutcome& outcome,
                                 const ReplayVerdict& verdict);

// A run's report grows by one iteration after another. Iterations whose first
// violations have the same identity are one bug.
void AddIteration(const IterationResult& iteration, ExplorationReport& report);
// Adds the assertions in the order of their places, and as misses what never
// happened. A file of which no assertion was evaluated is another campaign's,
// and nothing is missed in it, if the program has several campaigns.
void AddAssertions(absl::Span<const AssertionEntry> entries,
                   ExplorationReport& report);

std::string ReportToJson(const ExplorationReport& report);
// Atomic.
absl::Status WriteReportJson(const std::string& path,
                             const ExplorationReport& report);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_REPORT_REPORT_H_
