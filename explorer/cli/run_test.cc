// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: `run` simulates each seed alike in any process, and reports what failed
// and how to reproduce it. Method: the binaries in a subprocess.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "explorer/cli/testing_cli.h"
#include "explorer/report/report.pb.h"

namespace moonpool {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(RunVerb, HashesAreTheSameInTwoProcesses) {
  const Outcome one =
      Call(kExplorer, "run kv --seed=7 --iterations=20 --hashes");
  const Outcome two =
      Call(kExplorer, "run kv --seed=7 --iterations=20 --hashes");
  const auto hashes = [](const std::string& text) {
    std::istringstream lines(text);
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("seed ")) kept += line + "\n";
    }
    return kept;
  };
  EXPECT_THAT(hashes(one.out), StartsWith("seed 7  hash "));
  EXPECT_THAT(one.out, Not(HasSubstr("maze")));  // another's assertions
  EXPECT_GT(std::count(one.out.begin(), one.out.end(), '\n'), 20);
  EXPECT_EQ(hashes(one.out), hashes(two.out));
}

TEST(RunVerb, ReportsWhatItFoundAndHowToReproduceIt) {
  const std::string json = TempPath("run.json");
  const Outcome outcome =
      Call(kTesting,
           absl::StrCat("run fails --seed=1 --iterations=50 --json=", json));
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("no six at the unlucky step"));
  const ExplorationReport report = ReadReport(json);
  EXPECT_EQ(report.timelines(), 50);
  ASSERT_EQ(report.bugs_size(), 1);
  const Outcome replay =
      Call(kTesting, absl::StrCat("replay --campaign=fails --recipe=",
                                  report.bugs(0).recipe()));
  EXPECT_EQ(replay.exit_code, 1) << replay.out << replay.err;
  EXPECT_THAT(replay.out, HasSubstr("VIOLATION  reproduced"));
}

// Of the line that begins with "BUG 1" … "reproduce: … --recipe=SEED".
std::string SeedOfBug(const Outcome& outcome) {
  const size_t at = outcome.out.find("--recipe=");
  EXPECT_NE(at, std::string::npos) << outcome.out;
  const std::string rest = outcome.out.substr(at + 9);
  const size_t begin = rest.find_first_of("0123456789");
  const size_t end = rest.find_first_not_of("0123456789", begin);
  return rest.substr(begin, end - begin);
}

TEST(RunVerb, WritesTheEventsOfTheFirstSeedThatFails) {
  const std::string trace = TempPath("run.pftrace");
  const std::string log = TempPath("run.log");
  const Outcome ran = Call(
      kExplorer, absl::StrCat("run kv --seed=7 --iterations=20 --trace=", trace,
                              " --log=", log));
  ASSERT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  // The same as a replay of that seed, but for its stop at the violation.
  const std::string seed = SeedOfBug(ran);
  const std::string again = TempPath("replay.log");
  ASSERT_EQ(Call(kExplorer, absl::StrCat("replay --campaign=kv --recipe=", seed,
                                         " --log=", again))
                .exit_code,
            1);
  const std::string replayed = ReadFile(again);
  EXPECT_THAT(replayed, HasSubstr("10.0.1.1  boot\n"));
  EXPECT_THAT(ReadFile(log), StartsWith(replayed));
  EXPECT_THAT(ReadFile(trace), HasSubstr("10.0.1.1"));
}

TEST(RunVerb, WritesTheEventsOfTheOnlySeed) {
  const std::string trace = FreshDirectory("one.pftrace");
  const std::string log = FreshDirectory("one.log");
  const std::string files = absl::StrCat(" --trace=", trace, " --log=", log);
  const std::string durable = "run kv --param durable=true --seed=7";
  const Outcome many =
      Call(kExplorer, absl::StrCat(durable, " --iterations=2", files));
  EXPECT_EQ(many.exit_code, 0) << many.out << many.err;
  EXPECT_THAT(many.out, HasSubstr("no trace written: no iteration failed"));
  EXPECT_FALSE(std::filesystem::exists(trace));
  EXPECT_FALSE(std::filesystem::exists(log));
  const Outcome one = Call(kExplorer, absl::StrCat(durable, files));
  EXPECT_EQ(one.exit_code, 0) << one.out << one.err;
  EXPECT_THAT(one.out, Not(HasSubstr("no trace")));
  EXPECT_THAT(ReadFile(log), HasSubstr("10.0.1.1  boot\n"));
  EXPECT_THAT(ReadFile(trace), HasSubstr("10.0.1.1"));
}

