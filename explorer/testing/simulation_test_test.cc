// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what a person sees of a failing simulation is true: exit code, text,
// files, and the command that runs it again. Method: a program of simulations
// that fail in known ways, in a subprocess with an environment of our making.
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "explorer/recipe/recipe.h"
#include "explorer/recipe/recipe.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kProgram[] = "explorer/testing/testing_simulations";

struct Outcome {
  int exit_code = -1;
  std::string out;
};

std::string ReadFile(const std::string& path) {
  std::stringstream contents;
  contents << std::ifstream(path, std::ios::binary).rdbuf();
  return contents.str();
}

std::string Call(const std::string& command, int& exit_code) {
  const std::string out = absl::StrCat(testing::TempDir(), "/stdout");
  const int status =
      system(absl::StrCat(command, " >", out, " 2>&1 </dev/null").c_str());
  exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ReadFile(out);
}

// Runs the tests of the filter, with "NAME=value ..." in an environment that
// is otherwise empty.
Outcome RunTests(const std::string& filter, const std::string& variables = "") {
  Outcome outcome;
  outcome.out = Call(absl::StrCat("env -i ", variables, " ", kProgram,
                                  " --gtest_filter=", filter),
                     outcome.exit_code);
  return outcome;
}

// The seeds after "seed N failed".
std::vector<uint64_t> FailedSeeds(const std::string& text) {
  std::vector<uint64_t> seeds;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    uint64_t seed = 0;
    if (words.size() > 3 && words[0] == "seed" && words[2] == "failed" &&
        absl::SimpleAtoi(words[1], &seed)) {
      seeds.push_back(seed);
    }
  }
  return seeds;
}

// The first line that begins with the prefix, without it.
std::string LineAfter(const std::string& text, absl::string_view prefix) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const size_t at = line.find(prefix);
    if (at != absl::string_view::npos) {
      return std::string(line.substr(at + prefix.size()));
    }
  }
  return "";
}

TEST(SimulationTest, PassingSimulationsPassBesideOrdinaryTests) {
  const Outcome outcome = RunTests("Calm.*");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("[  PASSED  ] 2 tests."));
  EXPECT_THAT(outcome.out, HasSubstr("Calm.Passes: 5 iterations, 0 failed"));
}

TEST(SimulationTest, FailuresHaveViolationSeedTimeAndPlace) {
  const Outcome outcome = RunTests("Dice.Unlucky");
  EXPECT_EQ(outcome.exit_code, 1);
  const std::vector<uint64_t> seeds = FailedSeeds(outcome.out);
  EXPECT_GE(seeds.size(), 2u);
  EXPECT_LE(seeds.size(), 10u);
  EXPECT_THAT(outcome.out, HasSubstr("Dice.Unlucky: 40 iterations, "));
  EXPECT_THAT(outcome.out, HasSubstr("failed after 1.500000 s simulated"));
  EXPECT_THAT(outcome.out,
              HasSubstr("at 1.500000 s, event 1: ASSERT_ALWAYS: the dice are "
                        "kind"));
  EXPECT_THAT(outcome.out, HasSubstr("testing_simulations.cc:"));
  EXPECT_EQ(RunTests("Dice.Unlucky").out.size(), outcome.out.size());
}

TEST(SimulationTest, TheReproductionLineRunsTheSeedAlone) {
  const Outcome outcome = RunTests("Dice.Unlucky");
  const std::string line = LineAfter(outcome.out, "reproduce: ");
  ASSERT_THAT(line, HasSubstr("MOONPOOL_SEED="));
  Outcome again;
  again.out = Call(absl::StrCat("env -i ", line), again.exit_code);
  EXPECT_EQ(again.exit_code, 1) << line << "\n" << again.out;
  EXPECT_THAT(again.out, HasSubstr("1 iterations, 1 failed"));
  const std::vector<uint64_t> failed = FailedSeeds(again.out);
  ASSERT_THAT(failed, SizeIs(1));
  EXPECT_EQ(failed[0], FailedSeeds(outcome.out)[0]);
}

TEST(SimulationTest, UnderBazelTheLineIsBazels) {
  const Outcome outcome =
      RunTests("Dice.AlwaysUnlucky", "TEST_TARGET=//some/pkg:dice_test");
  EXPECT_EQ(LineAfter(outcome.out, "reproduce: "),
            "bazel test //some/pkg:dice_test "
            "--test_filter=Dice.AlwaysUnlucky --test_env=MOONPOOL_SEED=7");
}

