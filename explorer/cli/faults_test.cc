// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: whatever the code under test does to its process, in whatever phase,
// is a bug of its own that names the function, replays to the same identity
// and has a log; the search goes on to its end. Method: the binary in a
// subprocess, once for each way to die.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "explorer/cli/testing_cli.h"
#include "explorer/report/report.pb.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kFaults[] = "explorer/cli/testing_faults_explorer";

// A way to die, and what the bug is called: in its message, $F is the function
// of that name and $P the phase.
struct Way {
  const char* name;
  const char* kind;
  const char* message;  // how it begins
  std::vector<const char*> phases = {"run"};
  enum Builds { kAll, kPlain, kSanitizers } builds = kAll;
  bool has_stack = true;
  const char* says = "";  // on stderr, besides
  int timelines = 60;
};

const std::vector<const char*> kPhases = {"run", "set-up", "check", "build"};

const Way kWays[] = {
    {.name = "DereferenceNull",
     .kind = "crash",
     .message = "SIGSEGV in $F, phase $P",
     .phases = {"run", "set-up", "check", "build", "invariant"},
     .says = kSanitized ? "ERROR: AddressSanitizer: SEGV on" : ""},
    {"CallNull", "crash", "SIGSEGV in $F, phase $P"},
    {"RaiseBus", "crash", "SIGBUS in $F, phase $P"},
    {"RaiseArithmetic", "crash", "SIGFPE in $F, phase $P"},
    {"IllegalInstruction", "crash", "SIGILL in $F, phase $P"},
    {"CallAbort", "crash", "SIGABRT in $F, phase $P"},
    {"RecurseForever", "crash", "stack overflow in $F, phase $P"},
    {.name = "FreeTwice",
     .kind = kSanitized ? "sanitizer" : "crash",
     .message = kSanitized ? "double-free in $F, phase $P"
                           : "SIGABRT in $F, phase $P"},
    {"ThrowFromNoexcept", "exception",
     "uncaught std::runtime_error in $F, phase $P"},
    {.name = "ThrowException",
     .kind = "exception",
     .message = "an exception left ",
     .phases = {"run", "set-up", "check"},
     .has_stack = false},
    {.name = "ThrowException",
     .kind = "exception",
     .message = "uncaught std::runtime_error in $F, phase $P",
     .phases = {"build"}},
    {"CallExit", "exit", "exit(7) in $F, phase $P", kPhases},
    {.name = "CallUnderscoreExit",
     .kind = "exit",
     .message = "the process exited with code 8, phase $P",
     .has_stack = false},
    {.name = "LoopForever",
     .kind = "hang",
     .message = "no event for too long: an endless loop in ",
     .phases = kPhases,
     .timelines = 12},
    {.name = "SleepForever",
     .kind = "hang",
     .message = "events without end, phase $P",
     .has_stack = false,
     .timelines = 12},
    {"WriteToTheExplorer",
     "wild write",
     "a write to the explorer's memory in $F, phase $P",
     {"run", "set-up", "check"}},
    // Sanitizers do not limit memory.
    {.name = "GrowForever",
     .kind = "out of memory",
     .message = "more than the memory limit in $F",
     .builds = Way::kPlain},
    {.name = "AllocateTooMuch",
     .kind = "out of memory",
     .message = "more than the memory limit in $F",
     .builds = Way::kPlain},
    {.name = "MallocForever",
     .kind = "crash",
     .message = "SIGABRT in $F, phase $P",
     .builds = Way::kPlain},
    // What only sanitizers see.
    {.name = "UseAfterFree",
     .kind = "sanitizer",
     .message = "heap-use-after-free in $F, phase $P",
     .phases = kPhases,
     .builds = Way::kSanitizers,
     .says = "ERROR: AddressSanitizer: heap-use-after-free on"},
    {.name = "WriteBeyondTheEnd",
     .kind = "sanitizer",
     .message = "heap-buffer-overflow in $F, phase $P",
     .builds = Way::kSanitizers,
     .says = "ERROR: AddressSanitizer: heap-buffer-overflow on"},
    {.name = "OverflowAnInt",
     .kind = "sanitizer",
     .message = "undefined behaviour: add_overflow in $F, phase $P",
     .builds = Way::kSanitizers,
     .says = "runtime error: signed integer overflow"},
    {.name = "ShiftTooFar",
     .kind = "sanitizer",
     .message = "undefined behaviour: shift_out_of_bounds in $F, phase $P",
     .builds = Way::kSanitizers,
     .says = "runtime error: shift exponent"},
};

