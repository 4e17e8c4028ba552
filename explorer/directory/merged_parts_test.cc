// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a merge is commutative, associative and idempotent down to the bytes
// of its file, and loses nothing. Method: merges of hand-made logs, whose files
// are compared.
#include "explorer/directory/merged_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "explorer/directory/record_file.h"
#include "explorer/directory/search_log.h"
#include "explorer/directory/testing_log.h"
#include "explorer/recipe/recipe.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::stringstream contents;
  contents << std::ifstream(path, std::ios::binary).rdbuf();
  return contents.str();
}

class MergedPartsTest : public ::testing::Test {
 protected:
  MergedPartsTest() {
    root_ = absl::StrCat(
        testing::TempDir(), "/",
        testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(root_);
    WriteTestingLog(MakeTestingLog(1), Dir("half"), /*batches=*/1);
    WriteTestingLog(MakeTestingLog(1), Dir("a"));
    WriteTestingLog(MakeTestingLog(2), Dir("b"));
    WriteTestingLog(MakeTestingLog(3), Dir("c"));
  }

  std::string Dir(const std::string& name) const {
    return absl::StrCat(root_, "/", name);
  }
  absl::Status Try(const std::vector<std::string>& inputs,
                   const std::string& out) {
    std::vector<std::string> paths;
    for (const std::string& input : inputs) paths.push_back(Dir(input));
    return MergeCampaigns(paths, Dir(out)).status();
  }
  // The merge of these, as all of its files.
  std::string Merge(const std::vector<std::string>& inputs,
                    const std::string& out) {
    const absl::Status merged = Try(inputs, out);
    EXPECT_TRUE(merged.ok()) << merged;
    std::string files = ReadFile(MergedPartsFile(Dir(out)));
    EXPECT_FALSE(files.empty());
    for (int i = 1; std::filesystem::exists(Recipe(out, i)); ++i) {
      absl::StrAppend(&files, ReadFile(Recipe(out, i)));
    }
    return files;
  }
  std::string Recipe(const std::string& name, int number) const {
    return absl::StrCat(Dir(name), "/", BugRecipeFile(number));
  }

  std::string root_;
};

TEST_F(MergedPartsTest, IsCommutative) {
  const std::string merged = Merge({"a", "b"}, "ab");
  EXPECT_EQ(merged, Merge({"b", "a"}, "ba"));
  EXPECT_NE(merged, Merge({"a", "c"}, "ac"));
}

TEST_F(MergedPartsTest, IsAssociative) {
  Merge({"a", "b"}, "ab");
  Merge({"b", "c"}, "bc");
  const std::string merged = Merge({"ab", "c"}, "ab_c");
  EXPECT_EQ(merged, Merge({"a", "bc"}, "a_bc"));
  EXPECT_EQ(merged, Merge({"c", "a", "b"}, "cab"));
}

TEST_F(MergedPartsTest, IsIdempotent) {
  const std::string merged = Merge({"a"}, "one");
  EXPECT_EQ(merged, Merge({"a", "a"}, "two"));
  EXPECT_EQ(merged, Merge({"one", "a", "one"}, "three"));
  EXPECT_EQ(merged, Merge({"one"}, "one"));
}

TEST_F(MergedPartsTest, OfOneSearchTheLongerCounts) {
  const std::string whole = Merge({"a"}, "whole");
  EXPECT_EQ(whole, Merge({"half", "a"}, "up"));
  EXPECT_EQ(whole, Merge({"a", "half"}, "down"));
  EXPECT_NE(whole, Merge({"half"}, "only_half"));
  EXPECT_EQ(whole, Merge({"only_half", "a"}, "only_half"));
}

TEST_F(MergedPartsTest, AFunctionIsCoveredAsBySearchThatCoveredMost) {
  auto write = [this](uint64_t seed, uint64_t covered, uint64_t first,
                      uint64_t last) {
    TestingLog log = MakeTestingLog(seed);
    LoggedFunction& function = *log.first.add_functions();
    function.set_name("F");
    function.set_edges(10);
    function.set_covered(covered);
    function.set_first_timeline(first);
    function.set_last_timeline(last);
    WriteTestingLog(log, Dir(absl::StrCat(seed)));
  };
  write(4, 7, 3, 4);
  write(5, 0, 0, 0);
  write(6, 5, 2, 5);
  const std::string merged = Merge({"4", "5", "6"}, "456");
  EXPECT_EQ(merged, Merge({"6", "5", "4"}, "654"));
  const absl::StatusOr<CampaignParts> parts = ReadParts(Dir("456"));
  ASSERT_TRUE(parts.ok()) << parts.status();
  const CampaignPart total = Combine(*parts).total;
  ASSERT_EQ(total.functions_size(), 1);
  EXPECT_EQ(total.functions(0).ShortDebugString(),
            "name: \"F\" edges: 10 covered: 7 first_timeline: 2 "
            "last_timeline: 5");
}

TEST_F(MergedPartsTest, OfEquallyLongOnesOneAlwaysCounts) {
  TestingLog slower = MakeTestingLog(1);
  slower.second.set_wall_seconds(100);
  WriteTestingLog(slower, Dir("slower"));
  EXPECT_EQ(Merge({"a", "slower"}, "x"), Merge({"slower", "a"}, "y"));
}

TEST_F(MergedPartsTest, PartsPutTogetherAreTheWhole) {
  const std::string whole = Merge({"a", "b", "c"}, "whole");
  Merge({"half", "b"}, "x");
  Merge({"a"}, "y");
  Merge({"c", "half"}, "z");
  EXPECT_EQ(whole, Merge({"x", "y", "z"}, "xyz"));
}

TEST_F(MergedPartsTest, SumsAndUnionsAreMadeOnReading) {
  TestingLog other = MakeTestingLog(2);
  other.first.mutable_timelines(3)->mutable_discoveries(0)->set_key(99);
  // Its first crash has a recipe as long, and its violation a shorter one.
  for (LoggedTimeline& timeline : *other.second.mutable_timelines()) {
    if (timeline.number() == 7) timeline.set_draws(300);
  }
  WriteTestingLog(other, Dir("b"));
  Merge({"a", "b"}, "ab");
  const absl::StatusOr<CampaignParts> parts = ReadParts(Dir("ab"));
  ASSERT_TRUE(parts.ok()) << parts.status();
  ASSERT_EQ(parts->size(), 2u);
  const PartsView view = Combine(*parts);
  EXPECT_EQ(view.total.timelines(), 20u);
  EXPECT_EQ(view.total.draws(), 6000u);
  EXPECT_EQ(view.total.discoveries(), 10u);
  EXPECT_EQ(view.total.died(), 2u);
  ASSERT_EQ(view.total.marks_size(), 5);
  EXPECT_EQ(view.total.marks(0).label(), "gate");
  EXPECT_EQ(view.total.marks(0).branches(), 6u);
  EXPECT_EQ(view.total.marks(0).reaches(), 4u);
  ASSERT_EQ(view.total.bugs_size(), 2);
  EXPECT_EQ(view.total.bugs(0).timelines(), 6u);
  EXPECT_EQ(FormatRecipe(view.total.bugs(0).recipe()), "2: 10@1007");
  EXPECT_EQ(view.bug_sources[0], other.config.SerializeAsString());
  ASSERT_EQ(view.total.assertions_size(), 4);
  EXPECT_EQ(view.total.assertions(0).fails(), 6u);

  const absl::StatusOr<BugRecipe> written = ReadRecipeFile(Recipe("ab", 1));
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(FormatRecipe(*written), "2: 10@1007");
  EXPECT_TRUE(std::filesystem::exists(Recipe("ab", 2)));
  EXPECT_FALSE(std::filesystem::exists(Recipe("ab", 3)));
}

TEST_F(MergedPartsTest, ADamagedInputLeavesTheOutputAlone) {
  const std::string before = Merge({"a"}, "out");
  auto refuses = [&](const std::string& input, absl::StatusCode code) {
    const absl::Status status = Try({"out", input}, "out");
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(Dir(input)));
    EXPECT_EQ(before, Merge({"out"}, "out"));
  };
  refuses("missing", absl::StatusCode::kNotFound);

