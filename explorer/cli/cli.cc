// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/cli/cli.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explorer/cli/commands.h"
#include "explorer/cli/console.h"
#include "explorer/cli/flags.h"
#include "explorer/doctor/child.h"
#include "explorer/recipe/atomic_file.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/table.h"
#include "sim/core/host.h"

namespace moonpool {
namespace {

constexpr char kHelp[] = R"(usage: explorer COMMAND ...

  list [NAME]        the campaigns, or one with its parameters
  run NAME           simulate one seed after another
      --seed=S --iterations=N --hashes --verify --watchdog=30s
      --log=FILE --trace=FILE    the events of the first seed that fails, or of
                                 the only one: text, and for ui.perfetto.dev
  explore NAME       search the tree of a campaign's futures for bugs
      --seed=S --timelines=N --time_limit=60s --workers=W
      --stop_on_first_bug --out=DIR --resume --replace
      --policy=NAME --lag=N --max_checkpoints=N --watchdog=30s
      --snapshot=auto|fork|rewind
      --around=RECIPE      begin with a recipe, or a file with one, and branch
                           off all along its way
      --split_at=COUNT,... --split_every=COUNT    branch off at these numbers of
                           draws, too
  replay FILE        run a recipe again and compare
      --any_build --watchdog=30s
      --log=FILE --trace=FILE    the events as text, and for ui.perfetto.dev
  replay --campaign=NAME --recipe="SEED: count@seed -> count@seed"

  doctor NAME        run each seed in differing surroundings and compare
      --seed=S --seeds=N --runs=N --guard=forbid|virtual|off --watchdog=30s

  merge DIR... --out=DIR    the results of many searches as one
  report DIR         a campaign's directory as one HTML page, DIR/report.html
      --out=FILE

  run, explore and replay take --json=FILE; a campaign's parameters are given
  as --param key=value (replay: only with --campaign).

Exit codes: 0 nothing found, 1 a violation was found (replay: reproduced),
2 bad usage or bad input, 3 the engine failed (also: a replay diverged),
4 two runs of one seed differ (doctor, run --verify).
)";

constexpr char kVerbs[] =
    "use list, run, explore, replay, doctor, merge or report; --help explains "
    "them";

int Fail(const absl::Status& status, int code) {
  fprintf(stderr, "explorer: %s\n",
          OneLine(std::string(status.message())).c_str());
  return code;
}

int CodeOf(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ||
                 absl::IsDataLoss(status)
             ? kExitUsage
             : kExitEngine;
}

absl::StatusOr<int> Dispatch(const std::string& verb, const CommandLine& line) {
  if (verb == "list") return ListCommand(line);
  if (verb == "run") return RunCommand(line);
  if (verb == "explore") return ExploreCommand(line);
  if (verb == "replay") return ReplayCommand(line);
  if (verb == "doctor") return DoctorCommand(line);
  if (verb == "merge") return MergeCommand(line);
  if (verb == "report") return ReportCommand(line);
  return absl::InvalidArgumentError(
      absl::StrCat("unknown command ", verb, ": ", kVerbs));
}

}  // namespace

absl::StatusOr<int> ListCommand(const CommandLine& line) {
  Flags flags("list");
  RETURN_IF_ERROR(flags.Parse(line.args));
  if (flags.positional().empty()) {
    size_t width = 0;
    for (const auto& [name, campaign] : Campaigns()) {
      width = std::max(width, name.size());
    }
    for (const auto& [name, campaign] : Campaigns()) {
      printf("%-*s  %s\n", static_cast<int>(width), name.c_str(),
             campaign.description.c_str());
    }
    return kExitNothingFound;
  }
  ASSIGN_OR_RETURN(const std::string name,
                   OnlyArgument(flags.positional(), "list", "NAME"));
  ASSIGN_OR_RETURN(const Campaign* campaign, FindCampaign(name));
  const CampaignParams params({});
  RETURN_IF_ERROR(BuildCampaign(*campaign, params));
  printf("%s  %s\n", name.c_str(), campaign->description.c_str());
  for (const CampaignParams::Declaration& declared : params.declarations()) {
    printf("  --param %s=%s  (%s) %s\n", declared.name.c_str(),
           declared.default_value.c_str(), declared.type.c_str(),
           declared.help.c_str());
  }
  if (params.declarations().empty()) printf("  no parameters\n");
  return kExitNothingFound;
}

absl::StatusOr<SimulationBuilder> MakeSimulation(
    absl::string_view campaign, const CampaignParams::Values& values) {
  ASSIGN_OR_RETURN(const Campaign* found, FindCampaign(campaign));
  for (const std::string& error : AssertionTable::Get().ContractErrors()) {
    return absl::InvalidArgumentError(error);
  }
  return BuildCampaign(*found, CampaignParams(values));
}

absl::StatusOr<std::string> OnlyArgument(const std::vector<std::string>& args,
                                         absl::string_view command,
                                         absl::string_view what) {
  if (args.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(command, " needs ", what, ": give ", command, " ", what));
  }
  if (args.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "unexpected argument ", args[1], ": ", command, " takes one ", what));
  }
  return args.front();
}

absl::Status CheckJsonPath(const std::string& path) {
  return path.empty() ? absl::OkStatus() : CheckWritable(path);
}

std::string ReplayCommandFor(const CommandLine& line,
                             absl::string_view campaign,
                             const CampaignParams::Values& values,
                             absl::string_view recipe) {
  std::string command =
      absl::StrCat(ShellQuote(line.program), " replay --campaign=", campaign);
  for (const auto& [name, value] : values) {
    absl::StrAppend(&command,
                    " --param=", ShellQuote(absl::StrCat(name, "=", value)));
  }
  return absl::StrCat(command, " --recipe=\"", recipe, "\"");
}

std::string Headline(absl::string_view verb, absl::string_view campaign,
                     uint64_t seed, const CampaignParams::Values& values) {
  std::string headline = absl::StrCat(verb, " ", campaign, " · seed ", seed);
  for (const auto& [name, value] : values) {
    absl::StrAppend(&headline, " · ", OneLine(absl::StrCat(name, "=", value)));
  }
  return headline;
}

double CpuSeconds() {
  double seconds = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    struct rusage usage;
    getrusage(who, &usage);
    for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
      seconds += static_cast<double>(time.tv_sec) +
                 static_cast<double>(time.tv_usec) / 1e6;
    }
  }
  return seconds;
}

int ExplorerMain(int argc, char** argv) {
  // A run of the doctor has the surroundings that the doctor gave it.
  if (IsDoctorRun(argc, argv)) return DoctorRunMain(argc, argv);
  FixAddresses(argv);
  const absl::Status threads = CheckSingleThreaded();
  if (!threads.ok()) return Fail(threads, kExitEngine);

  CommandLine line;
  const char* program = getenv("MOONPOOL_COMMAND");  // a wrapper's own name
  line.program = program != nullptr ? program : argc > 0 ? argv[0] : "explorer";
  if (argc < 2) {
    return Fail(
        absl::InvalidArgumentError(absl::StrCat("no command: ", kVerbs)),
        kExitUsage);
  }
  const std::string verb = argv[1];
  line.args.assign(argv + 2, argv + argc);
  const bool wants_help =
      verb == "help" || verb == "-h" || verb == "--help" ||
      std::count(line.args.begin(), line.args.end(), "--help") > 0;
  if (wants_help) {
    fputs(kHelp, stdout);
    return kExitNothingFound;
  }
  const absl::StatusOr<int> code = Dispatch(verb, line);
  if (!code.ok()) return Fail(code.status(), CodeOf(code.status()));
  return *code;
}

}  // namespace moonpool
