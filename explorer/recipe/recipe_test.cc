// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a recipe survives being written and read, and nothing else is taken
// for one. Method: examples, the corpora of testdata/recipes, and mutations of
// them with fixed seeds.
#include "explorer/recipe/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "explorer/recipe/atomic_file.h"
#include "explorer/fault/fault.h"
#include "explorer/recipe/outcome.h"
#include "providers/base/hash.h"

namespace moonpool {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kCorpus[] = "testdata/recipes";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  std::stringstream contents;
  contents << file.rdbuf();
  return contents.str();
}

std::vector<std::string> Lines(const std::string& name) {
  std::string contents = ReadFile(absl::StrCat(kCorpus, "/", name));
  EXPECT_EQ(contents.back(), '\n');
  contents.pop_back();
  return absl::StrSplit(contents, '\n');
}

std::vector<std::string> FilesIn(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(
           absl::StrCat(kCorpus, "/", directory))) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string TempPath(absl::string_view name) {
  return absl::StrCat(testing::TempDir(), "/", name);
}

// What every error for a user must be.
void ExpectGoodError(const absl::Status& status) {
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()),
              AllOf(Not(IsEmpty()), Not(HasSubstr("\n"))));
}

// A small deterministic source of mutations.
class Mutator {
 public:
  explicit Mutator(uint64_t seed) : state_(seed) {}
  uint64_t Below(uint64_t bound) {
    return Mix64(state_ += 0x9E3779B97F4A7C15u) % bound;
  }
  std::string Mutate(std::string text, absl::string_view alphabet) {
    for (uint64_t i = 0, n = 1 + Below(4); i < n; ++i) {
      const size_t at = Below(text.size() + 1);
      const char c = alphabet.empty() ? static_cast<char>(Below(256))
                                      : alphabet[Below(alphabet.size())];
      switch (Below(4)) {
        case 0:
          text.insert(at, 1, c);
          break;
        case 1:
          text.erase(at, 1 + Below(8));
          break;
        case 2:
          text.insert(at, text.substr(Below(text.size() + 1), 8));
          break;
        default:
          if (at < text.size()) text[at] = c;
      }
    }
    return text;
  }

 private:
  uint64_t state_;
};

BugRecipe FullRecipe() {
  BugRecipe recipe;
  recipe.set_schema_version(kRecipeSchemaVersion);
  recipe.set_campaign("kv");
  recipe.set_root_seed(~uint64_t{0});
  SetSegments({{312, 9041}, {0, ~uint64_t{0}}}, recipe);
  recipe.mutable_expected()->set_identity(~uint64_t{0});
  recipe.mutable_expected()->set_message("a \"quoted\"\nmessage with ü");
  recipe.set_trace_hash(7);
  recipe.set_build_id(BuildId());
  recipe.add_trace_samples()->set_hash(1);
  return recipe;
}

TEST(TextRecipe, IsReadAndWritten) {
  const absl::StatusOr<TextRecipe> recipe =
      ParseRecipe("42: 312@9041 -> 88@17");
  ASSERT_TRUE(recipe.ok()) << recipe.status();
  EXPECT_EQ(recipe->root_seed, 42u);
  EXPECT_THAT(recipe->breakpoints,
              ElementsAre(Breakpoint{312, 9041}, Breakpoint{88, 17}));
  EXPECT_EQ(FormatRecipe(42, recipe->breakpoints), "42: 312@9041 -> 88@17");
}

TEST(TextRecipe, BreakpointsNameTheirKindsOfStreams) {
  const absl::StatusOr<TextRecipe> recipe =
      ParseRecipe("42: 312@9041/faults -> 88@17/faults+network -> 1@2");
  ASSERT_TRUE(recipe.ok()) << recipe.status();
  const StreamKinds faults = KindBit(StreamKind::kFaults);
  const StreamKinds both = faults | KindBit(StreamKind::kNetwork);
  EXPECT_THAT(recipe->breakpoints,
              ElementsAre(Breakpoint{312, 9041, faults},
                          Breakpoint{88, 17, both}, Breakpoint{1, 2}));
  const std::string text = FormatRecipe(42, recipe->breakpoints);
  EXPECT_EQ(text, "42: 312@9041/faults -> 88@17/network+faults -> 1@2");
  BugRecipe file;
  file.set_root_seed(42);
  SetSegments(recipe->breakpoints, file);
  EXPECT_EQ(FormatRecipe(file), text);
  EXPECT_EQ(ParseRecipe("1: 2@3/moods").status().message(),
            "malformed recipe: segment 1, \"2@3/moods\": no kind of streams is "
            "called \"moods\"; there are workload, schedule, network, storage, "
            "faults, joined by +, and soon");
}