TEST(SimulationTest, OnlyTenFailuresAreShownAndAllAreWritten) {
  const std::string directory =
      absl::StrCat(testing::TempDir(), "/many-outputs");
  std::filesystem::create_directory(directory);
  const Outcome outcome =
      RunTests("Dice.AlwaysUnlucky", "MOONPOOL_OUTPUT_DIR=" + directory);
  EXPECT_THAT(FailedSeeds(outcome.out), SizeIs(10));
  EXPECT_THAT(outcome.out, HasSubstr("20 more failing seeds are not shown"));
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  // A recipe and a report each; of the first one the events, as text and trace.
  EXPECT_EQ(files, 62u);
}

TEST(SimulationTest, EachFailingSeedHasARecipeAndAReport) {
  const std::string directory = absl::StrCat(testing::TempDir(), "/outputs");
  std::filesystem::create_directory(directory);
  const Outcome outcome =
      RunTests("Dice.AlwaysUnlucky",
               "MOONPOOL_SEED=7 TEST_UNDECLARED_OUTPUTS_DIR=" + directory);
  const std::string stem =
      absl::StrCat(directory, "/Dice.AlwaysUnlucky.seed-7");
  const absl::StatusOr<BugRecipe> recipe =
      ReadRecipeFile(stem + ".recipe.textproto");
  ASSERT_TRUE(recipe.ok()) << recipe.status() << outcome.out;
  EXPECT_EQ(recipe->root_seed(), 7u);
  EXPECT_EQ(recipe->campaign(), "Dice.AlwaysUnlucky");
  EXPECT_EQ(recipe->expected().message(), "the dice are kind");
  EXPECT_EQ(recipe->expected().time_ns(), 1500000000);
  EXPECT_NE(recipe->trace_hash(), 0u);
  const std::string report = ReadFile(stem + ".txt");
  EXPECT_THAT(report, HasSubstr("ASSERT_ALWAYS: the dice are kind"));
  EXPECT_THAT(report, HasSubstr("reproduce: MOONPOOL_SEED=7 "));
  EXPECT_THAT(
      outcome.out,
      HasSubstr("written: Dice.AlwaysUnlucky.seed-7.recipe.textproto and "
                ".txt in " +
                directory));
}

TEST(SimulationTest, TheFirstFailureAndEachReportTellWhatChaosDid) {
  const std::string directory = absl::StrCat(testing::TempDir(), "/chaos");
  std::filesystem::create_directory(directory);
  const Outcome outcome =
      RunTests("Dice.InChaos", "MOONPOOL_OUTPUT_DIR=" + directory);
  const std::vector<uint64_t> seeds = FailedSeeds(outcome.out);
  ASSERT_THAT(seeds, SizeIs(3));
  const size_t first = outcome.out.find("chaos mild\n");
  ASSERT_NE(first, std::string::npos);
  EXPECT_THAT(outcome.out, HasSubstr("partial I/O: "));
  EXPECT_EQ(outcome.out.find("chaos mild\n", first + 1), std::string::npos);
  for (const uint64_t seed : seeds) {
    EXPECT_THAT(
        ReadFile(absl::StrCat(directory, "/Dice.InChaos.seed-", seed, ".txt")),
        HasSubstr("chaos mild\n"));
  }
}

TEST(SimulationTest, OutputsThatCannotBeWrittenAreAFailure) {
  const Outcome outcome =
      RunTests("Dice.AlwaysUnlucky", "MOONPOOL_OUTPUT_DIR=/no/such/directory");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("/no/such/directory"));
}

