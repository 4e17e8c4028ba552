// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// explorer explore: sets the search going and shows what it finds.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "explorer/cli/bug_log.h"
#include "explorer/cli/cli.h"
#include "explorer/cli/commands.h"
#include "explorer/cli/console.h"
#include "explorer/cli/flags.h"
#include "explorer/directory/log.pb.h"
#include "explorer/directory/search_log.h"
#include "explorer/recipe/atomic_file.h"
#include "explorer/recipe/recipe.h"
#include "explorer/report/report.h"
#include "explorer/search/explore.h"
#include "explorer/shared/cores.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

constexpr absl::Duration kDefaultTimeLimit = absl::Seconds(60);
// A log of more work than this is not overwritten without being asked.
constexpr absl::Duration kPreciousLog = absl::Seconds(100);

// The directory of an exploration. Until it is kept, its destructor removes
// what it has made.
class OutDirectory {
 public:
  explicit OutDirectory(std::string path) : path_(std::move(path)) {}
  OutDirectory(const OutDirectory&) = delete;
  ~OutDirectory() {
    for (; !made_.empty(); made_.pop_back()) rmdir(made_.back().c_str());
  }

  absl::Status Create() {
    while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
    const std::string bugs = path_ + "/bugs";
    for (size_t end = 1; end <= bugs.size(); ++end) {
      if (end < bugs.size() && bugs[end] != '/') continue;
      const std::string directory = bugs.substr(0, end);
      if (mkdir(directory.c_str(), 0777) == 0) {
        made_.push_back(directory);
        continue;
      }
      struct stat found;
      if (stat(directory.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) {
        continue;
      }
      const int error = errno == EEXIST ? ENOTDIR : errno;
      return absl::InvalidArgumentError(
          absl::StrCat("cannot write --out=", path_, ": ", directory, ": ",
                       strerror(error), "; give a writable directory"));
    }
    RemoveLeftovers(path_);
    RemoveLeftovers(bugs);
    return CheckWritable(bugs + "/1.textproto");
  }
  void Keep() { made_.clear(); }
  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const {
    return absl::StrCat(path_, "/", name);
  }

 private:
  std::string path_;
  std::vector<std::string> made_;
};

struct ExploreArguments {
  ExploreOptions options;
  std::string out;
  std::string json;
  bool replace = false;
};

// Whether a search may begin its log anew in this place.
absl::Status CheckReplaceable(const std::string& log) {
  if (access(log.c_str(), F_OK) != 0) return absl::OkStatus();
  double wall_seconds = 0;
  SearchLogVisitor visitor;
  visitor.batch = [&wall_seconds](const LoggedBatch& batch) {
    wall_seconds = batch.wall_seconds();
    return absl::OkStatus();
  };
  ReadSearchLog(log, visitor).status().IgnoreError();  // of what is intact
  if (absl::Seconds(wall_seconds) <= kPreciousLog) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      log, " holds ", Seconds(wall_seconds),
      " of search: go on with --resume, give another --out, or --replace it"));
}

// A recipe, or a file with one; that one's parameters are the search's, unless
// others are given.
absl::StatusOr<BugRecipe> ReadAround(const std::string& around,
                                     ExploreOptions& options) {
  BugRecipe recipe;
  const absl::StatusOr<TextRecipe> text = ParseRecipe(around);
  if (text.ok()) {
    recipe.set_campaign(options.campaign);
    recipe.set_root_seed(text->root_seed);
    SetSegments(text->breakpoints, recipe);
    for (const auto& [name, value] : options.parameters) {
      CampaignParameter& parameter = *recipe.add_parameters();
      parameter.set_name(name);
      parameter.set_value(value);
    }
    return recipe;
  }
  // What looks like a recipe is not the name of a file.
  if (absl::StrContains(around, '@') && access(around.c_str(), F_OK) != 0) {
    return text.status();
  }
  ASSIGN_OR_RETURN(recipe, ReadRecipeFile(around));
  if (recipe.campaign() == options.campaign && options.parameters.empty()) {
    for (const CampaignParameter& parameter : recipe.parameters()) {
      options.parameters[parameter.name()] = parameter.value();
    }
  }
  return recipe;
}

