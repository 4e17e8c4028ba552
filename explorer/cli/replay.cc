// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// explorer replay: runs a recipe again and compares it with what was found.
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "explorer/cli/cli.h"
#include "explorer/cli/commands.h"
#include "explorer/cli/console.h"
#include "explorer/cli/flags.h"
#include "explorer/cli/isolated_run.h"
#include "explorer/cli/trace_files.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"
#include "explorer/report/report.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

struct ReplayOptions {
  BugRecipe recipe;
  CampaignParams::Values values;
  IsolatedRunOptions run;
  std::string json;
};

absl::Status CheckBuild(const BugRecipe& recipe, bool any_build) {
  // A recipe written by hand names no build.
  if (any_build || recipe.build_id().empty() ||
      recipe.build_id() == BuildId()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the recipe was found by another build (",
                   OneLine(recipe.build_id()), "; this one is ", BuildId(),
                   "): rebuild that version, or pass --any_build to try"));
}

absl::StatusOr<BugRecipe> TextRecipeOf(const std::string& campaign,
                                       const std::string& text,
                                       const CampaignParams::Values& values) {
  if (campaign.empty() || text.empty()) {
    return absl::InvalidArgumentError(
        "replay needs a recipe: give replay FILE, or replay --campaign=NAME "
        "--recipe=\"SEED: count@seed -> count@seed\"");
  }
  ASSIGN_OR_RETURN(const TextRecipe parsed, ParseRecipe(text));
  BugRecipe recipe;
  recipe.set_campaign(campaign);
  recipe.set_root_seed(parsed.root_seed);
  SetSegments(parsed.breakpoints, recipe);
  for (const auto& [name, value] : values) {
    CampaignParameter* parameter = recipe.add_parameters();
    parameter->set_name(name);
    parameter->set_value(value);
  }
  return recipe;
}

absl::StatusOr<ReplayOptions> ParseReplay(const CommandLine& line) {
  ReplayOptions options;
  std::string campaign;
  std::string text;
  bool any_build = false;
  Flags flags("replay");
  flags.String("campaign", &campaign);
  flags.String("recipe", &text);
  flags.KeyValues("param", &options.values);
  flags.Bool("any_build", &any_build);
  flags.Duration("watchdog", &options.run.watchdog);
  flags.Bytes("memory_limit", &options.run.memory_limit);
  flags.String("json", &options.json);
  flags.String("trace", &options.run.trace.perfetto);
  flags.String("log", &options.run.trace.log);
  RETURN_IF_ERROR(flags.Parse(line.args));
  if (flags.positional().empty()) {
    ASSIGN_OR_RETURN(options.recipe,
                     TextRecipeOf(campaign, text, options.values));
    return options;
  }
  ASSIGN_OR_RETURN(const std::string path,
                   OnlyArgument(flags.positional(), "replay", "FILE"));
  for (const char* flag : {"campaign", "recipe", "param"}) {
    if (!flags.IsGiven(flag)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag,
                     " does not go with a recipe file, which has "
                     "its own: give one or the other"));
  }
  ASSIGN_OR_RETURN(options.recipe, ReadRecipeFile(path));
  RETURN_IF_ERROR(CheckBuild(options.recipe, any_build));
  for (const CampaignParameter& parameter : options.recipe.parameters()) {
    options.values[parameter.name()] = parameter.value();
  }
  return options;
}

// The last things that befell the machines: what led to the violation.
void PrintOccurrences(const TimelineOutcome& outcome, Console& console) {
  constexpr int kShown = 12;
  const int size = outcome.occurrences_size();
  if (size > kShown) {
    console.Print(absl::StrCat("  … ", size - kShown, " earlier ones"));
  }
  for (int i = size > kShown ? size - kShown : 0; i < size; ++i) {
    const Occurrence& occurrence = outcome.occurrences(i);
    console.Print(absl::StrCat(
        "  ", Seconds(static_cast<double>(occurrence.time_ns()) / 1e9), "  ",
        OneLine(occurrence.who()), "  ", OneLine(occurrence.what())));
  }
}