TEST(TextRecipe, BreakpointsMayHastenFaults) {
  const absl::StatusOr<TextRecipe> recipe =
      ParseRecipe("42: 312@9041/soon -> 88@17/soon+faults");
  ASSERT_TRUE(recipe.ok()) << recipe.status();
  const StreamKinds faults = KindBit(StreamKind::kFaults);
  EXPECT_THAT(recipe->breakpoints,
              ElementsAre(Breakpoint{312, 9041, kAllStreams | kSoon},
                          Breakpoint{88, 17, faults | kSoon}));
  const std::string text = FormatRecipe(42, recipe->breakpoints);
  EXPECT_EQ(text, "42: 312@9041/soon -> 88@17/faults+soon");
  BugRecipe file;
  file.set_root_seed(42);
  SetSegments(recipe->breakpoints, file);
  EXPECT_EQ(FormatRecipe(file), text);
}

TEST(TextRecipe, WithoutBreakpointsIsJustTheSeed) {
  EXPECT_EQ(FormatRecipe(42, {}), "42");
  EXPECT_THAT(ParseRecipe("42")->breakpoints, IsEmpty());
  EXPECT_THAT(ParseRecipe("42:")->breakpoints, IsEmpty());
}

TEST(TextRecipe, ErrorsNameTheSegmentAndWhatToDo) {
  EXPECT_EQ(ParseRecipe("42: 1@2 -> x@17").status().message(),
            "malformed recipe: segment 2, \"x@17\": its count \"x\" is not a "
            "decimal number from 0 to 18446744073709551615; write it as SEED: "
            "count@seed -> count@seed");
  EXPECT_EQ(ParseRecipe("42: 17").status().message(),
            "malformed recipe: segment 1, \"17\", has no '@'; write it as "
            "SEED: count@seed -> count@seed");
}

TEST(TextRecipe, GoodCorpusIsReadAndStable) {
  for (const std::string& line : Lines("text_good.txt")) {
    const absl::StatusOr<TextRecipe> recipe = ParseRecipe(line);
    ASSERT_TRUE(recipe.ok()) << line << ": " << recipe.status();
    const std::string text =
        FormatRecipe(recipe->root_seed, recipe->breakpoints);
    const absl::StatusOr<TextRecipe> again = ParseRecipe(text);
    ASSERT_TRUE(again.ok()) << text;
    EXPECT_EQ(again->breakpoints, recipe->breakpoints);
    EXPECT_EQ(again->root_seed, recipe->root_seed);
  }
}

TEST(TextRecipe, BadCorpusIsRefused) {
  for (const std::string& line : Lines("text_bad.txt")) {
    SCOPED_TRACE(line);
    ExpectGoodError(ParseRecipe(line).status());
  }
}

TEST(TextRecipe, MutationsAreRefusedOrRoundTrip) {
  std::vector<std::string> corpus = Lines("text_good.txt");
  for (std::string& line : Lines("text_bad.txt")) corpus.push_back(line);
  for (uint64_t seed = 1; seed <= 20000; ++seed) {
    Mutator mutator(seed);
    const std::string text = mutator.Mutate(corpus[seed % corpus.size()],
                                            seed % 2 ? "0189@:-> +x" : "");
    const absl::StatusOr<TextRecipe> recipe = ParseRecipe(text);
    if (!recipe.ok()) {
      ExpectGoodError(recipe.status());
      continue;
    }
    const std::string formatted =
        FormatRecipe(recipe->root_seed, recipe->breakpoints);
    const absl::StatusOr<TextRecipe> again = ParseRecipe(formatted);
    ASSERT_TRUE(again.ok()) << formatted;
    ASSERT_EQ(again->breakpoints, recipe->breakpoints) << text;
  }
}

TEST(RecipeFile, BothFormsRoundTrip) {
  for (const char* name : {"round.textproto", "round.binpb"}) {
    const std::string path = TempPath(name);
    ASSERT_TRUE(WriteRecipeFile(path, FullRecipe()).ok());
    const absl::StatusOr<BugRecipe> read = ReadRecipeFile(path);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->SerializeAsString(), FullRecipe().SerializeAsString());
  }
}

TEST(RecipeFile, TwoThousandSegmentsRoundTrip) {
  BugRecipe recipe = FullRecipe();
  std::vector<Breakpoint> breakpoints;
  for (uint64_t i = 0; i < 2000; ++i) breakpoints.push_back({i, Mix64(i)});
  SetSegments(breakpoints, recipe);
  const std::string path = TempPath("long.textproto");
  ASSERT_TRUE(WriteRecipeFile(path, recipe).ok());
  EXPECT_EQ(BreakpointsOf(*ReadRecipeFile(path)), breakpoints);
  EXPECT_EQ(ParseRecipe(FormatRecipe(recipe))->breakpoints, breakpoints);
}

