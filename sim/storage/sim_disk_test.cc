// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a file behaves like a file: contents, flags, errors, locks, times.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/storage.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"
#include "sim/storage/sim_disk.h"
#include "sim/storage/test_machine.h"

namespace moonpool {
namespace {

TEST(SimDisk, ReadsBackWhatWasWritten) {
  Machine m;
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->Append("hello "));
    EXPECT_OK(co_await file->Append("world"));
    EXPECT_OK(co_await file->WriteAt(0, "J"));
    EXPECT_EQ(co_await Contents(file.get()), "Jello world");
    EXPECT_EQ(*file->Size(), 11u);
    // A second handle sees the same file.
    FilePtr other = co_await OpenOrDie(m.storage.get(), "f", OpenOptions());
    EXPECT_OK(co_await other->WriteAt(6, "W"));
    EXPECT_EQ(co_await Contents(file.get()), "Jello World");
  });
}

TEST(SimDisk, ReadStopsAtEndOfFile) {
  Machine m;
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->Append("12345"));
    std::string buffer(4, '.');
    EXPECT_EQ(*co_await file->ReadAt(0, absl::MakeSpan(buffer)), 4u);
    EXPECT_EQ(buffer, "1234");
    buffer = "....";
    EXPECT_EQ(*co_await file->ReadAt(3, absl::MakeSpan(buffer)), 2u);
    EXPECT_EQ(buffer, "45..");
    EXPECT_EQ(*co_await file->ReadAt(5, absl::MakeSpan(buffer)), 0u);
    EXPECT_EQ(*co_await file->ReadAt(1u << 20, absl::MakeSpan(buffer)), 0u);
    EXPECT_EQ(*co_await file->ReadAt(0, absl::Span<char>()), 0u);
    EXPECT_EQ(buffer, "45..");
  });
}

TEST(SimDisk, HolesReadAsZeros) {
  Machine m;
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->Append("abcdef"));
    EXPECT_OK(co_await file->Truncate(2));
    EXPECT_OK(co_await file->WriteAt(5, "x"));  // over what was cut off
    EXPECT_EQ(co_await Contents(file.get()), std::string("ab\0\0\0x", 6));
    EXPECT_OK(co_await file->Truncate(8));
    EXPECT_EQ(co_await Contents(file.get()), std::string("ab\0\0\0x\0\0", 8));
    EXPECT_OK(co_await file->WriteAt(100, ""));  // does not extend
    EXPECT_EQ(*file->Size(), 8u);
    // Whole pages that were never written.
    EXPECT_OK(co_await file->WriteAt(20000, "x"));
    EXPECT_EQ((co_await Contents(file.get())).substr(8),
              std::string(19992, '\0') + "x");
  });
}

TEST(SimDisk, OpenOptionsAndErrors) {
  Machine m;
  m.Run([&]() -> Task<void> {
    Storage& s = *m.storage;
    EXPECT_TRUE(absl::IsNotFound((co_await s.Open("f")).status()));
    EXPECT_TRUE(
        absl::IsNotFound((co_await s.Open("f", {.truncate = true})).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(
        (co_await s.Open("", {.create = true})).status()));
    EXPECT_EQ(m.disk.file_count(), 0u);
    FilePtr file = co_await OpenOrDie(&s, "f", {.create_new = true});
    EXPECT_OK(co_await file->Append("data"));
    EXPECT_TRUE(absl::IsAlreadyExists(
        (co_await s.Open("f", {.create_new = true, .truncate = true}))
            .status()));
    EXPECT_TRUE(absl::IsAlreadyExists(
        (co_await s.Open("f", {.create = true, .create_new = true})).status()));
    file = co_await OpenOrDie(&s, "f", {.create = true});
    EXPECT_EQ(co_await Contents(file.get()), "data");
    FilePtr empty = co_await OpenOrDie(&s, "f", {.truncate = true});
    EXPECT_EQ(*file->Size(), 0u);

    EXPECT_TRUE(absl::IsNotFound(co_await s.Remove("g")));
    EXPECT_TRUE(absl::IsNotFound(co_await s.Rename("g", "h")));
    EXPECT_TRUE(absl::IsInvalidArgument(co_await s.Rename("f", "")));
    const uint64_t huge = SimDisk::kMaxFileBytes;
    EXPECT_TRUE(absl::IsInvalidArgument(co_await file->WriteAt(huge, "x")));
    EXPECT_TRUE(absl::IsInvalidArgument(co_await file->WriteAt(~0ull, "x")));
    EXPECT_TRUE(absl::IsInvalidArgument(co_await file->Truncate(huge + 1)));
    EXPECT_EQ(*file->Size(), 0u);
  });
}

TEST(SimDisk, RenameReplacesAndOpenFilesFollowTheirContent) {
  Machine m;
  m.Run([&]() -> Task<void> {
    FilePtr a = co_await OpenOrDie(m.storage.get(), "a");
    FilePtr b = co_await OpenOrDie(m.storage.get(), "b");
    EXPECT_OK(co_await a->Append("from a"));
    EXPECT_OK(co_await b->Append("from b"));
    EXPECT_OK(co_await m.storage->Rename("a", "b"));
    EXPECT_FALSE(m.disk.Exists("a"));
    EXPECT_EQ(m.disk.file_count(), 1u);
    EXPECT_OK(co_await a->Append("!"));  // now called b
    EXPECT_OK(co_await b->Append("?"));  // no name left
    EXPECT_EQ(co_await ContentsOf(m.storage.get(), "b"), "from a!");
    EXPECT_EQ(co_await Contents(b.get()), "from b?");
    EXPECT_OK(co_await m.storage->Rename("b", "b"));
    EXPECT_EQ(co_await ContentsOf(m.storage.get(), "b"), "from a!");
    // A new file takes the free name; the old handle does not see it.
    FilePtr a2 = co_await OpenOrDie(m.storage.get(), "a", {.create_new = true});
    EXPECT_EQ(*a2->Size(), 0u);
  });
}

TEST(SimDisk, RemovedFileStaysUsableWhileOpen) {
  Machine m;
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->Append("x"));
    EXPECT_OK(co_await m.storage->Remove("f"));
    EXPECT_FALSE(m.disk.Exists("f"));
    EXPECT_OK(co_await file->Append("y"));
    EXPECT_OK(co_await file->Sync());
    EXPECT_EQ(co_await Contents(file.get()), "xy");
    m.disk.Wipe();
    EXPECT_EQ(co_await Contents(file.get()), "xy");
  });
}

