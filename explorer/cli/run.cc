// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// explorer run: one seed after another, in one process as long as it lives.
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "explorer/cli/cli.h"
#include "explorer/cli/commands.h"
#include "explorer/cli/console.h"
#include "explorer/cli/flags.h"
#include "explorer/cli/isolated_run.h"
#include "explorer/cli/seed_process.h"
#include "explorer/cli/trace_files.h"
#include "explorer/fault/fault.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"
#include "explorer/report/report.h"
#include "providers/base/status_macros.h"
#include "sim/trace/event_ring.h"
#include "sim/trace/event_sink.h"
#include "sim/trace/metrics.h"

namespace moonpool {
namespace {

struct RunOptions {
  std::string campaign;
  CampaignParams::Values values;
  uint64_t seed = 42;
  int iterations = 1;
  bool verbose = false;
  bool hashes = false;
  bool verify = false;
  absl::Duration watchdog = absl::Seconds(30);
  std::string json;
  TraceFiles trace;
};

absl::StatusOr<RunOptions> ParseRun(const CommandLine& line) {
  RunOptions options;
  Flags flags("run");
  flags.Uint64("seed", &options.seed);
  flags.Int("iterations", &options.iterations, 1);
  flags.KeyValues("param", &options.values);
  flags.Bool("hashes", &options.hashes);
  flags.Bool("verify", &options.verify);
  flags.Bool("verbose", &options.verbose);
  flags.Duration("watchdog", &options.watchdog);
  flags.String("json", &options.json);
  flags.String("trace", &options.trace.perfetto);
  flags.String("log", &options.trace.log);
  RETURN_IF_ERROR(flags.Parse(line.args));
  ASSIGN_OR_RETURN(options.campaign,
                   OnlyArgument(flags.positional(), "run", "NAME"));
  return options;
}

// One line a seed, the same in every process.
std::string HashLine(const IterationResult& result) {
  std::string line = absl::StrCat("seed ", result.seed, "  hash ",
                                  HashToHex(result.trace_hash), "  events ",
                                  result.events, "  draws ", result.draws);
  if (!result.violations.empty()) {
    absl::StrAppend(&line, "  ", result.violations.front().kind, ": ",
                    OneLine(result.violations.front().message));
  }
  return line;
}

// Keeps the latest events of the iteration that runs, if files want them.
class Recorder final : public IterationHooks {
 public:
  explicit Recorder(const TraceFiles& files) : files_(files) {}

  void OnPhase(const char* phase) override { fault::SetPhase(phase); }
  void OnEventsReady(EventSink& sink) override {
    if (!files_.any() || written_) return;
    ring_.Clear();
    sink.set_ring(&ring_);
  }

  // Once: of the first iteration for which this is called. Returns whether it
  // was this one.
  absl::StatusOr<bool> Write(const IterationResult& result) {
    if (!files_.any() || written_) return false;
    written_ = true;
    RETURN_IF_ERROR(files_.Write(ring_, result.simulated_ns));
    return true;
  }
  // Another process has done so.
  void set_written() { written_ = true; }
  bool has_nothing_to_write() const { return files_.any() && !written_; }

 private:
  const TraceFiles& files_;
  EventRing ring_;
  bool written_ = false;
};

class Runner {
 public:
  Runner(const CommandLine& line, const RunOptions& options)
      : line_(line), options_(options), recorder_(options.trace) {
    report_.set_command("run");
    report_.set_campaign(options.campaign);
    report_.set_seed(absl::StrCat(options.seed));
    report_.set_workers(1);
    report_.set_stopped_by("timelines");
    report_.set_build_id(BuildId());
    for (const auto& [name, value] : options.values) {
      ReportedParameter* parameter = report_.add_parameters();
      parameter->set_name(name);
      parameter->set_value(value);
    }
  }

  // Error: of --verify's other process, or of writing the trace.
  absl::StatusOr<ExplorationReport> Run(SimulationBuilder& builder) {
    AssertionTable::Get().ResetCounts();
    builder.Seeds({options_.seed}).BaseSeed(options_.seed);
    RETURN_IF_ERROR(RunSeeds(
        options_.iterations,
        {.watchdog = options_.watchdog,
         .at_once = options_.hashes || options_.verbose},
        [&](int i) { return RunSeed(builder, builder.SeedOf(i)); },
        [&](int i, SeedRun& run) {
          if (run.died) run.result.seed = builder.SeedOf(i);
          Add(run);
          return absl::OkStatus();
        }));
    const auto& entries = AssertionTable::Get().entries();
    AddAssertions(std::vector<AssertionEntry>(entries.begin(), entries.end()),
                  report_);
    report_.set_wall_seconds(absl::ToDoubleSeconds(Wall()));
    report_.set_cpu_seconds(CpuSeconds());
    return report_;
  }

  Console& console() { return console_; }
  int differing() const { return differing_; }
  const Metrics& metrics() const { return metrics_; }
  bool has_no_trace() const { return recorder_.has_nothing_to_write(); }
  int died() const { return died_; }