TEST(RecipeFile, DetailsThatAreNotUtf8AreStoredReadably) {
  BugRecipe recipe = FullRecipe();
  recipe.mutable_expected()->set_details("got=\xff\x80 \xc3\xbc");
  for (const char* name : {"utf8.textproto", "utf8.binpb"}) {
    ASSERT_TRUE(WriteRecipeFile(TempPath(name), recipe).ok());
    const absl::StatusOr<BugRecipe> read = ReadRecipeFile(TempPath(name));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->expected().details(), "got=\\xff\\x80 \xc3\xbc");
  }
}

TEST(RecipeFile, GoodCorpusIsRead) {
  for (const std::string& path : FilesIn("good")) {
    const absl::StatusOr<BugRecipe> recipe = ReadRecipeFile(path);
    EXPECT_TRUE(recipe.ok()) << path << ": " << recipe.status();
  }
}

TEST(RecipeFile, BadCorpusIsRefused) {
  for (const std::string& path : FilesIn("bad")) {
    SCOPED_TRACE(path);
    const absl::Status status = ReadRecipeFile(path).status();
    ExpectGoodError(status);
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  }
}

TEST(RecipeFile, OtherVersionIsNamed) {
  for (const char* name : {"bad/version2.textproto", "bad/version2.binpb"}) {
    EXPECT_THAT(std::string(ReadRecipeFile(absl::StrCat(kCorpus, "/", name))
                                .status()
                                .message()),
                HasSubstr("has schema version 2, this program reads version "
                          "1: replay it with the release that wrote it"));
  }
}

TEST(RecipeFile, MissingFilesAndDirectoriesAreErrors) {
  EXPECT_TRUE(absl::IsNotFound(ReadRecipeFile("/no/such/file").status()));
  ExpectGoodError(ReadRecipeFile("/").status());
}

TEST(RecipeFile, MutationsAreRefusedOrRoundTrip) {
  std::vector<std::string> paths = FilesIn("good");
  for (const std::string& path : FilesIn("bad")) paths.push_back(path);
  std::vector<std::string> contents;
  for (const std::string& path : paths) contents.push_back(ReadFile(path));
  int accepted = 0;
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    const size_t index = seed % paths.size();
    const bool text = paths[index].ends_with(".textproto");
    const std::string path =
        TempPath(text ? "mutated.textproto" : "mutated.binpb");
    std::ofstream(path, std::ios::binary)
        << Mutator(seed).Mutate(contents[index], "");
    const absl::StatusOr<BugRecipe> recipe = ReadRecipeFile(path);
    if (!recipe.ok()) {
      ExpectGoodError(recipe.status());
      continue;
    }
    if (++accepted % 16 != 0) continue;  // a write waits for the disk
    const std::string copy = TempPath("copy.binpb");
    ASSERT_TRUE(WriteRecipeFile(copy, *recipe).ok());
    ASSERT_TRUE(ReadRecipeFile(copy).ok()) << seed;
  }
  EXPECT_GT(accepted, 10);  // the mutations do reach the inside
}

TEST(AtomicFile, ReplacesAndLeavesNothingBeside) {
  const std::string directory = TempPath("atomic");
  std::filesystem::create_directory(directory);
  const std::string path = directory + "/file";
  ASSERT_TRUE(WriteFileAtomically(path, "one").ok());
  ASSERT_TRUE(WriteFileAtomically(path, "two").ok());
  ASSERT_TRUE(CheckWritable(path).ok());
  EXPECT_EQ(ReadFile(path), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory), {}),
            1);
}

TEST(AtomicFile, UnwritableIsAnError) {
  ExpectGoodError(WriteFileAtomically("/proc/nothing/here", "x"));
  ExpectGoodError(CheckWritable("/no/such/directory/file"));
  ExpectGoodError(CheckWritable(testing::TempDir()));  // a directory
}

TEST(AtomicFile, LeftoversOfTheDeadAreRemoved) {
  const std::string directory = absl::StrCat(testing::TempDir(), "/leftovers");
  std::filesystem::create_directory(directory);
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  ASSERT_EQ(waitpid(dead, nullptr, 0), dead);
  const std::string of_dead = absl::StrCat(directory, "/.tmp-", dead, "-abcdef");
  const std::string of_living =
      absl::StrCat(directory, "/.tmp-", getpid(), "-abcdef");
  const std::string of_user = absl::StrCat(directory, "/.tmp-notes");
  for (const std::string& path : {of_dead, of_living, of_user}) {
    std::ofstream(path) << "x";
  }
  RemoveLeftovers(directory);
  EXPECT_FALSE(std::filesystem::exists(of_dead));
  EXPECT_TRUE(std::filesystem::exists(of_living));
  EXPECT_TRUE(std::filesystem::exists(of_user));
}

