// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the explorer keeps its word to the shell: exit codes, one-line errors,
// files whole or absent, replays that match. Method: the binaries in a
// subprocess.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "explorer/recipe/recipe.h"
#include "explorer/report/report.pb.h"
#include "google/protobuf/util/json_util.h"

namespace moonpool {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kExplorer[] = "explorer/explorer";
constexpr char kTesting[] = "explorer/cli/testing_explorer";
constexpr char kThreaded[] = "explorer/cli/threaded_explorer";

struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string err;
};

std::string ReadFile(const std::string& path) {
  std::stringstream contents;
  contents << std::ifstream(path, std::ios::binary).rdbuf();
  return contents.str();
}

std::string TempPath(const std::string& name) {
  return absl::StrCat(testing::TempDir(), "/", name);
}

// The arguments are written as for a shell.
Outcome Call(const std::string& binary, const std::string& arguments) {
  const std::string out = TempPath("stdout");
  const std::string err = TempPath("stderr");
  const int status = system(
      absl::StrCat(binary, " ", arguments, " >", out, " 2>", err, " </dev/null")
          .c_str());
  Outcome outcome;
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome.out = ReadFile(out);
  outcome.err = ReadFile(err);
  return outcome;
}

void ExpectRefused(const std::string& arguments, const std::string& error) {
  SCOPED_TRACE(arguments);
  const Outcome outcome = Call(kExplorer, arguments);
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(StartsWith("explorer: "), HasSubstr(error),
                                 EndsWith("\n")));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1)
      << outcome.err;
}

ExplorationReport ReadReport(const std::string& path) {
  ExplorationReport report;
  EXPECT_TRUE(
      google::protobuf::util::JsonStringToMessage(ReadFile(path), &report).ok())
      << ReadFile(path);
  return report;
}

#if defined(__has_feature) && __has_feature(address_sanitizer)
constexpr bool kSanitized = true;  // it sees SIGSEGV first
#else
constexpr bool kSanitized = false;
#endif

// A fresh path, whatever an earlier run has left.
std::string FreshDirectory(const std::string& name) {
  const std::string path = TempPath(name);
  std::filesystem::remove_all(path);
  return path;
}

TEST(BadInput, Usage) {
  ExpectRefused("", "use list, run, explore, replay, doctor, merge or report");
  ExpectRefused("find kv", "unknown command find");
  ExpectRefused("run", "run needs NAME");
  ExpectRefused("run kv maze", "unexpected argument maze");
  ExpectRefused("explore kv --time_limt=1s", "unknown flag --time_limt");
  ExpectRefused("list --json=x", "unknown flag --json");
  ExpectRefused("run kv --iterations=0", "give a number from 1");
  ExpectRefused("run kv --seed=abc", "give a decimal number");
  ExpectRefused("explore kv --workers=0", "give a number from 1");
  ExpectRefused("explore kv --timelines=0", "give 1 or more");
  ExpectRefused("explore kv --time_limit=60", "with a unit");
  ExpectRefused("explore kv --split_at=10,0", "give positive numbers");
  ExpectRefused("explore kv --split_every=0", "give 1 or more");
  ExpectRefused("explore kv --around=1:2@x", "its seed");
  ExpectRefused("explore kv --around=nothing.textproto",
                "cannot read recipe file nothing.textproto");
}

TEST(BadInput, Campaigns) {
  for (const char* arguments :
       {"list nothing", "run nothing", "explore nothing",
        "replay --campaign=nothing --recipe=1"}) {
    ExpectRefused(arguments, "decoy, dungeon, gossip, kv");
  }
  for (const char* verb :
       {"run kv", "explore kv", "replay --campaign=kv --recipe=1"}) {
    ExpectRefused(absl::StrCat(verb, " --param durabel=true"),
                  "unknown parameter durabel");
    ExpectRefused(absl::StrCat(verb, " --param durable=maybe"),
                  "give true or false");
    ExpectRefused(absl::StrCat(verb, " --param durable"), "key=value");
  }
}