absl::StatusOr<ExploreArguments> ParseExplore(const CommandLine& line) {
  ExploreArguments arguments;
  ExploreOptions& options = arguments.options;
  std::string around;
  Flags flags("explore");
  flags.Uint64("seed", &options.seed);
  flags.Uint64("timelines", &options.timelines);
  flags.Int("workers", &options.workers, 1, 4096);
  flags.Duration("time_limit", &options.time_limit);
  flags.Bool("stop_on_first_bug", &options.stop_on_first_bug);
  flags.String("out", &arguments.out);
  flags.Bool("resume", &options.resume);
  flags.Bool("replace", &arguments.replace);
  flags.KeyValues("param", &options.parameters);
  flags.String("policy", &options.policy);
  flags.Bool("edges", &options.edges);
  flags.Int("lag", &options.lag, 1, 1 << 16);
  flags.Int("max_checkpoints", &options.max_checkpoints, 1, 1 << 16);
  flags.Numbers("split_at", &options.split_at);
  flags.Uint64("split_every", &options.split_every);
  flags.String("around", &around);
  flags.String("snapshot", &options.snapshot);
  flags.Duration("watchdog", &options.watchdog);
  flags.Bytes("memory_limit", &options.memory_limit);
  flags.String("json", &arguments.json);
  RETURN_IF_ERROR(flags.Parse(line.args));
  ASSIGN_OR_RETURN(options.campaign,
                   OnlyArgument(flags.positional(), "explore", "NAME"));
  if (flags.IsGiven("timelines") && options.timelines == 0) {
    return absl::InvalidArgumentError(
        "bad value --timelines=0: give 1 or more, or leave it out");
  }
  if (flags.IsGiven("split_every") && options.split_every == 0) {
    return absl::InvalidArgumentError(
        "bad value --split_every=0: give 1 or more, or leave it out");
  }
  if (!around.empty()) {
    ASSIGN_OR_RETURN(options.around, ReadAround(around, options));
  }
  if (!flags.IsGiven("timelines") && !flags.IsGiven("time_limit")) {
    options.time_limit = kDefaultTimeLimit;
  }
  if (!flags.IsGiven("workers")) options.workers = explorer::CoreCount();
  if (arguments.out.empty()) {
    arguments.out =
        absl::StrCat("campaigns/", options.campaign, "-", options.seed,
                     around.empty() ? "" : "-around");
  }
  return arguments;
}

// What is written about each of the first bugs, from a run of its own.
constexpr size_t kMaxLogs = 50;

absl::Status WriteLogs(const ExploreOptions& options,
                       const ExploreResult& result, const OutDirectory& out,
                       const std::string& program, Console& console) {
  const size_t count = std::min(result.bugs.size(), kMaxLogs);
  if (count == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(SimulationBuilder builder,
                   MakeSimulation(options.campaign, options.parameters));
  for (size_t i = 0; i < count; ++i) {
    const Bug& bug = result.bugs[i];
    ASSIGN_OR_RETURN(
        const std::string text,
        MakeBugLog(builder, bug.recipe,
                   {.watchdog = options.watchdog,
                    .memory_limit = options.memory_limit},
                   absl::StrCat(ShellQuote(program), " replay ",
                                ShellQuote(out.File(BugRecipeFile(
                                    bug.number))))));
    RETURN_IF_ERROR(
        WriteFileAtomically(out.File(BugLogFile(bug.number)), text));
  }
  console.Print(absl::StrCat(
      "stacks, last events and output:  ", out.File(BugLogFile(1)),
      count == 1 ? "" : absl::StrCat(" to ", count, ".log")));
  return absl::OkStatus();
}

// Writes and shows bugs as they are found.
class BugReporter {
 public:
  BugReporter(const CommandLine& line, const OutDirectory& out,
              Console& console)
      : line_(line), out_(out), console_(console) {}

  void Add(const Bug& found) {
    const std::string path = out_.File(BugRecipeFile(found.number));
    const absl::Status written = Write(found);

    ReportedBug bug;
    const ExpectedViolation& violation = found.recipe.expected();
    bug.set_kind(violation.kind());
    bug.set_message(OneLine(violation.message()));
    bug.set_details(OneLine(violation.details()));
    console_.PrintBug(
        found.number, bug,
        absl::StrCat(
            "after ", Count(found.first_timeline, "timeline"), " · recipe ",
            Count(static_cast<uint64_t>(found.recipe.segments_size()), "split"),
            " · ", Seconds(static_cast<double>(violation.time_ns()) / 1e9),
            " simulated"),
        written.ok()
            ? absl::StrCat(ShellQuote(line_.program), " replay ",
                           ShellQuote(path))
            : ReplayCommandFor(line_, found.recipe.campaign(), ValuesOf(found),
                               FormatRecipe(found.recipe)));
  }
  // A shorter recipe has come.
  absl::Status Write(const Bug& found) {
    const absl::Status written =
        WriteRecipeFile(out_.File(BugRecipeFile(found.number)), found.recipe);
    // The search goes on: other bugs may fit where this one did not.
    if (!written.ok() && status_.ok()) status_ = written;
    return written;
  }
  const absl::Status& status() const { return status_; }

 private:
  static CampaignParams::Values ValuesOf(const Bug& found) {
    CampaignParams::Values values;
    for (const CampaignParameter& parameter : found.recipe.parameters()) {
      values[parameter.name()] = parameter.value();
    }
    return values;
  }

  const CommandLine& line_;
  const OutDirectory& out_;
  Console& console_;
  absl::Status status_;
};

std::string StatusLine(const ExploreProgress& progress, DiscoveryPace& pace) {
  const double seconds = absl::ToDoubleSeconds(progress.wall);
  const double rate =
      seconds > 0 ? static_cast<double>(progress.timelines) / seconds : 0;
  return absl::StrCat("  ", Clock(progress.wall), "  timelines ",
                      WithCommas(progress.timelines), " (",
                      WithCommas(static_cast<uint64_t>(rate)),
                      "/s)  discoveries ", WithCommas(progress.discoveries),
                      " (",
                      pace.Update(progress.wall, progress.timelines,
                                  progress.discoveries),
                      ")  checkpoints ", WithCommas(progress.checkpoints),
                      "  bugs ", WithCommas(progress.bugs));
}

}  // namespace

