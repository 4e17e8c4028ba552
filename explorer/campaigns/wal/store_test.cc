// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a store keeps what it acknowledged through damage of one copy, failed
// syncs and interrupted writes, and says so when it cannot. Method: directed
// cases; the damage is done to an image of the disk, byte by byte.
// exhaustive_test.cc covers crashes.
#include "explorer/campaigns/wal/store.h"

#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "explorer/campaigns/wal/log.h"
#include "explorer/campaigns/wal/test_disk.h"
#include "gtest/gtest.h"
#include "sim/storage/faults.h"
#include "sim/storage/image.h"

namespace moonpool::wal {
namespace {

#define EXPECT_OK(...) EXPECT_EQ((__VA_ARGS__), absl::OkStatus())

Change Put(absl::string_view key, absl::string_view value) {
  return {.key = std::string(key), .value = std::string(value)};
}
Change Remove(absl::string_view key) {
  return {.key = std::string(key), .value = std::nullopt};
}

// One change a commit, each of one sector: k1=v1, k2=v2, …
void CommitSome(TestDisk& t, int first, int last) {
  for (int i = first; i <= last; ++i) {
    EXPECT_OK(t.Commit({Put(absl::StrCat("k", i), absl::StrCat("v", i))}));
  }
}
State SomeState(int last) {
  State state;
  for (int i = 1; i <= last; ++i) {
    state[absl::StrCat("k", i)] = absl::StrCat("v", i);
  }
  return state;
}

// The path of the only segment in copy that holds records.
std::string LiveSegment(const DiskImage& image, absl::string_view copy) {
  std::string last;
  for (const auto& [path, contents] : image.files) {
    if (absl::StartsWith(path, absl::StrCat(copy, "/log-"))) last = path;
  }
  return last;
}

void DamageSector(DiskImage& image, const std::string& path, size_t sector) {
  std::string& contents = image.files.at(path);
  ASSERT_LT(sector * kSectorBytes + 100, contents.size());
  contents[sector * kSectorBytes + 100] ^= 1;
}

TEST(StoreTest, KeepsWhatWasCommitted) {
  TestDisk t;
  EXPECT_OK(t.Open());
  EXPECT_TRUE(t.state().empty());
  EXPECT_OK(t.Commit({Put("a", "1"), Put("b", "2"), Put("a", "3")}));
  EXPECT_OK(t.Commit({Remove("b"), Put("c", std::string(700, 'x'))}));
  const State state = {{"a", "3"}, {"c", std::string(700, 'x')}};
  EXPECT_EQ(t.state(), state);
  EXPECT_EQ(t.store().sequence(), 5u);
  for (int i = 0; i < 3; ++i) {
    t.Crash();
    EXPECT_OK(t.Open());
    EXPECT_EQ(t.state(), state);
    EXPECT_EQ(t.store().sequence(), 5u);
  }
  EXPECT_EQ(t.stats().replayed, 5u);  // once; then there was a checkpoint
}

TEST(StoreTest, TheLogTakesBoundedSpace) {
  TestDisk t({.segment_sectors = 4, .live_segments_max = 2});
  EXPECT_OK(t.Open());
  CommitSome(t, 1, 100);
  EXPECT_EQ(t.state(), SomeState(100));
  EXPECT_GT(t.stats().checkpoints, 5u);
  EXPECT_GT(t.stats().recycled_segments, 20u);
  // For each copy: header, checkpoint, three segments.
  EXPECT_EQ(t.disk().file_count(), 10u);
  t.Crash();
  EXPECT_OK(t.Open());
  EXPECT_EQ(t.state(), SomeState(100));
}

TEST(StoreTest, ABatchMayEndInAnotherSegment) {
  TestDisk t({.segment_sectors = 4});
  EXPECT_OK(t.Open());
  const std::string large(700, 'x');
  EXPECT_OK(t.Commit({Put("a", large), Put("b", large), Put("c", large)}));
  EXPECT_EQ(t.stats().rotations, 3u);
  t.Crash();
  EXPECT_OK(t.Open());
  EXPECT_EQ(t.state(), (State{{"a", large}, {"b", large}, {"c", large}}));
}

TEST(StoreTest, ADamagedRecordIsReadFromTheOtherCopy) {
  for (absl::string_view copy : {"a", "b"}) {
    TestDisk t;
    EXPECT_OK(t.Open());
    CommitSome(t, 1, 5);
    DiskImage image = t.disk().Image();
    for (size_t sector = 1; sector <= 5; ++sector) {
      DamageSector(image, LiveSegment(image, copy), sector);
    }
    t.Restore(image);
    EXPECT_OK(t.Open());
    EXPECT_EQ(t.state(), SomeState(5));
    EXPECT_EQ(t.stats().mended_records, copy == "a" ? 5u : 0u);
    // It is mended: now the other copy may be lost.
    image = t.disk().Image();
    for (auto& [path, contents] : image.files) {
      if (!absl::StartsWith(path, copy)) contents.assign(contents.size(), 'x');
    }
    t.Restore(image);
    EXPECT_OK(t.Open());
    EXPECT_EQ(t.state(), SomeState(5));
    EXPECT_EQ(t.stats().mended_checkpoints, 1u);
  }
}

TEST(StoreTest, EachCopyIsEnough) {
  for (absl::string_view copy : {"a", "b"}) {
    TestDisk t({.segment_sectors = 4});
    EXPECT_OK(t.Open());
    CommitSome(t, 1, 20);
    DiskImage image = t.disk().Image();
    absl::erase_if(image.files, [&](const auto& file) {
      return absl::StartsWith(file.first, copy);
    });
    t.Restore(image);
    EXPECT_OK(t.Open());
    EXPECT_EQ(t.state(), SomeState(20));
  }
}

TEST(StoreTest, WhatLiesBehindADamagedTailNeverComesBack) {
  TestDisk t;
  EXPECT_OK(t.Open());
  CommitSome(t, 1, 5);
  DiskImage image = t.disk().Image();
  DamageSector(image, LiveSegment(image, "a"), 3);
  DamageSector(image, LiveSegment(image, "b"), 3);
  t.Restore(image);
  EXPECT_OK(t.Open());
  EXPECT_EQ(t.state(), SomeState(2));
  EXPECT_EQ(t.stats().torn_tails, 1u);
  // Its number and its place are used again; records 4 and 5 stay dead.
  EXPECT_OK(t.Commit({Put("k3", "new")}));
  State state = SomeState(2);
  state["k3"] = "new";
  t.Crash();
  EXPECT_OK(t.Open());
  EXPECT_EQ(t.state(), state);
}

TEST(StoreTest, LostCheckpointsAndHeadersAreNoticed) {
  for (absl::string_view name : {"checkpoint", "header"}) {
    TestDisk t;
    EXPECT_OK(t.Open());
    CommitSome(t, 1, 5);
    DiskImage image = t.disk().Image();
    for (absl::string_view copy : {"a/", "b/"}) {
      std::string& contents = image.files.at(absl::StrCat(copy, name));
      contents.assign(contents.size(), '\0');
    }
    t.Restore(image);
    EXPECT_TRUE(absl::IsDataLoss(t.Open())) << name;
  }
}

TEST(StoreTest, OldCheckpointsAreNotTakenForNewOnes) {
  TestDisk t;
  EXPECT_OK(t.Open());
  CommitSome(t, 1, 2);
  const DiskImage old = t.disk().Image();
  t.Crash();
  EXPECT_OK(t.Open());
  CommitSome(t, 3, 4);
  t.Crash();
  EXPECT_OK(t.Open());
  DiskImage image = t.disk().Image();
  for (const char* path : {"a/checkpoint", "b/checkpoint"}) {
    image.files.at(path) = old.files.at(path);
  }
  t.Restore(image);
  EXPECT_TRUE(absl::IsDataLoss(t.Open()));
}

TEST(StoreTest, AFailedSyncIsNotAcknowledgedAndNotTrusted) {
  for (const SyncFailureMode mode :
       {SyncFailureMode::kDropsPages, SyncFailureMode::kRetryable}) {
    TestDisk t;
    EXPECT_OK(t.Open());
    CommitSome(t, 1, 3);
    t.disk().SetFaults({.sync_failure = {1, 1}, .sync_failure_mode = mode});
    EXPECT_TRUE(absl::IsUnavailable(t.Commit({Put("k4", "v4")})));
    EXPECT_EQ(t.stats().failed_syncs, 1u);
    EXPECT_FALSE(t.Open().ok());  // no sync, no store
    t.disk().SetFaults({});
    // The page cache still has it, so it may be there; but then for good.
    EXPECT_OK(t.Open());
    const State state = t.state();
    EXPECT_TRUE(state == SomeState(3) || state == SomeState(4));
    for (int i = 0; i < 3; ++i) {
      t.Crash();
      EXPECT_OK(t.Open());
      EXPECT_EQ(t.state(), state);
    }
  }
}

TEST(StoreTest, WithIgnoredSyncErrorsItIsLost) {
  int lost = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    TestDisk t({.bug = Bug::kFsyncErrorIgnored}, seed);
    EXPECT_OK(t.Open());
    CommitSome(t, 1, 3);
    t.disk().SetFaults({.sync_failure = {1, 1}});
    EXPECT_OK(t.Commit({Put("k4", "v4")}));
    t.disk().SetFaults({});
    t.Crash();
    EXPECT_OK(t.Open());
    lost += t.state() == SomeState(3);
  }
  EXPECT_GT(lost, 10);
}

TEST(StoreTest, OtherErrorsAreTransient) {
  const std::vector<DiskFaults> all = {
      {.write_error = {1, 1}}, {.short_write = {1, 1}}, {.disk_full = {1, 1}}};
  for (const DiskFaults& faults : all) {
    TestDisk t({.segment_sectors = 4});
    EXPECT_OK(t.Open());
    CommitSome(t, 1, 10);
    t.disk().SetFaults(faults);
    absl::Status status;
    int committed = 10;
    while (status.ok() && committed < 30) {
      const std::string number = absl::StrCat(++committed);
      status = t.Commit({Put("k" + number, "v" + number)});
    }
    // A full disk: when the next checkpoint is written, at the latest.
    EXPECT_TRUE(absl::IsUnavailable(status) ||
                absl::IsResourceExhausted(status))
        << status;
    t.disk().SetFaults({});
    EXPECT_OK(t.Open());
    EXPECT_TRUE(t.state() == SomeState(committed - 1) ||
                t.state() == SomeState(committed));
  }
}

TEST(StoreTest, TransientReadErrorsAreRetried) {
  TestDisk t;
  EXPECT_OK(t.Open());
  CommitSome(t, 1, 10);
  t.disk().SetFaults({.read_error = {1, 3}, .short_read = {1, 2}});
  for (int i = 0; i < 10; ++i) {
    EXPECT_OK(t.Open());
    EXPECT_EQ(t.state(), SomeState(10));
  }
  EXPECT_GT(t.stats().read_retries, 0u);
  EXPECT_EQ(t.stats().bad_sectors, 0u);
}

TEST(StoreTest, BadSectorsOfOneCopyAreReadFromTheOther) {
  TestDisk t;
  EXPECT_OK(t.Open());
  CommitSome(t, 1, 10);
  t.disk().SetMayCorrupt([](absl::string_view path, uint64_t, uint64_t) {
    return absl::StartsWith(path, "a/");
  });
  t.disk().SetFaults({.latent_sector = {1, 1}});
  EXPECT_OK(t.Open());
  EXPECT_GT(t.stats().bad_sectors, 10u);
  EXPECT_EQ(t.state(), SomeState(10));
}

}  // namespace
}  // namespace moonpool::wal
