// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/cli/bug_log.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "explorer/cli/console.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

void AppendSection(absl::string_view title,
                   const std::vector<std::string>& lines, std::string& text) {
  if (lines.empty()) return;
  absl::StrAppend(&text, "\n", title, "\n");
  for (const std::string& line : lines) {
    absl::StrAppend(&text, "  ", OneLine(line), "\n");
  }
}

}  // namespace

std::string BugLogFile(size_t number) {
  return absl::StrCat("bugs/", number, ".log");
}

absl::StatusOr<std::string> MakeBugLog(SimulationBuilder& builder,
                                       const BugRecipe& recipe,
                                       IsolatedRunOptions options,
                                       absl::string_view replay_command) {
  TimelineTail tail;
  options.tail = &tail;
  options.tolerates_wild_writes = ToleratesWildWrites(recipe);
  builder.StopAtViolation(true);
  ASSIGN_OR_RETURN(
      const TimelineOutcome outcome,
      RunIsolated(builder, recipe.root_seed(), BreakpointsOf(recipe), options));
  const ReplayVerdict verdict = CompareReplay(recipe, outcome);
  const ExpectedViolation& expected = recipe.expected();
  std::string text = absl::StrCat(
      OneLine(expected.kind()), ": ", OneLine(expected.message()), "\n",
      OneLine(expected.details()), expected.details().empty() ? "" : "\n",
      "recipe:  ", FormatRecipe(recipe), "\nreplay:  ", replay_command,
      "\nrun once more for this log: ", verdict.verdict(), ", ",
      OneLine(verdict.explanation()), "\n");
  AppendSection("Stack, innermost function first:", tail.stack, text);
  AppendSection(absl::StrCat("Last ", tail.events.size(), " of ",
                             tail.event_count, " events:"),
                tail.events, text);
  if (!tail.output.empty()) {
    absl::StrAppend(&text, "\nEnd of the output:\n", tail.output);
    if (!absl::EndsWith(tail.output, "\n")) absl::StrAppend(&text, "\n");
  }
  return text;
}

}  // namespace moonpool
