// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: every spelling of a flag is read, every wrong one is an error that
// says what to do; numbers and shell words are printed as people expect.
#include "explorer/cli/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "explorer/cli/console.h"

namespace moonpool {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Values {
  bool fast = false;
  std::string out;
  uint64_t seed = 42;
  int workers = 0;
  absl::Duration limit;
  uint64_t memory = 0;
  std::vector<uint64_t> numbers;
  std::map<std::string, std::string> params;
  std::vector<std::string> positional;
  bool seed_given = false;
  absl::Status status;
};

Values Parse(const std::vector<std::string>& args) {
  Values values;
  Flags flags("explore");
  flags.Bool("fast", &values.fast);
  flags.String("out", &values.out);
  flags.Uint64("seed", &values.seed);
  flags.Int("workers", &values.workers, 1, 100);
  flags.Duration("limit", &values.limit);
  flags.Bytes("memory", &values.memory);
  flags.Numbers("numbers", &values.numbers);
  flags.KeyValues("param", &values.params);
  values.status = flags.Parse(args);
  values.positional = flags.positional();
  values.seed_given = flags.IsGiven("seed");
  return values;
}

std::string ErrorOf(const std::vector<std::string>& args) {
  return std::string(Parse(args).status.message());
}

TEST(Flags, BytesHaveAUnit) {
  EXPECT_EQ(Parse({"--memory=3MiB"}).memory, uint64_t{3} << 20);
  EXPECT_EQ(Parse({"--memory=4GiB"}).memory, uint64_t{4} << 30);
  for (const char* bad : {"64", "0GiB", "-1MiB", "1KiB", "MiB",
                          "18446744073709551615GiB"}) {
    EXPECT_THAT(ErrorOf({absl::StrCat("--memory=", bad)}),
                HasSubstr("512MiB, 4GiB"))
        << bad;
  }
}

TEST(Flags, NumbersAreAList) {
  EXPECT_THAT(Parse({"--numbers=7"}).numbers, ElementsAre(7));
  EXPECT_THAT(Parse({"--numbers=7,3,18446744073709551615"}).numbers,
              ElementsAre(7, 3, ~uint64_t{0}));
  for (const char* bad : {"", "0", "7,", ",7", "7,0", "7 ,3", "7;3", "-1"}) {
    EXPECT_THAT(ErrorOf({absl::StrCat("--numbers=", bad)}),
                HasSubstr("100,250,4000"))
        << bad;
  }
}

TEST(Flags, EverySpellingIsRead) {
  const Values values =
      Parse({"kv", "--fast", "--out=a=b", "--seed", "18446744073709551615",
             "--workers=2", "--limit=1m30s", "--param", "a=1", "--param=b=x=y",
             "--param=c="});
  ASSERT_TRUE(values.status.ok()) << values.status;
  EXPECT_TRUE(values.fast);
  EXPECT_EQ(values.out, "a=b");
  EXPECT_EQ(values.seed, ~uint64_t{0});
  EXPECT_TRUE(values.seed_given);
  EXPECT_EQ(values.workers, 2);
  EXPECT_EQ(values.limit, absl::Seconds(90));
  EXPECT_EQ(values.params.at("a"), "1");
  EXPECT_EQ(values.params.at("b"), "x=y");
  EXPECT_EQ(values.params.at("c"), "");
  EXPECT_THAT(values.positional, ElementsAre("kv"));
}

TEST(Flags, LastOneCounts) {
  EXPECT_EQ(Parse({"--seed=1", "--seed=2"}).seed, 2u);
  EXPECT_FALSE(Parse({"--fast", "--fast=false"}).fast);
}

TEST(Flags, AbsentOnesKeepTheirDefaults) {
  EXPECT_EQ(Parse({}).seed, 42u);
  EXPECT_FALSE(Parse({}).seed_given);
}

TEST(Flags, UnknownOnesListThoseThatExist) {
  EXPECT_EQ(ErrorOf({"--sed=1"}),
            "unknown flag --sed: explore has --fast, --out, --seed, "
            "--workers, --limit, --memory, --numbers, --param");
  EXPECT_THAT(ErrorOf({"-seed=1"}), HasSubstr("unknown flag -seed"));
  EXPECT_THAT(ErrorOf({"--se"}), HasSubstr("unknown flag --se"));
}

TEST(Flags, BadValuesSayWhatToDo) {
  for (const char* arg :
       {"--seed=", "--seed=-1", "--seed=+1", "--seed=1 ", "--seed=0x1",
        "--seed=18446744073709551616", "--workers=0", "--workers=101",
        "--workers=two", "--limit=60", "--limit=0s", "--limit=-1s",
        "--limit=soon", "--fast=yes", "--out=", "--param=", "--param=a",
        "--param==a", "--param=a=\xff"}) {
    EXPECT_THAT(ErrorOf({arg}), HasSubstr(": give ")) << arg;
  }
  EXPECT_EQ(ErrorOf({"--workers=0"}),
            "bad value --workers=0: give a number from 1 to 100");
  EXPECT_EQ(ErrorOf({"--seed"}), "--seed needs a value: give --seed=VALUE");
  EXPECT_EQ(ErrorOf({"--seed", "--fast"}),
            "--seed needs a value: give --seed=VALUE");
}

TEST(Console, Numbers) {
  EXPECT_EQ(WithCommas(0), "0");
  EXPECT_EQ(WithCommas(999), "999");
  EXPECT_EQ(WithCommas(1000), "1,000");
  EXPECT_EQ(WithCommas(~uint64_t{0}), "18,446,744,073,709,551,615");
  EXPECT_EQ(Count(1, "bug"), "1 bug");
  EXPECT_EQ(Count(2000, "bug"), "2,000 bugs");
  EXPECT_EQ(Clock(absl::Seconds(7)), "00:07");
  EXPECT_EQ(Clock(absl::Seconds(3723)), "1:02:03");
  EXPECT_EQ(Seconds(4.2134), "4.213 s");
}

TEST(Console, TextIsOneSafeLine) {
  EXPECT_EQ(OneLine("a\nb\x1b[0m\xff ü"), "a\\x0ab\\x1b[0m\\xff ü");
}

TEST(Console, CoverageIsAFewLines) {
  ExplorationReport report;
  EXPECT_TRUE(CoverageLines(report).empty());
  report.set_edges(1200);
  report.set_edges_covered(340);
  for (int i = 0; i < 8; ++i) {
    ReportedFunction& function = *report.add_functions();
    function.set_name(absl::StrCat("F", i));
    function.set_edges(150);
    if (i == 0) continue;
    function.set_covered(40);
    function.set_last_timeline(i < 4 ? 1000 * i : 5);
  }
  EXPECT_THAT(
      CoverageLines(report),
      testing::ElementsAre(
          "code: 340 of 1,200 edges, 7 of 8 functions",
          "newest edges: F3 (timeline 3,000), F2 (timeline 2,000), F1 (timeline "
          "1,000), F4 (timeline 5), F5 (timeline 5)",
          "never entered: F0"));
  for (int i = 1; i < 8; ++i) report.mutable_functions(i)->set_covered(0);
  EXPECT_THAT(CoverageLines(report),
              testing::ElementsAre(
                  "code: 340 of 1,200 edges, 0 of 8 functions",
                  "never entered: F0, F1, F2, F3, F4 and 3 more; --json=FILE "
                  "has them"));
}

TEST(Console, ShellWords) {
  EXPECT_EQ(ShellQuote("tools/explore"), "tools/explore");
  EXPECT_EQ(ShellQuote("a b"), "'a b'");
  EXPECT_EQ(ShellQuote("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellQuote(""), "''");
}

TEST(Console, ThePaceIsThatOfTheLastUpdates) {
  DiscoveryPace pace;
  EXPECT_EQ(pace.Update(absl::Seconds(1), 100, 0), "none yet");
  EXPECT_EQ(pace.Update(absl::Seconds(2), 1000, 5),
            "newest 00:00 ago, 5.0 per 1,000 timelines");
  for (int second = 3; second <= 10; ++second) {
    pace.Update(absl::Seconds(second), 1000 * (second - 1), 5);
  }
  EXPECT_EQ(pace.Update(absl::Seconds(11), 10'000, 5),
            "newest 00:09 ago, 0.0 per 1,000 timelines");
  EXPECT_EQ(pace.Update(absl::Seconds(12), 10'000, 7),
            "newest 00:00 ago, 0.2 per 1,000 timelines");
}

}  // namespace
}  // namespace moonpool