TEST(RunVerb, ShowsWhatTheRunsTook) {
  const Outcome outcome =
      Call(kExplorer, "run kv --param durable=true --seed=7 --iterations=3");
  EXPECT_THAT(outcome.out,
              ContainsRegex("  a run: [1-9][0-9]* / [0-9]+ / [0-9]+ events, "
                            "[0-9.]+ / [0-9.]+ / [0-9.]+ s simulated"));
  EXPECT_THAT(outcome.out,
              ContainsRegex("  [1-9][0-9]* bytes sent, [1-9][0-9]* written, "
                            "[1-9][0-9]* fsyncs, [0-9]+ faults; at most "));
}

TEST(RunVerb, NothingFoundIsZero) {
  const Outcome outcome =
      Call(kTesting, "run fails --param at=99 --iterations=5");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
}

// Seeds that end their process are failures among others.
TEST(RunVerb, CrashesExitsAndHangsAreFailuresOfTheirSeeds) {
  const struct {
    const char* campaign;
    int iterations;
    const char* kind;
  } kCases[] = {{"crashes", 100, kSanitized ? "sanitizer" : "crash"},
                {"exits", 100, "exit"},
                {"hangs", 12, "hang"}};
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.campaign);
    const std::string json = TempPath("deaths.json");
    const Outcome outcome = Call(
        kTesting,
        absl::StrCat("run ", test.campaign, " --seed=1 --watchdog=300ms",
                     " --iterations=", test.iterations, " --json=", json));
    EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr(absl::StrCat("BUG 1  ", test.kind)));
    const ExplorationReport report = ReadReport(json);
    EXPECT_EQ(report.timelines(), test.iterations);
    ASSERT_EQ(report.bugs_size(), 1) << outcome.out;
    EXPECT_EQ(report.bugs(0).kind(), test.kind);
    // A six, where all else goes well.
    EXPECT_GE(report.bugs(0).timelines(), 1);
    EXPECT_LT(report.bugs(0).timelines(), test.iterations / 2);
    const Outcome replay =
        Call(kTesting, absl::StrCat("replay --campaign=", test.campaign,
                                    " --watchdog=300ms --recipe=",
                                    SeedOfBug(outcome)));
    EXPECT_EQ(replay.exit_code, 1) << replay.out << replay.err;
    EXPECT_THAT(replay.out, HasSubstr(test.kind));
  }
}

TEST(RunVerb, SeedsBehindADeathAreWhatTheyWouldBeWithoutIt) {
  const auto hashes = [](const std::string& text) {
    std::map<std::string, std::string> of_seed;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("seed ")) continue;
      of_seed[line.substr(0, line.find("  "))] = line;
    }
    return of_seed;
  };
  const char* flags = " --seed=1 --iterations=60 --hashes";
  const auto crashed =
      hashes(Call(kTesting, absl::StrCat("run crashes", flags)).out);
  const auto healthy = hashes(
      Call(kTesting, absl::StrCat("run crashes --param at=99", flags)).out);
  ASSERT_EQ(crashed.size(), 60u);
  ASSERT_EQ(healthy.size(), 60u);
  int same = 0;
  int died = 0;
  for (const auto& [seed, line] : crashed) {
    (line == healthy.at(seed) ? same : died) += 1;
  }
  EXPECT_GT(died, 0);
  EXPECT_GT(same, 30);
  EXPECT_EQ(same + died, 60);
}

}  // namespace
}  // namespace moonpool