  const std::string log = SearchLogFile(Dir("b"));
  std::string bytes = ReadFile(log);
  bytes[bytes.size() / 2] ^= 1;
  std::ofstream(log, std::ios::binary) << bytes;
  refuses("b", absl::StatusCode::kDataLoss);

  Merge({"a", "c"}, "ac");
  const std::string merged = MergedPartsFile(Dir("ac"));
  const std::string good = ReadFile(merged);
  std::filesystem::resize_file(merged, good.size() - 1);
  refuses("ac", absl::StatusCode::kDataLoss);
  // A part that is gone without a trace.
  std::vector<std::string> records;
  ASSERT_TRUE(
      ReadRecords(MergedPartsFile(Dir("out")), [&](absl::string_view record) {
        records.emplace_back(record);
        return absl::OkStatus();
      }).ok());
  ASSERT_EQ(records.size(), 2u);
  records.pop_back();
  ASSERT_TRUE(RecordWriter::Create(merged, records).ok());
  refuses("ac", absl::StatusCode::kDataLoss);
  std::ofstream(merged, std::ios::binary) << "<html>not mine</html>";
  refuses("ac", absl::StatusCode::kInvalidArgument);
  // A file of records, but of another kind.
  std::filesystem::copy_file(SearchLogFile(Dir("c")), merged,
                             std::filesystem::copy_options::overwrite_existing);
  refuses("ac", absl::StatusCode::kDataLoss);
}

TEST_F(MergedPartsTest, SearchesOfTwoCampaignsAreNotMerged) {
  TestingLog other = MakeTestingLog(1);
  other.config.set_campaign("raft");
  WriteTestingLog(other, Dir("other"));
  const absl::Status status = Try({"a", "other"}, "out");
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("one campaign"));
  EXPECT_FALSE(std::filesystem::exists(Dir("out")));
}

TEST_F(MergedPartsTest, TheOutputDoesNotSwallowWhatItHeld) {
  Merge({"a", "b"}, "out");
  const absl::Status status = Try({"a", "c"}, "out");
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("would get lost"));
  Merge({"a", "c", "out"}, "out");
  EXPECT_EQ(ReadParts(Dir("out"))->size(), 3u);

  const absl::Status onto_search = Try({"a"}, "b");
  EXPECT_TRUE(absl::IsInvalidArgument(onto_search)) << onto_search;
  EXPECT_THAT(std::string(onto_search.message()), HasSubstr("of its own"));
}

TEST_F(MergedPartsTest, AnOutputThatCannotBeWrittenIsSaid) {
  std::ofstream(Dir("file")) << "x";
  EXPECT_TRUE(absl::IsInvalidArgument(Try({"a"}, "file/out")));
}

}  // namespace
}  // namespace moonpool