struct FaultCase {
  const Way* way;
  std::string phase;
};

// Those of this build.
std::vector<FaultCase> Cases() {
  std::vector<FaultCase> cases;
  for (const Way& way : kWays) {
    if (way.builds == (kSanitized ? Way::kPlain : Way::kSanitizers)) continue;
    for (const char* phase : way.phases) cases.push_back({&way, phase});
  }
  return cases;
}

std::string NameOf(const testing::TestParamInfo<FaultCase>& info) {
  std::string name = info.param.phase;
  std::erase(name, '-');
  return absl::StrCat(info.param.way->name, "_", name);
}

std::string MessageOf(const FaultCase& fault) {
  return absl::StrReplaceAll(
      fault.way->message,
      {{"$F", absl::StrCat("moonpool::(anonymous namespace)::", fault.way->name,
                           "()")},
       // The invariant breaks early.
       {"$P", fault.phase == "invariant" ? "set-up" : fault.phase}});
}

int CallFaults(const std::string& arguments, const std::string& out) {
  const int status = system(
      absl::StrCat(kFaults, " ", arguments, " >", out, " 2>&1 </dev/null")
          .c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class Explored {
 public:
  struct Options {
    std::string way;
    std::string phase = "run";
    int timelines = 60;
    int workers = 2;
  };
  explicit Explored(const Options& options)
      : directory_(absl::StrCat(testing::TempDir(), "/", options.way, "-",
                                options.phase, "-", options.workers)) {
    std::filesystem::remove_all(directory_);
    exit_code_ = CallFaults(
        absl::StrCat("explore faults --param way=", options.way,
                     " --param phase=", options.phase, " --seed=1 --timelines=",
                     options.timelines, " --workers=", options.workers,
                     " --watchdog=1s --memory_limit=64MiB --out=", directory_,
                     " --json=", json()),
        console());
    report_ = ReadReport(json());
  }
  int exit_code() const { return exit_code_; }
  const ExplorationReport& report() const { return report_; }
  std::string File(const std::string& name) const {
    return absl::StrCat(directory_, "/", name);
  }
  std::string json() const { return directory_ + ".json"; }
  std::string console() const { return directory_ + ".out"; }

 private:
  const std::string directory_;
  int exit_code_;
  ExplorationReport report_;
};

void ExpectReplays(const ReportedBug& bug, const std::string& recipe) {
  const std::string json = TempPath("replay.json");
  const std::string out = TempPath("replay.out");
  EXPECT_EQ(CallFaults(absl::StrCat(
                           "replay ", recipe,
                           " --watchdog=1s --memory_limit=64MiB --json=", json),
                       out),
            1);
  const ExplorationReport again = ReadReport(json);
  EXPECT_EQ(again.replay().verdict(), "MATCH") << ReadFile(out);
  ASSERT_GE(again.bugs_size(), 1);
  EXPECT_EQ(again.bugs(0).identity(), bug.identity());
}

class FaultTest : public testing::TestWithParam<FaultCase> {};

TEST_P(FaultTest, IsABugThatReplaysAndTheSearchGoesOn) {
  const FaultCase& fault = GetParam();
  const Way& way = *fault.way;
  const std::string message = MessageOf(fault);
  const Explored explored(
      {.way = way.name, .phase = fault.phase, .timelines = way.timelines});
  SCOPED_TRACE(ReadFile(explored.console()));
  EXPECT_EQ(explored.exit_code(), 1);
  const ExplorationReport& report = explored.report();
  EXPECT_EQ(report.timelines(), way.timelines);
  EXPECT_EQ(report.stopped_by(), "timelines");
  ASSERT_EQ(report.bugs_size(), 1);
  const ReportedBug& bug = report.bugs(0);
  EXPECT_EQ(bug.kind(), way.kind);
  EXPECT_THAT(bug.message(), StartsWith(message));
  ExpectReplays(bug, explored.File("bugs/1.textproto"));

  const std::string log = ReadFile(explored.File("bugs/1.log"));
  EXPECT_THAT(log, HasSubstr("MATCH"));
  EXPECT_THAT(log, HasSubstr(message));
  EXPECT_THAT(log, HasSubstr(way.says));
  if (way.has_stack) {
    EXPECT_THAT(log, HasSubstr("Stack, innermost function first:"));
    EXPECT_THAT(log, HasSubstr(absl::StrCat("::", way.name, "()")));
  }
  if (fault.phase == "run") {
    EXPECT_THAT(log, HasSubstr("rolled  step=3"));
    EXPECT_THAT(log, HasSubstr(absl::StrCat("about to die by ", way.name)));
  }
}

INSTANTIATE_TEST_SUITE_P(EveryWay, FaultTest, testing::ValuesIn(Cases()),
                         NameOf);

// Each death replays to its own identity, whatever the number of workers.
void ExpectBugs(const std::string& way, int bugs) {
  std::set<std::string> first;
  for (const int workers : {1, 4}) {
    const Explored explored({.way = way, .timelines = 100, .workers = workers});
    SCOPED_TRACE(ReadFile(explored.console()));
    EXPECT_EQ(explored.report().timelines(), 100);
    ASSERT_EQ(explored.report().bugs_size(), bugs);
    std::set<std::string> seen;
    for (int i = 0; i < bugs; ++i) {
      const ReportedBug& bug = explored.report().bugs(i);
      const std::string recipe =
          explored.File(absl::StrCat("bugs/", i + 1, ".textproto"));
      ExpectReplays(bug, recipe);
      seen.insert(ReadFile(recipe));
    }
    EXPECT_EQ(seen.size(), static_cast<size_t>(bugs));
    // Byte by byte.
    if (!first.empty()) EXPECT_EQ(seen, first);
    first = seen;
  }
}

TEST(Faults, TwoCrashesAreTwoBugs) { ExpectBugs("TwoCrashes", 2); }

#if __has_feature(address_sanitizer)
TEST(Faults, FourReportsAreFourBugs) { ExpectBugs("FourReports", 4); }
#endif

// A sanitizer's report is the same bug in a run as in a search.
TEST(Faults, RunMeansTheSameBugs) {
  const std::string way = kSanitized ? "UseAfterFree" : "CallAbort";
  const Explored explored({.way = way});
  ASSERT_EQ(explored.report().bugs_size(), 1);
  const std::string json = TempPath("run.json");
  const std::string out = TempPath("run.out");
  EXPECT_EQ(CallFaults(
                absl::StrCat("run faults --seed=5 --iterations=60 --param way=",
                             way, " --json=", json),
                out),
            1);
  const ExplorationReport run = ReadReport(json);
  ASSERT_EQ(run.bugs_size(), 1) << ReadFile(out);
  EXPECT_EQ(run.bugs(0).identity(), explored.report().bugs(0).identity());
}

TEST(Faults, RunNamesSeedAndFunction) {
  const std::string out = TempPath("run.out");
  for (const char* way :
       {"CallAbort", "CallExit", "RaiseArithmetic", "WriteToTheExplorer"}) {
    const int exit_code = CallFaults(
        absl::StrCat("run faults --seed=1 --iterations=100 --param way=", way),
        out);
    EXPECT_EQ(exit_code, 1);
    EXPECT_THAT(ReadFile(out), HasSubstr("BUG 1  "));
    EXPECT_THAT(ReadFile(out), HasSubstr("replay --campaign=faults"));
    EXPECT_THAT(ReadFile(out),
                HasSubstr(absl::StrCat("::", way, "(), phase run")));
    EXPECT_THAT(ReadFile(out), HasSubstr("faults: 100 iterations, "));
  }
}

}  // namespace
}  // namespace moonpool
