// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: `replay` tells what it met: the violation, another one, or nothing.
// Method: the binaries in a subprocess.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "explorer/cli/testing_cli.h"
#include "explorer/recipe/recipe.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;

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

TEST(ReplayVerb, NothingFoundIsZero) {
  const Outcome outcome =
      Call(kTesting, "replay --campaign=fails --param=at=99 --recipe=1");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("NOTHING"));
}

}  // namespace
}  // namespace moonpool
