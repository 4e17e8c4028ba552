// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what the explorer refuses, it refuses in one line, with the exit code
// for it, and leaves nothing behind. Method: the binaries in a subprocess.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "explorer/cli/testing_cli.h"

namespace moonpool {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kThreaded[] = "explorer/cli/threaded_explorer";

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

}  // namespace
}  // namespace moonpool