void PrintViolations(const TimelineOutcome& outcome, Console& console) {
  for (const ExpectedViolation& violation : outcome.violations()) {
    // The death of a process has no known time.
    const std::string time =
        violation.event() == 0 && violation.time_ns() == 0
            ? "at the end"
            : Seconds(static_cast<double>(violation.time_ns()) / 1e9);
    const bool is_assertion = absl::StartsWith(violation.kind(), "ASSERT");
    std::string line = absl::StrCat("  ", time, "  ", OneLine(violation.kind()),
                                    is_assertion ? " failed: " : ": ",
                                    OneLine(violation.message()));
    if (!violation.details().empty()) {
      absl::StrAppend(&line, "   ", OneLine(violation.details()));
    }
    if (!violation.place().empty()) {
      absl::StrAppend(&line, "   (", OneLine(violation.place()), ")");
    }
    console.Print(line);
  }
}

void PrintVerdict(const ReplayVerdict& verdict, const TimelineOutcome& outcome,
                  Console& console) {
  const auto number = [](double value) {
    return WithCommas(static_cast<uint64_t>(value));
  };
  std::string trace;
  if (outcome.finished()) {
    trace = absl::StrCat(" ", verdict.trace_hash(), ", ",
                         Count(outcome.events(), "event"));
  }
  if (verdict.verdict() == "MATCH") {
    console.Print(absl::StrCat(console.Good("MATCH"), "  ",
                               verdict.explanation(), trace));
  } else if (verdict.verdict() == "DIVERGED") {
    console.Print(absl::StrCat(
        console.Bad(absl::StrCat(
            "DIVERGED at draw ", number(verdict.diverged_at_draw()),
            " / event ", number(verdict.diverged_at_event()))),
        "  ", OneLine(verdict.explanation())));
    console.Print(absl::StrCat("  last point in common: draw ",
                               number(verdict.common_draw()), " / event ",
                               number(verdict.common_event())));
  } else if (verdict.verdict() == "VIOLATION") {
    console.Print(absl::StrCat(console.Bad("VIOLATION"), "  reproduced",
                               outcome.finished() ? ", trace hash" : "",
                               trace));
  } else {
    console.Print(
        absl::StrCat("NOTHING  nothing was violated, trace hash", trace));
  }
}

int ExitOf(const ReplayVerdict& verdict) {
  if (verdict.verdict() == "DIVERGED") return kExitEngine;
  return verdict.verdict() == "NOTHING" ? kExitNothingFound : kExitViolation;
}

// The child counted; this process has the same table, with zeros.
std::vector<AssertionEntry> AssertionsOf(const TimelineOutcome& outcome) {
  const auto& table = AssertionTable::Get().entries();
  std::vector<AssertionEntry> entries(table.begin(), table.end());
  const auto counted = static_cast<size_t>(outcome.assertion_passes_size());
  for (size_t i = 0; i < entries.size() && i < counted; ++i) {
    const int index = static_cast<int>(i);
    entries[i].passes = outcome.assertion_passes(index);
    entries[i].fails = outcome.assertion_fails(index);
  }
  return entries;
}

}  // namespace

absl::StatusOr<int> ReplayCommand(const CommandLine& line) {
  ASSIGN_OR_RETURN(const ReplayOptions options, ParseReplay(line));
  const BugRecipe& recipe = options.recipe;
  ASSIGN_OR_RETURN(SimulationBuilder builder,
                   MakeSimulation(recipe.campaign(), options.values));
  RETURN_IF_ERROR(CheckJsonPath(options.json));
  RETURN_IF_ERROR(options.run.trace.Check());

  Console console;
  console.Print(absl::StrCat(
      Headline("replaying", recipe.campaign(), recipe.root_seed(),
               options.values),
      " · ", Count(static_cast<uint64_t>(recipe.segments_size()), "split")));
  const absl::Time start = absl::Now();
  builder.StopAtViolation(true);
  IsolatedRunOptions run = options.run;
  run.tolerates_wild_writes = ToleratesWildWrites(recipe);
  ASSIGN_OR_RETURN(const TimelineOutcome outcome,
                   RunIsolated(builder, recipe.root_seed(),
                               BreakpointsOf(recipe), run));
  const ReplayVerdict verdict = CompareReplay(recipe, outcome);
  PrintOccurrences(outcome, console);
  PrintViolations(outcome, console);
  PrintVerdict(verdict, outcome, console);
  if (!options.json.empty()) {
    ExplorationReport report = ReportOfReplay(recipe, outcome, verdict);
    report.set_wall_seconds(absl::ToDoubleSeconds(absl::Now() - start));
    report.set_cpu_seconds(CpuSeconds());
    AddAssertions(AssertionsOf(outcome), report);
    RETURN_IF_ERROR(WriteReportJson(options.json, report));
  }
  return ExitOf(verdict);
}

}  // namespace moonpool