TEST(BadInput, TextRecipes) {
  ExpectRefused("replay", "give replay FILE, or replay --campaign=NAME");
  ExpectRefused("replay --campaign=kv", "give replay FILE");
  ExpectRefused("replay --recipe=1", "give replay FILE");
  ExpectRefused("replay --campaign=kv --recipe='1: 2@3 -> x'",
                "malformed recipe: segment 2");
  ExpectRefused("replay --campaign=kv --recipe=-1", "malformed recipe");
}

TEST(BadInput, RecipeFiles) {
  const std::string directory = "testdata/recipes/";
  ExpectRefused("replay no/such/file", "No such file");
  ExpectRefused("replay /", "Is a directory");
  for (const auto& entry :
       std::filesystem::directory_iterator(directory + "bad")) {
    ExpectRefused(absl::StrCat("replay ", entry.path().string()),
                  entry.path().filename().string());
  }
  ExpectRefused(absl::StrCat("replay ", directory, "bad/version2.textproto"),
                "schema version 2, this program reads version 1");
  ExpectRefused(absl::StrCat("replay ", directory, "good/full.textproto"),
                "found by another build (0123456789abcdef");
  ExpectRefused(
      absl::StrCat("replay ", directory, "good/full.textproto --campaign=kv"),
      "give one or the other");
}

TEST(BadInput, UnwritablePathsLeaveNothingBehind) {
  ExpectRefused("explore kv --timelines=1 --out=/proc/nothing",
                "give a writable directory");
  const std::string file = TempPath("a_file");
  std::ofstream(file) << "x";
  ExpectRefused(absl::StrCat("explore kv --timelines=1 --out=", file),
                "give a writable directory");
  ExpectRefused("run kv --json=/no/such/directory/x.json", "cannot write");
  ExpectRefused("run kv --trace=/no/such/directory/x", "cannot write");
  ExpectRefused("run kv --log=/no/such/directory/x", "cannot write");
  ExpectRefused("replay --campaign=kv --recipe=42 --log=/no/such/directory/x",
                "cannot write");
  const std::string out = FreshDirectory("bad_policy");
  ExpectRefused(
      absl::StrCat("explore kv --timelines=1 --policy=magic --out=", out),
      "magic");
  EXPECT_FALSE(std::filesystem::exists(out));
  ExpectRefused(absl::StrCat("explore kv --timelines=1 --out=", out,
                             " --json=/no/such/directory/x.json"),
                "cannot write");
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(BadInput, MoreThanOneThread) {
  for (const char* arguments : {"run fails", "explore fails --timelines=1"}) {
    const Outcome outcome = Call(kThreaded, arguments);
    EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("2 threads"));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
  }
}

TEST(List, ShowsCampaignsAndParameters) {
  const Outcome all = Call(kExplorer, "list");
  EXPECT_EQ(all.exit_code, 0);
  EXPECT_THAT(all.out,
              AllOf(HasSubstr("dungeon"), HasSubstr("kv"), HasSubstr("maze")));
  const Outcome kv = Call(kExplorer, "list kv");
  EXPECT_EQ(kv.exit_code, 0);
  EXPECT_THAT(kv.out, HasSubstr("--param durable=false  (bool)"));
}

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
  const auto healthy =
      hashes(Call(kTesting, absl::StrCat("run crashes --param at=99", flags)).out);
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

