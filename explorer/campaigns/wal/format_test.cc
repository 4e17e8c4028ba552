// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what was encoded comes back, and nothing that was changed does: no
// flipped bit, no cut, no neighbour. Method: every single-bit error of small
// encodings.
#include "explorer/campaigns/wal/format.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace moonpool::wal {
namespace {

// Calls f with each string that differs from bytes in one bit.
template <typename F>
void ForEachBitError(std::string bytes, F f) {
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    bytes[i / 8] ^= static_cast<char>(1 << i % 8);
    f(bytes);
    bytes[i / 8] ^= static_cast<char>(1 << i % 8);
  }
}

Record SomeRecord() {
  return {.segment = {.epoch = 7, .number = 3},
          .sequence = 1234567890123,
          .change = {.key = "key", .value = std::string("va\0lue", 6)}};
}

TEST(FormatTest, RecordsComeBack) {
  const Record put = SomeRecord();
  Record removal = put;
  removal.change.value.reset();
  Record empty = put;
  empty.change.value = "";
  Record large = put;
  large.change.value = std::string(700, 'x');
  for (const Record& record : {put, removal, empty, large}) {
    const std::string bytes = EncodeRecord(record, Bug::kNone);
    EXPECT_EQ(bytes.size() % kSectorBytes, 0u);
    size_t size = 0;
    EXPECT_EQ(DecodeRecord(bytes + "behind it", Bug::kNone, &size), record);
    EXPECT_EQ(size, bytes.size());
    EXPECT_EQ(
        DecodeRecord(bytes.substr(0, bytes.size() - 1), Bug::kNone, &size),
        std::nullopt);
  }
  EXPECT_EQ(EncodeRecord(put, Bug::kNone).size(), kSectorBytes);
  EXPECT_EQ(EncodeRecord(large, Bug::kNone).size(), 2 * kSectorBytes);
}

TEST(FormatTest, NoBitErrorOfARecordPasses) {
  const std::string bytes = EncodeRecord(SomeRecord(), Bug::kNone);
  ForEachBitError(bytes, [](const std::string& bad) {
    size_t size = 0;
    EXPECT_EQ(DecodeRecord(bad, Bug::kNone, &size), std::nullopt);
  });
  size_t size = 0;
  EXPECT_EQ(DecodeRecord(std::string(kSectorBytes, '\0'), Bug::kNone, &size),
            std::nullopt);
  EXPECT_EQ(DecodeRecord("", Bug::kNone, &size), std::nullopt);
}

TEST(FormatTest, WithoutTheLengthInTheChecksumAValueMayComeBackCut) {
  const std::string bytes = EncodeRecord(SomeRecord(), Bug::kChecksumNotLength);
  int changed = 0;
  ForEachBitError(bytes, [&](const std::string& bad) {
    size_t size = 0;
    const std::optional<Record> record =
        DecodeRecord(bad, Bug::kChecksumNotLength, &size);
    if (!record.has_value()) return;
    EXPECT_NE(record->change, SomeRecord().change);
    ++changed;
  });
  EXPECT_GT(changed, 0);
  EXPECT_LE(changed, 9);  // of the bits that leave the number of sectors
}

TEST(FormatTest, HeadersComeBackAndAreNotMistakenForEachOther) {
  const Header header = {.epoch = 5, .floor = 4};
  const SegmentId segment = {.epoch = 5, .number = 4};
  const std::string a = EncodeHeader(header);
  const std::string b = EncodeSegmentHeader(segment);
  EXPECT_EQ(a.size(), kSectorBytes);
  EXPECT_EQ(b.size(), kSectorBytes);
  EXPECT_EQ(DecodeHeader(a), header);
  EXPECT_EQ(DecodeSegmentHeader(b), segment);
  EXPECT_EQ(DecodeHeader(b), std::nullopt);
  EXPECT_EQ(DecodeSegmentHeader(a), std::nullopt);
  EXPECT_EQ(DecodeHeader(""), std::nullopt);
  ForEachBitError(a, [](const std::string& bad) {
    EXPECT_EQ(DecodeHeader(bad), std::nullopt);
  });
  ForEachBitError(b, [](const std::string& bad) {
    EXPECT_EQ(DecodeSegmentHeader(bad), std::nullopt);
  });
}

TEST(FormatTest, CheckpointsComeBackWhole) {
  const State state = {{"a", "1"}, {"b", ""}, {"c", std::string(600, 'z')}};
  const std::string bytes = EncodeCheckpoint(3, 17, state);
  const std::optional<Checkpoint> found = DecodeCheckpoint(bytes);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->epoch, 3u);
  EXPECT_EQ(found->sequence, 17u);
  EXPECT_EQ(found->state, state);
  const std::optional<Checkpoint> empty =
      DecodeCheckpoint(EncodeCheckpoint(1, 0, {}));
  ASSERT_TRUE(empty.has_value());
  EXPECT_TRUE(empty->state.empty());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeCheckpoint(bytes.substr(0, size)).has_value());
  }
  ForEachBitError(bytes, [](const std::string& bad) {
    EXPECT_FALSE(DecodeCheckpoint(bad).has_value());
  });
}

TEST(FormatTest, BugsHaveNames) {
  EXPECT_EQ(FindBug("none"), Bug::kNone);
  EXPECT_EQ(FindBug("torn-header"), Bug::kTornHeader);
  EXPECT_EQ(FindBug(""), std::nullopt);
  for (const BugName& known : kBugNames) {
    EXPECT_EQ(FindBug(known.name), known.bug);
  }
}

}  // namespace
}  // namespace moonpool::wal
