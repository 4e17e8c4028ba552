// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: recovery keeps what was durable, cuts off a torn tail, and refuses a
// journal whose durable part is damaged. Method: journals made by hand, cut at
// every byte and flipped at every byte.
#include "explorer/campaigns/raft/journal.h"

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "explorer/campaigns/raft/core.h"
#include "gtest/gtest.h"

namespace moonpool::raft {
namespace {

struct Written {
  std::string bytes;
  size_t first_batch = 0;  // where the first batch ends
};

// Two batches: the first is durable when the second is written.
Written TwoBatches() {
  Written written;
  Ready first;
  first.hard_state = HardState{.term = 4, .vote = 2};
  first.first_entry = 1;
  first.entries = {{.term = 3, .kind = EntryKind::kNoop},
                   {.term = 4, .kind = EntryKind::kCommand, .data = "abc"}};
  Journal::EncodeReady(first, 0, 0, written.bytes);
  written.first_batch = written.bytes.size();
  Ready second;
  second.truncate_after = 1;
  second.first_entry = 2;
  second.entries = {{.term = 5, .kind = EntryKind::kCommand, .data = "def"},
                    {.term = 5, .kind = EntryKind::kCommand, .data = "ghi"}};
  std::string bytes;
  Journal::EncodeReady(second, written.first_batch, written.first_batch, bytes);
  written.bytes += bytes;
  return written;
}

TEST(JournalTest, ReadsWhatWasWritten) {
  const absl::StatusOr<JournalContents> contents =
      Journal::Decode(TwoBatches().bytes);
  ASSERT_TRUE(contents.ok()) << contents.status();
  EXPECT_EQ(contents->hard_state, (HardState{.term = 4, .vote = 2}));
  ASSERT_EQ(contents->entries.size(), 3u);
  EXPECT_EQ(contents->entries[0].kind, EntryKind::kNoop);
  EXPECT_EQ(contents->entries[1].data, "def");
  EXPECT_EQ(contents->entries[2].data, "ghi");
  EXPECT_FALSE(contents->torn);
}

TEST(JournalTest, AnEmptyFileIsAServerOfNoHistory) {
  const absl::StatusOr<JournalContents> contents = Journal::Decode("");
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents->hard_state, HardState());
  EXPECT_TRUE(contents->entries.empty());
}

TEST(JournalTest, ATornTailIsCutOff) {
  const Written written = TwoBatches();
  for (size_t size = written.first_batch; size < written.bytes.size(); ++size) {
    const absl::StatusOr<JournalContents> contents =
        Journal::Decode(absl::string_view(written.bytes).substr(0, size));
    ASSERT_TRUE(contents.ok()) << size;
    EXPECT_EQ(contents->hard_state.term, 4u) << size;
    EXPECT_GE(contents->entries.size(), 1u) << size;
    EXPECT_LT(contents->entries.size(), 3u) << size;
  }
}

TEST(JournalTest, DamageOfDurableRecordsIsNoTornTail) {
  const Written written = TwoBatches();
  for (size_t i = 0; i < written.bytes.size(); ++i) {
    std::string damaged = written.bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    const absl::StatusOr<JournalContents> contents = Journal::Decode(damaged);
    if (i < written.first_batch) {
      EXPECT_TRUE(Journal::IsDamage(contents.status())) << i;
    } else {
      // Of what was written last nobody knows whether it was durable.
      ASSERT_TRUE(contents.ok()) << i;
      EXPECT_TRUE(contents->torn) << i;
    }
  }
}

TEST(JournalTest, ARecordInTheWrongPlaceIsNone) {
  Ready ready;
  ready.hard_state = HardState{.term = 9, .vote = 1};
  std::string bytes;
  Journal::EncodeReady(ready, 512, 0, bytes);
  const absl::StatusOr<JournalContents> contents = Journal::Decode(bytes);
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents->hard_state.term, 0u);
  EXPECT_TRUE(contents->torn);
}

TEST(JournalTest, ATornTailIsBelievedByTheBug) {
  const Written written = TwoBatches();
  std::string damaged = written.bytes;
  damaged.back() = static_cast<char>(damaged.back() ^ 0x10);
  const absl::StatusOr<JournalContents> contents =
      Journal::Decode(damaged, Bug::kTornTail);
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents->entries.size(), 3u);
}

TEST(JournalTest, SnapshotsReplaceWhatTheyCover) {
  Written written = TwoBatches();
  Ready ready;
  ready.snapshot = std::make_shared<Snapshot>(
      Snapshot{.index = 2, .term = 5, .members = {.voters = 7}, .data = "kv"});
  for (const bool keep_tail : {true, false}) {
    ready.keep_tail = keep_tail;
    std::string bytes;
    Journal::EncodeReady(ready, written.bytes.size(), written.bytes.size(),
                         bytes);
    const absl::StatusOr<JournalContents> contents =
        Journal::Decode(written.bytes + bytes);
    ASSERT_TRUE(contents.ok()) << contents.status();
    ASSERT_NE(contents->snapshot, nullptr);
    EXPECT_EQ(contents->snapshot->data, "kv");
    EXPECT_EQ(contents->entries.size(), keep_tail ? 1u : 0u);
  }
}

}  // namespace
}  // namespace moonpool::raft
