// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what was appended is read again whatever happens to the end of the
// file, and damage anywhere else is told. Method: a file cut at every byte, and
// with every bit flipped.
#include "explorer/directory/record_file.h"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace moonpool {
namespace {

using Records = std::vector<std::string>;

std::string PathOf(absl::string_view name) {
  return absl::StrCat(testing::TempDir(), "/", name);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

struct Contents {
  absl::Status status;
  Records records;
  RecordFileExtent extent;
};

Contents ReadAll(const std::string& path) {
  Contents contents;
  auto extent = ReadRecords(path, [&contents](absl::string_view record) {
    contents.records.emplace_back(record);
    return absl::OkStatus();
  });
  contents.status = extent.status();
  if (extent.ok()) contents.extent = *extent;
  return contents;
}

// A file of three records and the offsets where they end.
std::vector<size_t> WriteThree(const std::string& path) {
  auto writer = RecordWriter::Create(path, {"first", ""});
  EXPECT_TRUE(writer.ok()) << writer.status();
  EXPECT_TRUE((*writer)->Append(std::string(300, 'x')).ok());
  return {16, 16 + 8 + 5, 16 + 8 + 5 + 8, 16 + 8 + 5 + 8 + 8 + 300};
}

const Records& Three() {
  static const auto& records =
      *new Records{"first", "", std::string(300, 'x')};
  return records;
}

TEST(RecordFileTest, ReadsWhatWasAppended) {
  const std::string path = PathOf("appended");
  WriteThree(path);
  const Contents contents = ReadAll(path);
  EXPECT_TRUE(contents.status.ok()) << contents.status;
  EXPECT_EQ(contents.records, Three());
  EXPECT_EQ(contents.extent.records, 3u);
  EXPECT_EQ(contents.extent.intact_bytes, ReadFile(path).size());
  EXPECT_EQ(contents.extent.dropped_bytes, 0u);
}

TEST(RecordFileTest, CutAtAnyByteItKeepsTheWholeRecordsAndGoesOn) {
  const std::string path = PathOf("cut");
  const std::vector<size_t> ends = WriteThree(path);
  const std::string whole = ReadFile(path);
  ASSERT_EQ(whole.size(), ends.back());
  for (size_t size = ends[0]; size <= whole.size(); ++size) {
    SCOPED_TRACE(size);
    WriteFile(path, whole.substr(0, size));
    size_t kept = 0;
    while (kept < 3 && ends[kept + 1] <= size) ++kept;
    const Contents cut = ReadAll(path);
    ASSERT_TRUE(cut.status.ok()) << cut.status;
    ASSERT_EQ(cut.records, Records(Three().begin(), Three().begin() + kept));
    EXPECT_EQ(cut.extent.dropped_bytes, size - ends[kept]);

    auto writer = RecordWriter::Continue(path, cut.extent);
    ASSERT_TRUE(writer.ok()) << writer.status();
    ASSERT_TRUE((*writer)->Append("more").ok());
    const Contents more = ReadAll(path);
    ASSERT_EQ(more.records.size(), kept + 1);
    EXPECT_EQ(more.records.back(), "more");
    EXPECT_EQ(more.extent.dropped_bytes, 0u);
  }
}

TEST(RecordFileTest, AFlippedBitNeverYieldsAWrongRecord) {
  const std::string path = PathOf("flipped");
  const std::vector<size_t> ends = WriteThree(path);
  const std::string whole = ReadFile(path);
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    WriteFile(path, bytes);
    const Contents contents = ReadAll(path);
    ASSERT_LT(contents.records.size(), 3u) << bit;
    for (size_t i = 0; i < contents.records.size(); ++i) {
      ASSERT_EQ(contents.records[i], Three()[i]) << bit;
    }
    // A wrong checksum with records behind it is damage, not a torn end.
    const bool in_first_checksum = bit / 8 >= ends[0] + 4 &&
                                   bit / 8 < ends[0] + 8;
    if (in_first_checksum) {
      EXPECT_EQ(contents.status.code(), absl::StatusCode::kDataLoss) << bit;
    }
  }
}

TEST(RecordFileTest, OtherFilesAreRefused) {
  EXPECT_EQ(ReadAll(PathOf("missing")).status.code(),
            absl::StatusCode::kNotFound);
  WriteFile(PathOf("text"), "this is no file of records");
  EXPECT_EQ(ReadAll(PathOf("text")).status.code(),
            absl::StatusCode::kInvalidArgument);
  WriteFile(PathOf("empty"), "");
  EXPECT_EQ(ReadAll(PathOf("empty")).status.code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(RecordWriter::Create("/nowhere/log", {}).ok());
}

}  // namespace
}  // namespace moonpool
