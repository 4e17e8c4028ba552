// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: `explore` finds bugs that replay, for any number of workers, around a
// recipe and after an interruption. Method: the binaries in a subprocess.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "explorer/cli/testing_cli.h"
#include "explorer/recipe/recipe.h"
#include "explorer/report/report.pb.h"

namespace moonpool {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

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

}  // namespace
}  // namespace moonpool
