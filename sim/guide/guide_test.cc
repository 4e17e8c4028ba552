// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: every listing of sim/GUIDE.md is code that was compiled, and every
// output is what its program prints. Method: before each block of the guide a
// comment says where it comes from; each block is made anew and compared.
//
//   <!-- region: NAME in FILE -->    the lines of sim/guide/FILE between its
//                                    markers [guide:NAME] and [/guide:NAME]
//   <!-- output: TARGET -->          the command, and what the program prints
//   <!-- replay: TARGET -->          the same for the seed that failed first,
//                                    as far as the violations
//
// When it fails, refresh the guide, and read it again (its prose may refer to
// what the programs print):
//
//   bazel test //sim/guide:guide_test --strategy=TestRunner=local
//       --test_env=GUIDE_UPDATE=/tmp/GUIDE.md
//   cp /tmp/GUIDE.md sim/GUIDE.md
//
//
// Of an output are left out: the lines of GoogleTest, and wall times, which
// become "…".
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace moonpool::guide {
namespace {

constexpr char kGuide[] = "sim/GUIDE.md";

using Lines = std::vector<std::string>;

Lines LinesOf(absl::string_view text) { return absl::StrSplit(text, '\n'); }

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  std::stringstream contents;
  contents << file.rdbuf();
  return contents.str();
}

bool IsMarker(absl::string_view line) {
  return absl::StrContains(line, "[guide:") ||
         absl::StrContains(line, "[/guide:");
}

absl::StatusOr<Lines> Region(const std::string& name, const std::string& file) {
  const absl::StatusOr<std::string> text =
      ReadFile(absl::StrCat("sim/guide/", file));
  if (!text.ok()) return text.status();
  Lines region;
  bool inside = false;
  for (const std::string& line : LinesOf(*text)) {
    if (absl::StrContains(line, absl::StrCat("[guide:", name, "]"))) {
      inside = true;
    } else if (absl::StrContains(line, absl::StrCat("[/guide:", name, "]"))) {
      return region;
    } else if (inside && !IsMarker(line)) {
      region.push_back(line);
    }
  }
  return absl::NotFoundError(absl::StrCat(
      "sim/guide/", file, " has no region [guide:", name, "] with an end"));
}

bool IsGoogleTests(absl::string_view line) {
  for (const absl::string_view start :
       {"[===", "[---", "[ RUN", "[       OK", "[  PASSED", "[  FAILED",
        "Note: Google Test", "Failed"}) {
    if (absl::StartsWith(line, start)) return true;
  }
  return line.empty() || absl::EndsWith(line, ": Failure") ||
         absl::EndsWith(line, "FAILED TEST");
}

// What the program prints when its environment has these variables only.
Lines Print(const std::string& program, const std::string& variables) {
  const std::string out = absl::StrCat(testing::TempDir(), "/stdout");
  const int status =
      std::system(absl::StrCat("env -i ", variables, " sim/guide/", program,
                               " >", out, " 2>&1 </dev/null")
                      .c_str());
  Lines lines;
  // 1: it failed, and said so.
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
    lines.push_back(absl::StrCat("died with wait status ", status));
  }
  const std::regex wall_time(" simulated in [0-9.]+ s,");
  for (const std::string& line : LinesOf(ReadFile(out).value_or(""))) {
    if (IsGoogleTests(line)) continue;
    lines.push_back(std::regex_replace(line, wall_time, " simulated in … s,"));
  }
  return lines;
}

// Each program runs once.
const Lines& Output(const std::string& program, const std::string& seed = "") {
  static auto& outputs = *new std::map<std::string, Lines>();
  const std::string key = absl::StrCat(program, " ", seed);
  if (const auto at = outputs.find(key); at != outputs.end()) return at->second;
  std::string variables =
      absl::StrCat("TEST_TARGET=//sim/guide:", program,
                   " TEST_UNDECLARED_OUTPUTS_DIR=", testing::TempDir());
  if (!seed.empty()) absl::StrAppend(&variables, " MOONPOOL_SEED=", seed);
  return outputs[key] = Print(program, variables);
}

absl::StatusOr<Lines> Session(const std::string& target) {
  const bool is_test = absl::EndsWith(target, "_test");
  Lines lines = {absl::StrCat("$ bazel ", is_test ? "test" : "run",
                              " //sim/guide:", target)};
  const Lines& output = Output(target);
  lines.insert(lines.end(), output.begin(), output.end());
  return lines;
}

// The command that runs the seed again that failed first; empty: none did.
std::string Reproduction(const std::string& target) {
  const std::string before = "reproduce: ";
  for (const std::string& line : Output(target)) {
    if (absl::StartsWith(line, before)) return line.substr(before.size());
  }
  return "";
}

const Lines& OutputOf(const std::string& reproduction,
                      const std::string& target) {
  const std::string variable = "MOONPOOL_SEED=";
  return Output(target, reproduction.substr(reproduction.find(variable) +
                                            variable.size()));
}

// "seed N failed after …", and the violations.
bool IsVerdict(absl::string_view line) {
  return absl::StartsWith(line, "seed ") || absl::StartsWith(line, "  at ");
}

