// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: whatever ends an operation, wherever it is, leaves nothing behind.

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

// Each operation, issued by a coroutine that owns nothing else.
struct Case {
  const char* name;
  Task<absl::Status> (*run)(Storage*, File*);
};

Task<absl::Status> DoOpen(Storage* storage, File*) {
  co_return (co_await storage->Open("new", {.create = true})).status();
}
Task<absl::Status> DoList(Storage* storage, File*) {
  co_return (co_await storage->List("")).status();
}
Task<absl::Status> DoRename(Storage* storage, File*) {
  co_return co_await storage->Rename("f", "g");
}
Task<absl::Status> DoRemove(Storage* storage, File*) {
  co_return co_await storage->Remove("f");
}
Task<absl::Status> DoRead(Storage*, File* file) {
  char byte = 0;
  co_return (co_await file->ReadAt(0, absl::MakeSpan(&byte, 1))).status();
}
Task<absl::Status> DoReadAll(Storage*, File* file) {
  co_return (co_await file->ReadAll()).status();
}
Task<absl::Status> DoWrite(Storage*, File* file) {
  std::string bytes = "bytes of a frame that may die";
  co_return co_await file->WriteAt(3, bytes);
}
Task<absl::Status> DoAppend(Storage*, File* file) {
  std::string bytes = "bytes of a frame that may die";
  co_return co_await file->Append(bytes);
}
Task<absl::Status> DoTruncate(Storage*, File* file) {
  co_return co_await file->Truncate(1);
}
Task<absl::Status> DoSync(Storage*, File* file) {
  co_return co_await file->Sync();
}
Task<absl::Status> DoAllocate(Storage*, File* file) {
  co_return co_await file->Allocate(0, 5000);
}
Task<absl::Status> DoExists(Storage* storage, File*) {
  co_return (co_await storage->Exists("f")).status();
}
Task<absl::Status> DoCreateDirectory(Storage* storage, File*) {
  co_return co_await storage->CreateDirectory("d");
}
Task<absl::Status> DoRemoveDirectory(Storage* storage, File*) {
  co_return co_await storage->RemoveDirectory("empty");
}
Task<absl::Status> DoSyncDirectory(Storage* storage, File*) {
  co_return co_await storage->SyncDirectory("");
}

const Case kCases[] = {
    {"open", DoOpen},
    {"list", DoList},
    {"rename", DoRename},
    {"remove", DoRemove},
    {"read", DoRead},
    {"readall", DoReadAll},
    {"write", DoWrite},
    {"append", DoAppend},
    {"truncate", DoTruncate},
    {"sync", DoSync},
    {"allocate", DoAllocate},
    {"exists", DoExists},
    {"createdirectory", DoCreateDirectory},
    {"removedirectory", DoRemoveDirectory},
    {"syncdirectory", DoSyncDirectory},
};

enum class End { kDestroy, kCrash, kDisconnect };

// Runs an operation for `steps` steps, then ends it; false once it was over
// before.
bool EndAfter(const Case& c, int steps, End end) {
  SCOPED_TRACE(absl::StrCat(c.name, " ended after ", steps, " steps, way ",
                            static_cast<int>(end)));
  const size_t frames_before = LiveFrames();
  bool unfinished = false;
  {
    Machine m;
    FilePtr file;
    m.Run([&]() -> Task<void> {
      file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Append("0123456789"));
      EXPECT_OK(co_await file->Sync());
      EXPECT_OK(co_await m.storage->CreateDirectory("empty"));
      EXPECT_OK(co_await m.storage->SyncDirectory(""));
    });
    {
      TaskSet tasks;
      JoinHandle job = tasks.Spawn(c.run, m.storage.get(), file.get());
      // A step is one resumption or one event.
      for (int i = 0; i < steps; ++i) {
        if (m.world.ready().empty()) {
          m.world.Turn();
        } else {
          m.world.ready().RunAt(0);
        }
      }
      unfinished = !job.is_finished();
      if (end == End::kDestroy) tasks.Clear();
      if (end == End::kCrash) m.disk.Crash();
      if (end == End::kDisconnect) m.disk.Disconnect();
      EXPECT_EQ(m.world.pending_events(), 0u);
      if (unfinished && end != End::kDestroy) {
        // Nobody destroyed it: it learns that its process has ended. If its
        // operation had completed already, it may never notice.
        absl::Status status;
        m.Run([&]() -> Task<void> { status = co_await job.Join(); });
        EXPECT_TRUE(absl::IsCancelled(status) || status.ok()) << status;
        EXPECT_TRUE(absl::IsCancelled(file->Size().status()));
      }
    }
    file.reset();
    m.storage = m.disk.MakeProvider();
    // The disk works for the next incarnation.
    m.Run([&]() -> Task<void> {
      FilePtr next = co_await OpenOrDie(m.storage.get(), "next");
      EXPECT_OK(co_await next->Append("x"));
      EXPECT_OK(co_await next->Sync());
    });
    EXPECT_EQ(m.world.pending_events(), 0u);
  }
  EXPECT_EQ(LiveFrames(), frames_before);
  return unfinished;
}

