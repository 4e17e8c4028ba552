// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The doctor and a dozen planted leaks, each in a process of its own; all are
// examined at once, for the doctor waits between its runs.
#include <sys/wait.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kExplorer[] = "explorer/explorer";
constexpr char kLeaking[] = "explorer/doctor/leaking_explorer";

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

struct Outcome {
  int exit_code = -1;
  std::string out;
};

class Process {
 public:
  explicit Process(const std::string& command)
      : pipe_(popen(
            absl::StrCat("USER=caller LC_ALL=C ", command, " 2>&1").c_str(),
            "r")) {}
  Outcome Wait() {
    Outcome outcome;
    char buffer[4096];
    while (const size_t size = fread(buffer, 1, sizeof(buffer), pipe_)) {
      outcome.out.append(buffer, size);
    }
    const int status = pclose(pipe_);
    if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
    return outcome;
  }

 private:
  FILE* pipe_;
};

std::map<std::string, Outcome> Examine(const std::vector<std::string>& leaks,
                                       const std::string& flags) {
  std::map<std::string, Process> processes;
  for (const std::string& leak : leaks) {
    processes.emplace(leak,
                      absl::StrCat(kLeaking, " doctor leaks --seeds=2 --param ",
                                   "leak=", leak, " ", flags));
  }
  std::map<std::string, Outcome> outcomes;
  for (auto& [leak, process] : processes) outcomes[leak] = process.Wait();
  return outcomes;
}

TEST(Doctor, FindsEveryPlantedLeakAndItsEvent) {
  std::map<std::string, Outcome> outcomes =
      Examine({"none", "pointer_map", "uninitialised", "clock", "thread",
               "rand", "environment", "pid", "directory", "hash_salt",
               "static_init", "locale", "address_log", "std_clock"},
              "");
  EXPECT_EQ(outcomes["none"].exit_code, 0) << outcomes["none"].out;
  EXPECT_THAT(outcomes["none"].out, HasSubstr("HEALTHY"));
  outcomes.erase("none");
#ifdef SANITIZED
  // The arena, whose layout varies, is off, and the sanitizer's heap lies at
  // fixed addresses.
  outcomes.erase("address_log");
  outcomes.erase("pointer_map");
  outcomes.erase("hash_salt");
#endif
  for (const auto& [leak, outcome] : outcomes) {
    SCOPED_TRACE(leak);
    EXPECT_EQ(outcome.exit_code, 4) << outcome.out;
    EXPECT_THAT(outcome.out, HasSubstr("event 4, 0.040 s simulated"));
    EXPECT_THAT(outcome.out, HasSubstr("ILL"));
  }
  for (const char* leak : {"thread", "rand", "std_clock"}) {
    EXPECT_THAT(outcomes[leak].out, HasSubstr("FORBIDDEN")) << leak;
    EXPECT_THAT(outcomes[leak].out, HasSubstr(" is called by moonpool::"));
  }
  for (const char* leak : {"uninitialised", "clock", "environment", "pid",
                           "directory", "static_init", "locale"}) {
    SCOPED_TRACE(leak);
    EXPECT_THAT(outcomes[leak].out,
                AllOf(HasSubstr("DIFFERS"), HasSubstr("trace hash: "),
                      HasSubstr("random draw"), HasSubstr("Patient::Run")));
  }
  if (outcomes.count("address_log") == 0) return;
  EXPECT_THAT(outcomes["address_log"].out,
              AllOf(HasSubstr("DIFFERS"), HasSubstr("what the runs wrote: "),
                    HasSubstr("opened 0x")));
}

TEST(Doctor, WhatTheGuardAnswersIsNoDifference) {
  for (const auto& [leak, outcome] :
       Examine({"rand", "std_clock"}, "--guard=virtual")) {
    EXPECT_EQ(outcome.exit_code, 0) << leak << outcome.out;
  }
  const Outcome real = Examine({"std_clock"}, "--guard=off")["std_clock"];
  EXPECT_EQ(real.exit_code, 4) << real.out;
  EXPECT_THAT(real.out, HasSubstr("DIFFERS"));
}

TEST(Doctor, OurOwnCampaignsAreHealthy) {
  std::vector<Process> processes;
  for (const char* campaign : {"kv", "maze", "dungeon"}) {
    processes.emplace_back(
        absl::StrCat(kExplorer, " doctor ", campaign, " --seeds=3 --runs=3"));
  }
  for (Process& process : processes) {
    const Outcome outcome = process.Wait();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  }
}

TEST(Doctor, RefusesBadUsage) {
  for (const char* arguments :
       {"doctor", "doctor nothing", "doctor leaks --guard=maybe",
        "doctor leaks --seeds=0", "doctor leaks --runs=1"}) {
    const Outcome outcome =
        Process(absl::StrCat(kLeaking, " ", arguments)).Wait();
    EXPECT_EQ(outcome.exit_code, 2) << outcome.out;
  }
}

TEST(Run, VerifyComparesTwoRunsOfEachSeed) {
  const std::string run =
      absl::StrCat(kLeaking, " run leaks --iterations=3 --verify");
  const Outcome healthy = Process(run).Wait();
  EXPECT_EQ(healthy.exit_code, 0) << healthy.out;
  EXPECT_THAT(healthy.out, Not(HasSubstr("DIFFERS")));
  const Outcome ill = Process(absl::StrCat(run, " --param leak=clock")).Wait();
  EXPECT_EQ(ill.exit_code, 4) << ill.out;
  EXPECT_THAT(ill.out, AllOf(HasSubstr("DIFFERS  seed 42"),
                             HasSubstr("doctor leaks --seed=42")));
}

}  // namespace