absl::StatusOr<int> ExploreCommand(const CommandLine& line) {
  ASSIGN_OR_RETURN(ExploreArguments arguments, ParseExplore(line));
  ExploreOptions& options = arguments.options;
  RETURN_IF_ERROR(
      MakeSimulation(options.campaign, options.parameters).status());
  RETURN_IF_ERROR(CheckJsonPath(arguments.json));
  OutDirectory out(arguments.out);
  RETURN_IF_ERROR(out.Create());
  options.log = SearchLogFile(out.path());
  if (!options.resume && !arguments.replace) {
    RETURN_IF_ERROR(CheckReplaceable(options.log));
  }

  Console console;
  BugReporter bugs(line, out, console);
  options.build_id = BuildId();
  options.on_bug = [&bugs](const Bug& bug) { bugs.Add(bug); };
  options.on_shorter_recipe = [&bugs](const Bug& bug) {
    bugs.Write(bug).IgnoreError();  // status() tells
  };
  DiscoveryPace pace;
  options.on_progress = [&](const ExploreProgress& progress) {
    console.Status(StatusLine(progress, pace), progress.wall);
  };
  console.Print(absl::StrCat(
      Headline("exploring", options.campaign, options.seed, options.parameters),
      " · ", Count(static_cast<uint64_t>(options.workers), "worker")));
  if (options.around.has_value()) {
    console.Print(absl::StrCat("around ", FormatRecipe(*options.around)));
    const std::string& build = options.around->build_id();
    if (!build.empty() && build != options.build_id) {
      console.Print(
          "  it was found with another build of this program and may lead "
          "elsewhere by now");
    }
  }
  absl::StatusOr<ExploreResult> result = Explore(options);
  console.EndStatus();
  if (!result.ok()) return result.status();
  out.Keep();

  if (options.resume) {
    console.Print(absl::StrCat("resumed after ",
                               Count(result->restored_timelines, "timeline")));
  }
  const ExplorationReport report = ReportOfExplore(options, *result);
  console.PrintMisses(report);
  for (const std::string& text : CoverageLines(report)) console.Print(text);
  if (result->discoveries_dropped > 0) {
    console.Print(absl::StrCat(
        WithCommas(result->discoveries_dropped),
        " discoveries were not recorded, as a table was full: report fewer "
        "distinct marks (see the limits in explorer/README.md)"));
  }
  console.Print(absl::StrCat(
      options.campaign, ": ", Count(result->timelines, "timeline"), ", ",
      WithCommas(result->discoveries),
      result->discoveries == 1 ? " discovery, " : " discoveries, ",
      Count(result->bugs.size(), "bug"), ", ", Seconds(result->wall_seconds),
      ", stopped by ", result->stopped_by));
  if (!arguments.json.empty()) {
    RETURN_IF_ERROR(WriteReportJson(arguments.json, report));
  }
  const absl::Status logged =
      WriteLogs(options, *result, out, line.program, console);
  if (!logged.ok()) return absl::InternalError(logged.message());
  if (!bugs.status().ok()) {
    return absl::InternalError(bugs.status().message());
  }
  return result->bugs.empty() ? kExitNothingFound : kExitViolation;
}

}  // namespace moonpool