absl::StatusOr<Lines> Replay(const std::string& target) {
  const std::string reproduction = Reproduction(target);
  if (reproduction.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no seed of ", target, " fails:\n",
                     absl::StrJoin(Output(target), "\n")));
  }
  Lines lines = {absl::StrCat("$ ", reproduction)};
  for (const std::string& line : OutputOf(reproduction, target)) {
    if (IsVerdict(lines.back()) && !IsVerdict(line)) break;
    lines.push_back(line);
  }
  lines.push_back("…");
  return lines;
}

// What belongs into the block after this line of the guide.
absl::StatusOr<Lines> Contents(const std::string& comment) {
  static const std::regex region("<!-- region: (\\w+) in ([\\w.]+) -->");
  static const std::regex output("<!-- output: (\\w+) -->");
  static const std::regex replay("<!-- replay: (\\w+) -->");
  std::smatch match;
  if (std::regex_match(comment, match, region))
    return Region(match[1], match[2]);
  if (std::regex_match(comment, match, output)) return Session(match[1]);
  if (std::regex_match(comment, match, replay)) return Replay(match[1]);
  return absl::InvalidArgumentError(absl::StrCat(
      "a block of the guide has no comment before it that says where it comes "
      "from (see guide_test.cc), but: ",
      comment));
}

// The guide with the contents that its blocks should have.
absl::StatusOr<std::string> Refresh(const std::string& guide) {
  Lines fresh;
  bool inside = false;
  for (const std::string& line : LinesOf(guide)) {
    if (!absl::StartsWith(line, "```")) {
      if (!inside) fresh.push_back(line);
      continue;
    }
    inside = !inside;
    if (inside) {
      const absl::StatusOr<Lines> contents =
          Contents(fresh.empty() ? "" : fresh.back());
      if (!contents.ok()) return contents.status();
      fresh.push_back(line);
      fresh.insert(fresh.end(), contents->begin(), contents->end());
    } else {
      fresh.push_back(line);
    }
  }
  if (inside) return absl::InvalidArgumentError("a block has no end");
  return absl::StrJoin(fresh, "\n");
}

// The first line in which they differ.
std::string Difference(const std::string& guide, const std::string& fresh) {
  const Lines has = LinesOf(guide);
  const Lines wants = LinesOf(fresh);
  size_t i = 0;
  while (i < has.size() && i < wants.size() && has[i] == wants[i]) ++i;
  return absl::StrCat(kGuide, ":", i + 1,
                      "\n  has:  ", i < has.size() ? has[i] : "the end",
                      "\n  want: ", i < wants.size() ? wants[i] : "the end");
}

TEST(GuideTest, IsWhatTheProgramsAreAndPrint) {
  const absl::StatusOr<std::string> guide = ReadFile(kGuide);
  ASSERT_TRUE(guide.ok()) << guide.status();
  const absl::StatusOr<std::string> fresh = Refresh(*guide);
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  if (const char* const path = std::getenv("GUIDE_UPDATE"); path != nullptr) {
    std::ofstream(path, std::ios::binary) << *fresh;
    ASSERT_EQ(ReadFile(path).value_or(""), *fresh) << "cannot write " << path;
    return;
  }
  EXPECT_TRUE(*fresh == *guide)
      << Difference(*guide, *fresh)
      << "\nThe guide is out of date. Refresh it, and read it again:\n"
         "  bazel test //sim/guide:guide_test "
         "--test_env=GUIDE_UPDATE=/tmp/GUIDE.md --strategy=TestRunner=local\n"
         "  cp /tmp/GUIDE.md sim/GUIDE.md";
}

TEST(GuideTest, ListingsAndOutputsAreRepaired) {
  const absl::StatusOr<std::string> guide = ReadFile(kGuide);
  ASSERT_TRUE(guide.ok()) << guide.status();
  const absl::StatusOr<std::string> fresh = Refresh(*guide);
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  for (const absl::string_view what :
       {"co_await Serve(ctx, *client->stream);",
        "reproduce: ", "name = \"kv_test\"", "=== Simulation report ==="}) {
    const std::string stale = absl::StrReplaceAll(*fresh, {{what, "stale"}});
    ASSERT_NE(stale, *fresh) << what;
    const absl::StatusOr<std::string> repaired = Refresh(stale);
    ASSERT_TRUE(repaired.ok()) << repaired.status();
    EXPECT_EQ(*repaired, *fresh) << what;
  }
}

TEST(GuideTest, AReplayIsTheSameToTheEvent) {
  for (const std::string target : {"naive_test", "unsynced_test"}) {
    const std::string reproduction = Reproduction(target);
    ASSERT_NE(reproduction, "") << target;
    Lines first;
    for (const std::string& line : Output(target)) {
      if (IsVerdict(line)) first.push_back(line);
    }
    Lines again;
    for (const std::string& line : OutputOf(reproduction, target)) {
      if (IsVerdict(line)) again.push_back(line);
    }
    EXPECT_EQ(first.size(), 2u) << target;
    EXPECT_EQ(first, again) << target;
  }
}

TEST(GuideTest, ABlockOfUnknownOriginIsRefused) {
  EXPECT_FALSE(Refresh("text\n```cpp\nint x;\n```\n").ok());
  EXPECT_FALSE(
      Refresh("<!-- region: none in message.h -->\n```cpp\n```\n").ok());
  EXPECT_FALSE(Refresh("<!-- replay: kv_test -->\n```text\n```\n").ok());
  EXPECT_FALSE(Refresh("<!-- region: message in message.h -->\n```cpp\n").ok());
}

}  // namespace
}  // namespace moonpool::guide