// Explores, expects a bug, and replays it twice in new processes.
void ExploreAndReplay(const std::string& binary, const std::string& campaign,
                      const std::string& flags, const std::string& match) {
  const std::string out = FreshDirectory(campaign);
  const std::string json = TempPath(campaign + ".json");
  const Outcome explored =
      Call(binary,
           absl::StrCat("explore ", campaign, " ", flags,
                        " --stop_on_first_bug --out=", out, " --json=", json));
  ASSERT_EQ(explored.exit_code, 1) << explored.out << explored.err;
  EXPECT_THAT(
      explored.out,
      AllOf(HasSubstr("BUG 1"),
            HasSubstr(absl::StrCat("replay ", out, "/bugs/1.textproto"))));
  const ExplorationReport report = ReadReport(json);
  EXPECT_EQ(report.stopped_by(), "first_bug");
  ASSERT_GE(report.bugs_size(), 1);
  const std::string file = absl::StrCat(out, "/", report.bugs(0).recipe_file());
  for (int i = 0; i < 2; ++i) {
    const Outcome replayed = Call(
        binary, absl::StrCat("replay ", file, " --watchdog=2s --json=", json));
    EXPECT_EQ(replayed.exit_code, 1) << replayed.out << replayed.err;
    EXPECT_THAT(replayed.out, HasSubstr(match));
    const ExplorationReport again = ReadReport(json);
    EXPECT_EQ(again.replay().verdict(), "MATCH");
    ASSERT_GE(again.bugs_size(), 1);
    EXPECT_EQ(again.bugs(0).identity(), report.bugs(0).identity());
    EXPECT_EQ(again.bugs(0).recipe(), report.bugs(0).recipe());
  }
}

TEST(ExploreVerb, KvBugReplays) {
  ExploreAndReplay(kExplorer, "kv", "--seed=1 --workers=2 --time_limit=60s",
                   "MATCH  same violation, same trace hash ");
}

TEST(ExploreVerb, SearchesAroundARecipe) {
  const std::string from = FreshDirectory("around_from");
  const Outcome found = Call(
      kExplorer, absl::StrCat("explore kv --param durable=false --seed=1 "
                              "--timelines=2000 --stop_on_first_bug --out=",
                              from));
  ASSERT_EQ(found.exit_code, 1) << found.out << found.err;
  const std::string file = from + "/bugs/1.textproto";
  const std::string out = FreshDirectory("around");
  // The recipe's parameters are the search's, and its bug is found at once.
  const Outcome around = Call(
      kExplorer, absl::StrCat("explore --around=", file, " kv --timelines=20 ",
                              "--split_every=500 --out=", out));
  EXPECT_EQ(around.exit_code, 1) << around.out << around.err;
  EXPECT_THAT(around.out, AllOf(HasSubstr("durable=false"),
                                HasSubstr("\naround "),
                                HasSubstr("after 1 timeline ")));
  const auto expected = [](const std::string& path) {
    const absl::StatusOr<BugRecipe> recipe = ReadRecipeFile(path);
    EXPECT_TRUE(recipe.ok()) << recipe.status();
    return recipe.ok() ? recipe->expected().identity() : 0;
  };
  EXPECT_EQ(expected(out + "/bugs/1.textproto"), expected(file));
  const Outcome replayed =
      Call(kExplorer, absl::StrCat("replay ", out, "/bugs/1.textproto"));
  EXPECT_THAT(replayed.out, HasSubstr("MATCH"));
  // Other parameters, and another campaign.
  ExpectRefused(absl::StrCat("explore kv --param durable=true --around=", file,
                             " --out=", out, "2"),
                "with other parameters");
  ExpectRefused(
      absl::StrCat("explore maze --around=", file, " --out=", out, "2"),
      "one of campaign 'kv'");
  // Going on without the recipe is another search.
  ExpectRefused(absl::StrCat("explore kv --param durable=false --timelines=30 ",
                             "--split_every=500 --resume --out=", out),
                "recipe to search around");
}

TEST(ExploreVerb, SearchesAroundARecipeGivenAsText) {
  const std::string out = FreshDirectory("around_text");
  const Outcome around = Call(
      kExplorer,
      absl::StrCat("explore maze '--around=7: 20@3 -> 5@4' --split_at=9,4 ",
                   "--timelines=20 --out=", out));
  EXPECT_EQ(around.exit_code, 0) << around.out << around.err;
  EXPECT_THAT(around.out, HasSubstr("\naround 7: 20@3 -> 5@4\n"));
}