TEST(LifetimeTest, EndAtEverySuspensionPointLeavesNothing) {
  for (const Case& c : kCases) {
    for (End end : {End::kDestroy, End::kCrash, End::kDisconnect}) {
      int steps = 0;
      while (EndAfter(c, steps, end)) ++steps;
      EXPECT_GE(steps, 2) << c.name;
      EXPECT_LE(steps, 10) << c.name;
    }
  }
}

TEST(LifetimeTest, CancelledWriteHasHappenedOrNotAndHarmsNoOther) {
  int happened = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Machine m(seed);
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
      const absl::Status status =
          co_await m.time.Timeout(absl::Nanoseconds(1), file->Append("AAAA"));
      EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
      // It does not swallow the next one, nor does it come later.
      EXPECT_OK(co_await file->Append("BBBBBBBB"));
      co_await m.time.Sleep(absl::Seconds(1));
      const std::string contents = co_await Contents(file.get());
      EXPECT_TRUE(contents == "AAAABBBBBBBB" || contents == "BBBBBBBB")
          << contents;
      happened += contents.size() == 12;
    });
  }
  EXPECT_GT(happened, 150);
  EXPECT_LT(happened, 250);
}

TEST(LifetimeTest, ACompletionCompletesItsOwnOperationOnly) {
  // An operation that a crash ended early does not end a later one early.
  DiskOptions options;
  options.write = {absl::Milliseconds(200), absl::Milliseconds(200)};
  options.metadata = {absl::ZeroDuration(), absl::ZeroDuration()};
  options.iops = 0;
  options.bandwidth = 0;
  Machine m(1, options);
  m.MakeDurable("f", "");
  m.tasks.Spawn([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_TRUE(absl::IsCancelled(co_await file->Append("x")));
  });
  const absl::Duration start = m.time.Now();
  m.Run([&]() -> Task<void> {
    co_await m.time.Sleep(absl::Milliseconds(50));
    m.Reboot();
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->Append("y"));
    EXPECT_EQ(m.time.Now() - start, absl::Milliseconds(250));
  });
}

TEST(LifetimeTest, EverythingMadeBeforeACrashIsInert) {
  for (bool crash : {true, false}) {
    Machine m;
    FilePtr file;
    m.Run([&]() -> Task<void> {
      file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Append("kept"));
      EXPECT_OK(co_await m.storage->SyncDirectory(""));
    });
    std::unique_ptr<Storage> old = std::move(m.storage);
    crash ? m.disk.Crash() : m.disk.Disconnect();
    const uint64_t draws = m.world.random().draws();
    m.Run([&]() -> Task<void> {
      EXPECT_TRUE(absl::IsCancelled(file->TryLock()));
      for (const Case& c : kCases) {
        absl::Status status = co_await c.run(old.get(), file.get());
        EXPECT_TRUE(absl::IsCancelled(status)) << c.name << ": " << status;
      }
    });
    EXPECT_EQ(m.world.random().draws(), draws);  // not even a latency
    EXPECT_EQ(m.disk.file_count(), 1u);
    {
      World::TeardownScope teardown(&m.world);
      file.reset();
      old.reset();
    }
    m.storage = m.disk.MakeProvider();
    m.Run([&]() -> Task<void> {
      std::string contents = co_await ContentsOf(m.storage.get(), "f");
      if (!crash) EXPECT_EQ(contents, "kept");
    });
  }
}

}  // namespace
}  // namespace moonpool