 private:
  absl::Duration Wall() const { return absl::Now() - start_; }
  std::string Reproduce(const std::string& recipe) const {
    return ReplayCommandFor(line_, options_.campaign, options_.values, recipe);
  }

  // In a process of its own, which may die of it.
  absl::StatusOr<SeedRun> RunSeed(SimulationBuilder& builder, uint64_t seed) {
    SeedRun run;
    if (options_.verify) {
      ASSIGN_OR_RETURN(
          run.again,
          RunIsolated(builder, seed, {}, {.watchdog = options_.watchdog}));
    }
    run.result = builder.RunIteration(seed, &recorder_);
    if (!run.result.violations.empty() || options_.iterations == 1) {
      ASSIGN_OR_RETURN(run.trace_written, recorder_.Write(run.result));
    }
    return run;
  }

  void Compare(const IterationResult& result, const TimelineOutcome& other) {
    if (other.finished() && other.trace_hash() == result.trace_hash &&
        other.events() == result.events && other.draws() == result.draws) {
      return;
    }
    ++differing_;
    console_.Print(absl::StrCat(
        console_.Bad("DIFFERS"), "  seed ", result.seed, " run twice: hash ",
        HashToHex(other.trace_hash()), " after ",
        Count(other.events(), "event"), ", then ", HashToHex(result.trace_hash),
        " after ", Count(result.events, "event"),
        "; find the place:  ", ShellQuote(line_.program), " doctor ",
        options_.campaign, " --seed=", result.seed));
  }

  void Add(const SeedRun& run) {
    const IterationResult& result = run.result;
    const int known = report_.bugs_size();
    AddIteration(result, report_);
    died_ += run.died ? 1 : 0;
    if (run.trace_written) recorder_.set_written();
    if (!run.died) result.RecordIn(metrics_);
    if (options_.hashes || options_.verbose) console_.Print(HashLine(result));
    if (report_.bugs_size() > known) {
      const ReportedBug& bug = report_.bugs(known);
      console_.PrintBug(
          static_cast<size_t>(known) + 1, bug,
          absl::StrCat("iteration ",
                       WithCommas(static_cast<uint64_t>(report_.timelines())),
                       " · ", Seconds(bug.simulated_seconds()), " simulated"),
          Reproduce(bug.recipe()));
    }
    const absl::Duration wall = Wall();
    if (run.again.has_value()) Compare(result, *run.again);
    if (options_.hashes || wall - last_status_ < absl::Seconds(1)) return;
    last_status_ = wall;
    console_.Status(
        absl::StrCat("  ", Clock(wall), "  iterations ",
                     WithCommas(static_cast<uint64_t>(report_.timelines())),
                     " of ",
                     WithCommas(static_cast<uint64_t>(options_.iterations)),
                     "  bugs ", report_.bugs_size()),
        wall);
  }

  const CommandLine& line_;
  const RunOptions& options_;
  const absl::Time start_ = absl::Now();
  absl::Duration last_status_;
  int differing_ = 0;
  int died_ = 0;
  ExplorationReport report_;
  Metrics metrics_;
  Recorder recorder_;
  Console console_;
};

}  // namespace

absl::StatusOr<int> RunCommand(const CommandLine& line) {
  ASSIGN_OR_RETURN(const RunOptions options, ParseRun(line));
  ASSIGN_OR_RETURN(SimulationBuilder builder,
                   MakeSimulation(options.campaign, options.values));
  RETURN_IF_ERROR(CheckJsonPath(options.json));
  RETURN_IF_ERROR(options.trace.Check());

  Runner runner(line, options);
  ASSIGN_OR_RETURN(const ExplorationReport report, runner.Run(builder));
  double failed = 0;
  for (const ReportedBug& bug : report.bugs()) failed += bug.timelines();
  Console& console = runner.console();
  console.EndStatus();
  console.PrintMisses(report);
  console.Print(absl::StrCat(
      options.campaign, ": ",
      Count(static_cast<uint64_t>(options.iterations), "iteration"), ", ",
      WithCommas(static_cast<uint64_t>(failed)), " failed, ",
      Count(static_cast<uint64_t>(report.bugs_size()), "distinct bug"), ", ",
      Count(static_cast<uint64_t>(report.events()), "event"), ", ",
      Seconds(report.wall_seconds())));
  const std::string runs = DescribeRuns(runner.metrics());
  for (const absl::string_view text :
       absl::StrSplit(runs, '\n', absl::SkipEmpty())) {
    console.Print(absl::StrCat("  ", text));
  }
  if (runner.has_no_trace()) {
    console.Print(runner.died() == 0
                      ? "  no trace written: no iteration failed"
                      : "  no trace written: who failed has died; replay it");
  }
  if (!options.json.empty()) {
    RETURN_IF_ERROR(WriteReportJson(options.json, report));
  }
  if (runner.differing() > 0) return kExitNondeterministic;
  return report.bugs().empty() ? kExitNothingFound : kExitViolation;
}

}  // namespace moonpool