TEST(ReplayVerb, TellsWhatBefellTheMachines) {
  const Outcome replayed =
      Call(kExplorer, "replay --campaign=kv --recipe=42");
  EXPECT_EQ(replayed.exit_code, 1) << replayed.out << replayed.err;
  // The store dies with its process: the crash comes before the empty read.
  const size_t boot = replayed.out.find("10.0.1.1  boot");
  const size_t crash = replayed.out.find("  crash\n");
  const size_t failed = replayed.out.find("ASSERT_ALWAYS failed");
  ASSERT_NE(boot, std::string::npos) << replayed.out;
  ASSERT_NE(failed, std::string::npos) << replayed.out;
  EXPECT_LT(boot, crash);
  EXPECT_LT(crash, failed);
}

TEST(ExploreVerb, MazeBugReplays) {
  ExploreAndReplay(kExplorer, "maze", "--seed=3 --timelines=20000",
                   "MATCH  same violation, same trace hash ");
}

TEST(ExploreVerb, EveryKindOfDeathIsABugThatReplays) {
  for (const char* campaign : {"fails", "crashes", "exits", "hangs"}) {
    SCOPED_TRACE(campaign);
    ExploreAndReplay(kTesting, campaign,
                     "--seed=1 --timelines=2000 --watchdog=2s",
                     "MATCH  same violation");
  }
}

TEST(ExploreVerb, ReportIsTheSameForAnyNumberOfWorkers) {
  std::vector<ExplorationReport> reports;
  std::vector<std::string> recipes;
  for (const char* workers : {"1", "2"}) {
    const std::string out = FreshDirectory(absl::StrCat("workers", workers));
    const std::string json = TempPath("workers.json");
    const Outcome outcome =
        Call(kTesting, absl::StrCat("explore fails --seed=5 --timelines=300 ",
                                    "--workers=", workers, " --out=", out,
                                    " --json=", json));
    ASSERT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
    ExplorationReport report = ReadReport(json);
    report.clear_workers();
    report.clear_forks();
    report.clear_wall_seconds();
    report.clear_cpu_seconds();
    reports.push_back(report);
    recipes.push_back(ReadFile(out + "/bugs/1.textproto"));
  }
  EXPECT_EQ(reports[0].DebugString(), reports[1].DebugString());
  EXPECT_THAT(recipes[0], Not(testing::IsEmpty()));
  EXPECT_EQ(recipes[0], recipes[1]);
}

TEST(ExploreVerb, ResumesWhereItsLogEnds) {
  const std::string out = FreshDirectory("resume");
  const std::string json = TempPath("resume.json");
  const std::string command =
      absl::StrCat("explore fails --seed=5 --out=", out, " --json=", json);
  auto explore = [&](absl::string_view flags) {
    return Call(kTesting, absl::StrCat(command, " ", flags));
  };
  ASSERT_EQ(explore("--timelines=300").exit_code, 1);
  const std::string tree_hash = ReadReport(json).tree_hash();
  const std::string recipe = ReadFile(out + "/bugs/1.textproto");

  explore("--timelines=100");
  EXPECT_NE(ReadReport(json).tree_hash(), tree_hash);
  const Outcome resumed = explore("--timelines=300 --resume");
  EXPECT_EQ(resumed.exit_code, 1) << resumed.err;
  EXPECT_THAT(resumed.out, HasSubstr("resumed after 100 timelines"));
  EXPECT_EQ(ReadReport(json).timelines(), 300);
  EXPECT_EQ(ReadReport(json).tree_hash(), tree_hash);
  EXPECT_EQ(ReadFile(out + "/bugs/1.textproto"), recipe);

  const Outcome other = explore("--timelines=300 --resume --lag=3");
  EXPECT_EQ(other.exit_code, 2) << other.err;
  EXPECT_THAT(other.err, HasSubstr("another search"));
}

