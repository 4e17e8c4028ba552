// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: `report` writes a page whose commands replay, and `merge` makes one
// directory of many. Method: the binaries in a subprocess.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "explorer/cli/testing_cli.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;

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

}  // namespace
}  // namespace moonpool
