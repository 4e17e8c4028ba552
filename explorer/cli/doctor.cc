// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// explorer doctor: is a campaign deterministic?
#include "explorer/doctor/doctor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "explorer/cli/cli.h"
#include "explorer/cli/commands.h"
#include "explorer/cli/console.h"
#include "explorer/cli/flags.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

constexpr size_t kMaxFrames = 12;

std::string At(uint64_t event, int64_t time_ns) {
  return absl::StrCat("event ", WithCommas(event), ", ",
                      Seconds(static_cast<double>(time_ns) / 1e9),
                      " simulated");
}

void PrintStep(absl::string_view who, const DivergedStep& step,
               Console& console) {
  console.Print(absl::StrCat("  ", who, ":  ", OneLine(step.what), " · ",
                             At(step.event, step.time_ns), ", draw ",
                             WithCommas(step.draw)));
  const size_t shown = std::min(step.stack.size(), kMaxFrames);
  for (size_t i = 0; i < shown; ++i) {
    console.Print(absl::StrCat("      ", OneLine(step.stack[i])));
  }
  if (shown < step.stack.size()) {
    console.Print(absl::StrCat("      … ", step.stack.size() - shown, " more"));
  }
}

void PrintFinding(const DoctorFinding& finding, Console& console) {
  const std::string seed = absl::StrCat("  seed ", finding.seed, "  ");
  if (finding.forbidden.has_value()) {
    const ExpectedViolation& call = *finding.forbidden;
    console.Print(absl::StrCat(console.Bad("FORBIDDEN"), seed,
                               At(call.event(), call.time_ns())));
    console.Print(absl::StrCat("  ", OneLine(call.message())));
    console.Print(absl::StrCat("  stack: ", OneLine(call.details())));
    return;
  }
  console.Print(absl::StrCat(console.Bad("DIFFERS"), seed,
                             "surroundings 0 and ", finding.variation));
  console.Print(absl::StrCat("  ", OneLine(finding.difference)));
  if (!finding.divergence.has_value()) {
    console.Print(
        "  the runs part at another place each time they are repeated");
    return;
  }
  const Divergence& divergence = *finding.divergence;
  console.Print(absl::StrCat("  first difference in the course of ",
                             At(divergence.event, divergence.time_ns)));
  for (size_t i = 0; i < divergence.steps.size(); ++i) {
    PrintStep(absl::StrCat("surroundings ", i == 0 ? 0 : finding.variation),
              divergence.steps[i], console);
  }
}

}  // namespace

absl::StatusOr<int> DoctorCommand(const CommandLine& line) {
  DoctorOptions options;
  uint64_t seed = 42;
  int seeds = 5;
  Flags flags("doctor");
  flags.Uint64("seed", &seed);
  flags.Int("seeds", &seeds, 1);
  flags.Int("runs", &options.runs, 2, 1000);
  flags.String("guard", &options.job.guard);
  flags.Duration("watchdog", &options.job.watchdog);
  flags.KeyValues("param", &options.job.params);
  RETURN_IF_ERROR(flags.Parse(line.args));
  ASSIGN_OR_RETURN(options.job.campaign,
                   OnlyArgument(flags.positional(), "doctor", "NAME"));
  if (options.job.guard != "forbid" && options.job.guard != "virtual" &&
      options.job.guard != "off") {
    return absl::InvalidArgumentError(
        absl::StrCat("bad value --guard=", options.job.guard,
                     ": give forbid, virtual or off"));
  }
  ASSIGN_OR_RETURN(SimulationBuilder builder,
                   MakeSimulation(options.job.campaign, options.job.params));
  builder.Seeds({seed}).BaseSeed(seed);
  for (int i = 0; i < seeds; ++i) options.seeds.push_back(builder.SeedOf(i));

  Console console;
  console.Print(absl::StrCat(
      Headline("doctor", options.job.campaign, seed, options.job.params), " · ",
      Count(static_cast<uint64_t>(seeds), "seed"), " in ",
      Count(static_cast<uint64_t>(options.runs), "surrounding")));
  const absl::Time start = absl::Now();
  ASSIGN_OR_RETURN(const std::vector<DoctorFinding> findings,
                   Diagnose(options, [&console](const DoctorFinding& finding) {
                     PrintFinding(finding, console);
                   }));
  const std::string seconds =
      Seconds(absl::ToDoubleSeconds(absl::Now() - start));
  const std::string number = Count(static_cast<uint64_t>(seeds), "seed");
  console.Print(findings.empty()
                    ? absl::StrCat(console.Good("HEALTHY"), "  all of ", number,
                                   ", ", seconds)
                    : absl::StrCat(console.Bad("ILL"), "  ", findings.size(),
                                   " of ", number, ", ", seconds));
  return findings.empty() ? kExitNothingFound : kExitNondeterministic;
}

}  // namespace moonpool