TEST(BuildId, IsStable) {
  EXPECT_EQ(BuildId().size(), 16u);
  EXPECT_EQ(BuildId(), BuildId());
}

TEST(CrashViolation, NamesTheDeath) {
  EXPECT_EQ(CrashViolation(SIGSEGV).kind, "crash");
  EXPECT_EQ(CrashViolation(SIGSEGV).message,
            "killed by signal 11 (Segmentation fault)");
  EXPECT_EQ(CrashViolation(SIGKILL).kind, "crash");
  EXPECT_EQ(CrashViolation(kHangSignal).kind, "hang");
  EXPECT_EQ(CrashViolation(3 << 8).kind, "exit");
  EXPECT_EQ(CrashViolation(3 << 8).message, "the process exited with code 3");
}

TEST(CrashViolation, IdentityIsOfKindAndMessage) {
  EXPECT_EQ(CrashViolation(SIGSEGV).identity, CrashViolation(SIGSEGV).identity);
  EXPECT_EQ(CrashViolation(SIGSEGV).identity,
            HashBytes("crashkilled by signal 11 (Segmentation fault)"));
  EXPECT_NE(CrashViolation(SIGSEGV).identity, CrashViolation(SIGABRT).identity);
}

// A recipe and an outcome that match, with samples after 16, 32, 48 events.
struct Pair {
  Pair() {
    recipe = FullRecipe();
    recipe.set_events(50);
    recipe.set_draws(25);
    recipe.clear_trace_samples();
    for (uint64_t i = 1; i <= 3; ++i) {
      TraceSample* sample = recipe.add_trace_samples();
      sample->set_events(16 * i);
      sample->set_draws(8 * i);
      sample->set_hash(100 + i);
    }
    outcome.add_violations()->set_identity(~uint64_t{0});
    outcome.set_finished(true);
    outcome.set_trace_hash(7);
    outcome.set_events(50);
    outcome.set_draws(25);
    *outcome.mutable_trace_samples() = recipe.trace_samples();
  }
  BugRecipe recipe;
  TimelineOutcome outcome;
};

TEST(CompareReplay, EqualRunsMatch) {
  const Pair pair;
  EXPECT_EQ(CompareReplay(pair.recipe, pair.outcome).verdict(), "MATCH");
}

TEST(CompareReplay, FirstDifferentSampleBoundsTheDivergence) {
  Pair pair;
  pair.outcome.set_trace_hash(8);
  pair.outcome.mutable_trace_samples(1)->set_hash(1);
  pair.outcome.mutable_trace_samples(2)->set_hash(1);
  const ReplayVerdict verdict = CompareReplay(pair.recipe, pair.outcome);
  EXPECT_EQ(verdict.verdict(), "DIVERGED");
  EXPECT_EQ(verdict.diverged_at_event(), 32);
  EXPECT_EQ(verdict.diverged_at_draw(), 16);
  EXPECT_EQ(verdict.common_event(), 16);
}

TEST(CompareReplay, ShorterRunDivergesAtItsEnd) {
  Pair pair;
  pair.outcome.clear_violations();
  pair.outcome.mutable_trace_samples()->RemoveLast();
  pair.outcome.set_events(40);
  pair.outcome.set_draws(20);
  const ReplayVerdict verdict = CompareReplay(pair.recipe, pair.outcome);
  EXPECT_EQ(verdict.verdict(), "DIVERGED");
  EXPECT_EQ(verdict.diverged_at_event(), 40);
  EXPECT_EQ(verdict.common_event(), 32);
}

TEST(CompareReplay, AnotherViolationDiverges) {
  Pair pair;
  pair.outcome.mutable_violations(0)->set_identity(1);
  EXPECT_EQ(CompareReplay(pair.recipe, pair.outcome).verdict(), "DIVERGED");
}

TEST(CompareReplay, CrashMatchesByIdentityAlone) {
  Pair pair;
  pair.recipe.set_trace_hash(0);
  pair.outcome.set_finished(false);
  EXPECT_EQ(CompareReplay(pair.recipe, pair.outcome).verdict(), "MATCH");
}

TEST(CompareReplay, WithoutExpectationSaysWhatWasSeen) {
  Pair pair;
  pair.recipe.clear_expected();
  EXPECT_EQ(CompareReplay(pair.recipe, pair.outcome).verdict(), "VIOLATION");
  pair.outcome.clear_violations();
  EXPECT_EQ(CompareReplay(pair.recipe, pair.outcome).verdict(), "NOTHING");
}

}  // namespace
}  // namespace moonpool