TEST(SimDisk, AccessFlagsAreEnforced) {
  Machine m;
  m.MakeDurable("f", "contents");
  m.Run([&]() -> Task<void> {
    FilePtr reader =
        co_await OpenOrDie(m.storage.get(), "f", OpenOptions::ReadOnly());
    EXPECT_TRUE(absl::IsPermissionDenied(co_await reader->Append("x")));
    EXPECT_TRUE(absl::IsPermissionDenied(co_await reader->WriteAt(0, "x")));
    EXPECT_TRUE(absl::IsPermissionDenied(co_await reader->Truncate(0)));
    EXPECT_TRUE(absl::IsPermissionDenied(co_await reader->Allocate(0, 100)));
    EXPECT_EQ(co_await Contents(reader.get()), "contents");
    FilePtr writer = co_await OpenOrDie(m.storage.get(), "f", {.read = false});
    EXPECT_TRUE(
        absl::IsPermissionDenied((co_await writer->ReadAll()).status()));
    EXPECT_OK(co_await writer->WriteAt(0, "C"));
    EXPECT_OK(co_await writer->Sync());
    // What one handle may do does not change what another may.
    EXPECT_EQ(co_await Contents(reader.get()), "Contents");
    EXPECT_TRUE(absl::IsPermissionDenied(co_await reader->Append("x")));
    EXPECT_TRUE(absl::IsInvalidArgument(
        (co_await m.storage->Open("f", {.truncate = true, .write = false}))
            .status()));
    EXPECT_EQ(co_await Contents(reader.get()), "Contents");
  });
}

TEST(SimDisk, DirectOperationsAreAligned) {
  Machine m;
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f",
                                      {.create = true, .direct = true});
    const std::string sector(512, 'x');
    EXPECT_OK(co_await file->Append(sector));
    EXPECT_OK(co_await file->WriteAt(512, sector + sector));
    EXPECT_TRUE(absl::IsInvalidArgument(co_await file->Append("x")));
    EXPECT_TRUE(absl::IsInvalidArgument(co_await file->WriteAt(1, sector)));
    EXPECT_TRUE(absl::IsInvalidArgument(co_await file->WriteAt(512, "x")));
    EXPECT_EQ(*file->Size(), 1536u);
    std::string buffer(512, '.');
    EXPECT_EQ(*co_await file->ReadAt(512, absl::MakeSpan(buffer)), 512u);
    EXPECT_EQ(buffer, sector);
    EXPECT_TRUE(absl::IsInvalidArgument(
        (co_await file->ReadAt(1, absl::MakeSpan(buffer))).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(
        (co_await file->ReadAt(0, absl::MakeSpan(buffer).subspan(1)))
            .status()));
    // Appending to an end that is not a multiple is misaligned, too.
    EXPECT_OK(co_await file->Truncate(100));
    EXPECT_TRUE(absl::IsInvalidArgument(co_await file->Append(sector)));
    EXPECT_EQ(*file->Size(), 100u);
  });
}

TEST(SimDisk, ConcurrentAppendsFollowOneAnother) {
  // In any order, but none overwrites another.
  absl::btree_map<std::string, int> orders;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Machine m(seed);
    m.MakeDurable("f", "");
    for (const char* bytes : {"aa", "bb", "cc"}) {
      m.tasks.Spawn([&, bytes]() -> Task<void> {
        FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
        EXPECT_OK(co_await file->Append(bytes));
      });
    }
    while (m.world.Turn()) {
    }
    const std::string contents = m.disk.Image().files["f"];
    EXPECT_EQ(contents.size(), 6u);
    ++orders[contents];
  }
  EXPECT_EQ(orders.size(), 6u);
  for (const auto& [order, count] : orders) EXPECT_GT(count, 20) << order;
}