TEST(SimulationTest, EachRunOfRunsPerTestHasOtherSeeds) {
  std::set<std::vector<uint64_t>> all;
  for (int run = 1; run <= 4; ++run) {
    const std::string variable = absl::StrCat("TEST_RUN_NUMBER=", run);
    const Outcome outcome = RunTests("Dice.Unlucky", variable);
    all.insert(FailedSeeds(outcome.out));
    if (run > 1) {
      EXPECT_THAT(outcome.out,
                  HasSubstr(absl::StrCat("run ", run, ", base seed ")));
    }
    EXPECT_EQ(FailedSeeds(RunTests("Dice.Unlucky", variable).out),
              FailedSeeds(outcome.out));
  }
  EXPECT_THAT(all, SizeIs(4));
  EXPECT_TRUE(all.contains(FailedSeeds(RunTests("Dice.Unlucky").out)))
      << "the first run has the builder's seeds";
  EXPECT_EQ(FailedSeeds(RunTests("Dice.Unlucky", "TEST_RANDOM_SEED=3").out),
            FailedSeeds(RunTests("Dice.Unlucky", "TEST_RUN_NUMBER=3").out));
}

TEST(SimulationTest, APinnedSeedThatIsNoNumberIsRefused) {
  const Outcome outcome = RunTests("Calm.Passes", "MOONPOOL_SEED=0x7");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("MOONPOOL_SEED=0x7 is no decimal number"));
}

TEST(SimulationTest, PartsAreTestsThatPartitionTheSeeds) {
  // The same 40 seeds as Dice.Unlucky, whole and in shards.
  const std::vector<uint64_t> whole = FailedSeeds(RunTests("Dice.Unlucky").out);
  const Outcome parts = RunTests("Dice.InParts/*");
  EXPECT_THAT(parts.out, HasSubstr("InParts/0: 14 iterations"));
  EXPECT_THAT(parts.out, HasSubstr("InParts/1: 13 iterations"));
  EXPECT_THAT(parts.out, HasSubstr("InParts/2: 13 iterations"));
  std::multiset<uint64_t> sharded;
  for (int shard = 0; shard < 3; ++shard) {
    const Outcome outcome = RunTests(
        "Dice.InParts/*",
        absl::StrCat("GTEST_TOTAL_SHARDS=3 GTEST_SHARD_INDEX=", shard));
    EXPECT_THAT(outcome.out, HasSubstr("Running 1 test from"));
    for (const uint64_t seed : FailedSeeds(outcome.out)) sharded.insert(seed);
  }
  const std::vector<uint64_t> in_parts = FailedSeeds(parts.out);
  EXPECT_EQ(sharded, std::multiset<uint64_t>(in_parts.begin(), in_parts.end()));
  // Unlucky shows ten at most.
  for (const uint64_t seed : whole) EXPECT_EQ(sharded.count(seed), 1u);
}

TEST(SimulationTest, AProgramThatDiesNamesTheSeed) {
  for (const std::string test : {"Death.ByAbort", "Death.ByTimeout"}) {
    const Outcome outcome = RunTests(test);
    // As the shell reports a signal.
    EXPECT_EQ(outcome.exit_code, test == "Death.ByAbort" ? 134 : 143);
    EXPECT_THAT(outcome.out, HasSubstr("the program dies in " + test));
    const std::string line = LineAfter(outcome.out, "reproduce: ");
    ASSERT_THAT(line, HasSubstr("MOONPOOL_SEED="));
    int exit_code = 0;
    const std::string again = Call(absl::StrCat("env -i ", line), exit_code);
    EXPECT_EQ(exit_code, outcome.exit_code) << line << "\n" << again;
    EXPECT_THAT(again, HasSubstr("reproduce: " + line));
  }
  const Outcome outside = RunTests("Death.OutsideOfASimulation");
  EXPECT_EQ(outside.exit_code, 134);
  EXPECT_THAT(outside.out, Not(HasSubstr("reproduce")));
}

TEST(SimulationTest, MissesAreWarningsUnlessTheTestSaysOtherwise) {
  const Outcome warned = RunTests("Misses.Warn");
  EXPECT_EQ(warned.exit_code, 0) << warned.out;
  EXPECT_THAT(warned.out, HasSubstr("warning: never happened: "));
  EXPECT_THAT(warned.out, HasSubstr("a shutdown comes early"));
  const Outcome failed = RunTests("Misses.Fail");
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_THAT(failed.out, Not(HasSubstr("warning: ")));
  EXPECT_THAT(failed.out, HasSubstr("never happened: "));
  EXPECT_EQ(RunTests("Misses.Fail", "MOONPOOL_SEED=1").exit_code, 0)
      << "one seed cannot reach everything";
}

}  // namespace
}  // namespace moonpool