TEST(ReplayVerb, ChangedRecipeDiverges) {
  const std::string out = FreshDirectory("diverge");
  ASSERT_EQ(Call(kTesting, absl::StrCat("explore fails --seed=1 ",
                                        "--timelines=2000 --stop_on_first_bug ",
                                        "--out=", out))
                .exit_code,
            1);
  const std::string path = out + "/bugs/1.textproto";
  absl::StatusOr<BugRecipe> recipe = ReadRecipeFile(path);
  ASSERT_TRUE(recipe.ok());
  recipe->set_root_seed(recipe->root_seed() + 1);
  ASSERT_TRUE(WriteRecipeFile(path, *recipe).ok());
  const Outcome diverged = Call(kTesting, absl::StrCat("replay ", path));
  EXPECT_EQ(diverged.exit_code, 3) << diverged.out;
  EXPECT_THAT(diverged.out, HasSubstr("DIVERGED at draw "));

  recipe->set_build_id("0000000000000000");
  ASSERT_TRUE(WriteRecipeFile(path, *recipe).ok());
  EXPECT_EQ(Call(kTesting, absl::StrCat("replay ", path)).exit_code, 2);
  EXPECT_EQ(
      Call(kTesting, absl::StrCat("replay ", path, " --any_build")).exit_code,
      3);
}

TEST(ReportVerb, WritesAPageWhoseCommandsReplay) {
  const std::string out = FreshDirectory("reported");
  ASSERT_EQ(
      Call(kTesting, absl::StrCat("explore fails --stop_on_first_bug "
                                  "--timelines=2000 --out=",
                                  out))
          .exit_code,
      1);
  const Outcome outcome = Call(kTesting, absl::StrCat("report ", out, "/"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const std::string page = ReadFile(out + "/report.html");
  EXPECT_THAT(outcome.out, HasSubstr(absl::StrCat(out, "/report.html: ")));
  EXPECT_THAT(page, HasSubstr("no six at the unlucky step"));
  EXPECT_THAT(page, HasSubstr(absl::StrCat("replay ", out,
                                           "/bugs/1.textproto</code>")));
  // Without the recipe's file, by its text.
  ASSERT_TRUE(std::filesystem::remove(out + "/bugs/1.textproto"));
  const std::string other = TempPath("other.html");
  EXPECT_EQ(Call(kTesting, absl::StrCat("report ", out, " --out=", other))
                .exit_code,
            0);
  EXPECT_THAT(ReadFile(other),
              HasSubstr("replay --campaign=fails --recipe=&quot;"));
}

TEST(ReportVerb, BadInputIsSaid) {
  ExpectRefused("report", "report needs DIR");
  ExpectRefused("report /nowhere", "neither search.log nor merged.parts");
  const std::string out = FreshDirectory("unreportable");
  Call(kTesting, absl::StrCat("explore fails --timelines=9 --out=", out));
  EXPECT_EQ(
      Call(kTesting, absl::StrCat("report ", out, " --out=/nowhere/x.html"))
          .exit_code,
      2);
}

TEST(MergeVerb, MakesOneOfMany) {
  const std::string merged = FreshDirectory("merged");
  std::string inputs;
  for (const char* seed : {"1", "2"}) {
    const std::string out = FreshDirectory(absl::StrCat("seed", seed));
    Call(kTesting, absl::StrCat("explore fails --timelines=50 --seed=", seed,
                                " --out=", out));
    absl::StrAppend(&inputs, " ", out);
  }
  const Outcome outcome =
      Call(kTesting, absl::StrCat("merge", inputs, " --out=", merged));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("2 searches, 100 timelines, 1 bug"));
  EXPECT_EQ(
      Call(kTesting, absl::StrCat("replay ", merged, "/bugs/1.textproto"))
          .exit_code,
      1);
  EXPECT_EQ(Call(kTesting, absl::StrCat("report ", merged)).exit_code, 0);
  EXPECT_THAT(ReadFile(merged + "/report.html"),
              HasSubstr("2 searches, merged"));
}

TEST(MergeVerb, BadInputIsSaid) {
  ExpectRefused("merge --out=x", "merge needs DIR");
  ExpectRefused("merge x", "merge needs --out=DIR");
  ExpectRefused("merge /nowhere --out=x", "neither search.log");
}

TEST(ReplayVerb, NothingFoundIsZero) {
  const Outcome outcome =
      Call(kTesting, "replay --campaign=fails --param=at=99 --recipe=1");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("NOTHING"));
}

}  // namespace
}  // namespace moonpool
