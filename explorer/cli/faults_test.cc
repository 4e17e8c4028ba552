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

#include "absl/strings/str_cat.h"
#include "explorer/cli/testing_cli.h"
#include "explorer/report/report.pb.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kFaults[] = "explorer/cli/testing_faults_explorer";

struct FaultCase {
  const char* way;
  const char* phase = "run";
  const char* kind;
  const char* message;  // how it begins
  // Instead, under sanitizers. nullptr: the same; "": not tested.
  const char* sanitized_kind = nullptr;
  const char* sanitized_message = "";
  int timelines = 60;
};

std::string NameOf(const testing::TestParamInfo<FaultCase>& info) {
  std::string name = info.param.phase;
  std::erase(name, '-');
  return absl::StrCat(info.param.way, "_", name);
}

int CallFaults(const std::string& arguments, const std::string& out) {
  const int status = system(
      absl::StrCat(kFaults, " ", arguments, " >", out, " 2>&1 </dev/null")
          .c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class Explored {
 public:
  Explored(const FaultCase& fault, int workers)
      : directory_(absl::StrCat(testing::TempDir(), "/", fault.way, "-",
                                fault.phase, "-", workers)) {
    std::filesystem::remove_all(directory_);
    exit_code_ = CallFaults(
        absl::StrCat("explore faults --param way=", fault.way,
                     " --param phase=", fault.phase, " --seed=1 --timelines=",
                     fault.timelines, " --workers=", workers,
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
  // Sanitized programs link libc dynamically, whose inner functions have no
  // names: the innermost function would be an address.
  if (kSanitized) GTEST_SKIP() << "the stacks of sanitized programs differ";
  const FaultCase& fault = GetParam();
  std::string kind = fault.kind;
  std::string message = fault.message;
  if (kSanitized && fault.sanitized_kind != nullptr) {
    kind = fault.sanitized_kind;
    message = fault.sanitized_message;
  }
  if (kind.empty()) GTEST_SKIP() << "not with this build";
  const Explored explored(fault, 2);
  SCOPED_TRACE(ReadFile(explored.console()));
  EXPECT_EQ(explored.exit_code(), 1);
  const ExplorationReport& report = explored.report();
  EXPECT_EQ(report.timelines(), fault.timelines);
  EXPECT_EQ(report.stopped_by(), "timelines");
  ASSERT_EQ(report.bugs_size(), 1);
  const ReportedBug& bug = report.bugs(0);
  EXPECT_EQ(bug.kind(), kind);
  EXPECT_THAT(bug.message(), StartsWith(message));
  ExpectReplays(bug, explored.File("bugs/1.textproto"));

  const std::string log = ReadFile(explored.File("bugs/1.log"));
  EXPECT_THAT(log, HasSubstr("MATCH"));
  EXPECT_THAT(log, HasSubstr(message));
  if (!message.starts_with("an exception") &&
      fault.way != std::string("SleepForever") &&
      fault.way != std::string("CallUnderscoreExit")) {
    EXPECT_THAT(log, HasSubstr("Stack, innermost function first:"));
    EXPECT_THAT(log, HasSubstr(absl::StrCat("::", fault.way, "()")));
  }
  if (fault.phase == std::string("run")) {
    EXPECT_THAT(log, HasSubstr("rolled  step=3"));
    EXPECT_THAT(log, HasSubstr(absl::StrCat("about to die by ", fault.way)));
  }
}

#define IN "moonpool::(anonymous namespace)::"

INSTANTIATE_TEST_SUITE_P(
    Signals, FaultTest,
    testing::Values(
        FaultCase{.way = "DereferenceNull",
                  .kind = "crash",
                  .message = "SIGSEGV in " IN "DereferenceNull(), phase run",
                  .sanitized_kind = "sanitizer",
                  .sanitized_message = ""},
        FaultCase{.way = "DereferenceNull",
                  .phase = "set-up",
                  .kind = "crash",
                  .message = "SIGSEGV in " IN "DereferenceNull(), phase set-up",
                  .sanitized_kind = "sanitizer",
                  .sanitized_message = ""},
        FaultCase{.way = "DereferenceNull",
                  .phase = "check",
                  .kind = "crash",
                  .message = "SIGSEGV in " IN "DereferenceNull(), phase check",
                  .sanitized_kind = "sanitizer",
                  .sanitized_message = ""},
        FaultCase{.way = "DereferenceNull",
                  .phase = "build",
                  .kind = "crash",
                  .message = "SIGSEGV in " IN "DereferenceNull(), phase b",
                  .sanitized_kind = "sanitizer",
                  .sanitized_message = ""},
        FaultCase{.way = "DereferenceNull",
                  .phase = "invariant",
                  .kind = "crash",
                  .message = "SIGSEGV in " IN "DereferenceNull(), phase",
                  .sanitized_kind = "sanitizer",
                  .sanitized_message = ""},
        FaultCase{.way = "CallNull",
                  .kind = "crash",
                  .message = "SIGSEGV in " IN "CallNull(), phase run",
                  .sanitized_kind = "sanitizer",
                  .sanitized_message = ""},
        FaultCase{.way = "RaiseBus",
                  .kind = "crash",
                  .message = "SIGBUS in " IN "RaiseBus(), phase run",
                  .sanitized_kind = "sanitizer",
                  .sanitized_message = ""},
        FaultCase{.way = "RaiseArithmetic",
                  .kind = "crash",
                  .message = "SIGFPE in " IN "RaiseArithmetic(), phase run",
                  .sanitized_kind = "sanitizer",
                  .sanitized_message = ""},
        FaultCase{.way = "IllegalInstruction",
                  .kind = "crash",
                  .message = "SIGILL in " IN "IllegalInstruction(), phase run",
                  .sanitized_kind = "sanitizer",
                  .sanitized_message = ""},
        FaultCase{.way = "CallAbort",
                  .kind = "crash",
                  .message = "SIGABRT in " IN "CallAbort(), phase run"},
        FaultCase{.way = "FreeTwice",
                  .kind = "crash",
                  .message = "SIGABRT in " IN "FreeTwice(), phase run",
                  .sanitized_kind = "sanitizer",
                  .sanitized_message = "double-free in " IN "FreeTwice()"},
        FaultCase{
            .way = "RecurseForever",
            .kind = "crash",
            .message = "stack overflow in " IN "RecurseForever(), phase run",
            .sanitized_kind = "sanitizer",
            .sanitized_message = "stack-overflow in " IN "RecurseForever()"},
        FaultCase{.way = "ThrowFromNoexcept",
                  .kind = "exception",
                  .message = "uncaught std::runtime_error in " IN
                             "ThrowFromNoexcept(), phase run"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Others, FaultTest,
    testing::Values(
        FaultCase{.way = "ThrowException",
                  .kind = "exception",
                  .message = "an exception left "},
        FaultCase{.way = "ThrowException",
                  .phase = "set-up",
                  .kind = "exception",
                  .message = "an exception left "},
        FaultCase{.way = "ThrowException",
                  .phase = "check",
                  .kind = "exception",
                  .message = "an exception left "},
        FaultCase{.way = "ThrowException",
                  .phase = "build",
                  .kind = "exception",
                  .message = "uncaught std::runtime_error in " IN
                             "ThrowException(), phase build"},
        FaultCase{.way = "CallExit",
                  .kind = "exit",
                  .message = "exit(7) in " IN "CallExit(), phase run"},
        FaultCase{.way = "CallExit",
                  .phase = "set-up",
                  .kind = "exit",
                  .message = "exit(7) in " IN "CallExit(), phase set-up"},
        FaultCase{.way = "CallExit",
                  .phase = "check",
                  .kind = "exit",
                  .message = "exit(7) in " IN "CallExit(), phase check"},
        FaultCase{.way = "CallExit",
                  .phase = "build",
                  .kind = "exit",
                  .message = "exit(7) in " IN "CallExit(), phase b"},
        FaultCase{.way = "CallUnderscoreExit",
                  .kind = "exit",
                  .message = "the process exited with code 8, phase run"},
        FaultCase{.way = "LoopForever",
                  .kind = "hang",
                  .message = "no event for too long: an endless loop in ",
                  .timelines = 12},
        FaultCase{.way = "LoopForever",
                  .phase = "set-up",
                  .kind = "hang",
                  .message = "no event for too long: an endless loop in ",
                  .timelines = 12},
        FaultCase{.way = "LoopForever",
                  .phase = "check",
                  .kind = "hang",
                  .message = "no event for too long: an endless loop in ",
                  .timelines = 12},
        FaultCase{.way = "LoopForever",
                  .phase = "build",
                  .kind = "hang",
                  .message = "no event for too long: an endless loop in ",
                  .timelines = 4},
        FaultCase{.way = "SleepForever",
                  .kind = "hang",
                  .message = "events without end, phase run",
                  .timelines = 12},
        FaultCase{.way = "GrowForever",
                  .kind = "out of memory",
                  .message = "more than the memory limit in " IN "GrowForever",
                  .sanitized_kind = ""},
        FaultCase{
            .way = "AllocateTooMuch",
            .kind = "out of memory",
            .message = "more than the memory limit in " IN "AllocateTooMuch",
            .sanitized_kind = ""},
        FaultCase{.way = "MallocForever",
                  .kind = "crash",
                  .message = "SIGABRT in " IN "MallocForever(), phase run",
                  .sanitized_kind = ""},
        FaultCase{.way = "UseAfterFree",
                  .kind = "",
                  .message = "",
                  .sanitized_kind = "sanitizer",
                  .sanitized_message = "heap-use-after-free in " IN
                                       "UseAfterFree(), phase"}),
    NameOf);

TEST(Faults, TwoCrashesAreTwoBugs) {
  std::set<std::string> first;
  for (const int workers : {1, 4}) {
    const Explored explored(
        {.way = "TwoCrashes", .kind = "crash", .message = "", .timelines = 100},
        workers);
    SCOPED_TRACE(ReadFile(explored.console()));
    EXPECT_EQ(explored.report().timelines(), 100);
    ASSERT_EQ(explored.report().bugs_size(), 2);
    std::set<std::string> seen;
    for (int i = 0; i < 2; ++i) {
      const ReportedBug& bug = explored.report().bugs(i);
      const std::string recipe =
          explored.File(absl::StrCat("bugs/", i + 1, ".textproto"));
      ExpectReplays(bug, recipe);
      seen.insert(ReadFile(recipe));
    }
    EXPECT_EQ(seen.size(), 2u);
    // Byte by byte, whatever the number of workers.
    if (!first.empty()) EXPECT_EQ(seen, first);
    first = seen;
  }
}

TEST(Faults, RunNamesSeedAndFunction) {
  const std::string out = TempPath("run.out");
  for (const char* way : {"CallAbort", "CallExit", "RaiseArithmetic"}) {
    const int exit_code = CallFaults(
        absl::StrCat("run faults --seed=1 --iterations=100 --param way=", way),
        out);
    EXPECT_EQ(exit_code, 1);
    EXPECT_THAT(ReadFile(out), HasSubstr("BUG 1  "));
    EXPECT_THAT(ReadFile(out), HasSubstr("replay --campaign=faults"));
    EXPECT_THAT(ReadFile(out), HasSubstr("phase run"));
    EXPECT_THAT(ReadFile(out), HasSubstr(absl::StrCat("in " IN, way, "()")));
    EXPECT_THAT(ReadFile(out), HasSubstr("faults: 100 iterations, "));
  }
}

}  // namespace
}  // namespace moonpool