TEST(SimDisk, OverlappingWritesOfAHandleMayTakeAnyOrder) {
  int last_wins = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Machine m(seed);
    m.MakeDurable("f", "");
    FilePtr file;
    m.Run([&]() -> Task<void> {
      file = co_await OpenOrDie(m.storage.get(), "f");
    });
    // Issued in this order.
    for (const char* bytes : {"1", "2"}) {
      m.tasks.Spawn([&, bytes]() -> Task<void> {
        co_await m.time.Sleep(absl::Nanoseconds(bytes[0]));
        EXPECT_OK(co_await file->WriteAt(0, bytes));
      });
    }
    while (m.world.Turn()) {
    }
    last_wins += m.disk.Image().files["f"] == "2";
  }
  EXPECT_GT(last_wins, 170);
  EXPECT_LT(last_wins, 280);
}

TEST(SimDisk, AllocateExtendsWithZerosAndKeepsContents) {
  Machine m;
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->Append("abc"));
    EXPECT_OK(co_await file->Allocate(0, 2));
    EXPECT_EQ(*file->Size(), 3u);
    EXPECT_OK(co_await file->Allocate(2, 4));
    EXPECT_EQ(co_await Contents(file.get()), std::string("abc\0\0\0", 6));
    EXPECT_TRUE(absl::IsInvalidArgument(
        co_await file->Allocate(1, SimDisk::kMaxFileBytes)));
  });
}

TEST(SimDisk, LocksExcludeOtherHandlesUntilTheyAreClosed) {
  Machine m;
  m.MakeDurable("f", "");
  FilePtr left_open;
  m.Run([&]() -> Task<void> {
    FilePtr a = co_await OpenOrDie(m.storage.get(), "f");
    FilePtr b = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(a->TryLock());
    EXPECT_OK(a->TryLock());  // has it
    EXPECT_TRUE(absl::IsUnavailable(b->TryLock()));
    EXPECT_OK(co_await b->Append("advisory"));
    // It stays with the file, not with the name.
    EXPECT_OK(co_await m.storage->Rename("f", "g"));
    FilePtr other = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(other->TryLock());
    b = co_await OpenOrDie(m.storage.get(), "g");
    EXPECT_TRUE(absl::IsUnavailable(b->TryLock()));
    a.reset();
    EXPECT_OK(b->TryLock());
    EXPECT_OK(co_await m.storage->SyncDirectory(""));
    left_open = std::move(b);
  });
  // The end of the process releases it, even if frames linger.
  for (const bool crash : {true, false}) {
    if (crash) {
      m.disk.Crash();
    } else {
      m.disk.Disconnect();
    }
    m.storage = m.disk.MakeProvider();
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "g");
      EXPECT_OK(file->TryLock());
      left_open.reset();  // takes nothing from the new holder
      FilePtr second = co_await OpenOrDie(m.storage.get(), "g");
      EXPECT_TRUE(absl::IsUnavailable(second->TryLock()));
      left_open = std::move(file);
    });
  }
}

TEST(SimDisk, LatenciesLieInTheirRanges) {
  DiskOptions options;
  options.iops = 0;
  options.bandwidth = 0;
  options.read = {absl::Microseconds(10), absl::Microseconds(20)};
  options.write = {absl::Microseconds(30), absl::Microseconds(30)};
  options.sync = {absl::Milliseconds(1), absl::Milliseconds(2)};
  options.metadata = {absl::ZeroDuration(), absl::ZeroDuration()};
  Machine m(3, options);
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_EQ(m.time.Now(), absl::ZeroDuration());
    for (int i = 0; i < 100; ++i) {
      absl::Duration start = m.time.Now();
      EXPECT_OK(co_await file->Append("x"));
      EXPECT_EQ(m.time.Now() - start, absl::Microseconds(30));
      start = m.time.Now();
      char byte = 0;
      EXPECT_TRUE((co_await file->ReadAt(0, absl::MakeSpan(&byte, 1))).ok());
      EXPECT_GE(m.time.Now() - start, absl::Microseconds(10));
      EXPECT_LE(m.time.Now() - start, absl::Microseconds(20));
      start = m.time.Now();
      EXPECT_OK(co_await file->Sync());
      EXPECT_GE(m.time.Now() - start, absl::Milliseconds(1));
      EXPECT_LE(m.time.Now() - start, absl::Milliseconds(2));
    }
  });
}

TEST(SimDisk, WipeLeavesNoFile) {
  Machine m;
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->Append("x"));
    EXPECT_OK(co_await file->Sync());
  });
  m.disk.Crash();
  m.disk.Wipe();
  m.storage = m.disk.MakeProvider();
  EXPECT_EQ(m.disk.file_count(), 0u);
  m.Run([&]() -> Task<void> {
    EXPECT_TRUE(absl::IsNotFound((co_await m.storage->Open("f")).status()));
    EXPECT_TRUE((*co_await m.storage->List("")).empty());
  });
}

}  // namespace
}  // namespace moonpool
