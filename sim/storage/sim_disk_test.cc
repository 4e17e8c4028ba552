// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the disk keeps what it promised to keep, loses what it may lose, in
// the stated proportions, and repeats from its seed. Method: directed cases,
// the loss law over 10,000 power cuts, and a model (durable contents plus a
// list of operations) against random operations, cancellations and crashes.
#include "sim/storage/sim_disk.h"

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

namespace moonpool {
namespace {

using FilePtr = std::unique_ptr<File>;

// A world with one machine's disk and one process on it.
struct Machine {
  explicit Machine(uint64_t seed = 1, const DiskOptions& options = {})
      : world(WorldOptions{.seed = seed}),
        time(&world),
        disk(&world, "10.0.1.1", options),
        storage(disk.MakeProvider()) {}

  // Runs body, a coroutine, until nothing is left to do.
  template <typename Body>
  void Run(Body body) {
    JoinHandle job = tasks.Spawn(std::move(body));
    while (world.Turn()) {
    }
    EXPECT_TRUE(job.is_finished());
  }
  void Reboot() {
    disk.Crash();
    storage = disk.MakeProvider();
  }

  World world;
  SimTime time;
  SimDisk disk;
  std::unique_ptr<Storage> storage;
  TaskSet tasks;
};

Task<FilePtr> OpenOrDie(Storage* storage, std::string path,
                        OpenOptions options = {.create = true}) {
  absl::StatusOr<FilePtr> file = co_await storage->Open(path, options);
  EXPECT_TRUE(file.ok()) << path << ": " << file.status();
  co_return *std::move(file);
}

Task<std::string> Contents(File* file) {
  absl::StatusOr<std::string> contents = co_await file->ReadAll();
  EXPECT_TRUE(contents.ok()) << contents.status();
  co_return *std::move(contents);
}

Task<std::string> ContentsOf(Storage* storage, std::string path) {
  FilePtr file = co_await OpenOrDie(storage, path, OpenOptions());
  co_return co_await Contents(file.get());
}

#define EXPECT_OK(...) EXPECT_EQ((__VA_ARGS__), absl::OkStatus())

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
  });
}

TEST(SimDisk, OpenOptionsAndErrors) {
  Machine m;
  m.Run([&]() -> Task<void> {
    Storage& s = *m.storage;
    EXPECT_TRUE(absl::IsNotFound((co_await s.Open("f")).status()));
    EXPECT_TRUE(absl::IsNotFound((co_await s.Open("f", {.truncate = true})).status()));
    EXPECT_TRUE(absl::IsInvalidArgument((co_await s.Open("", {.create = true})).status()));
    EXPECT_EQ(m.disk.file_count(), 0u);
    FilePtr file = co_await OpenOrDie(&s, "f", {.create_new = true});
    EXPECT_OK(co_await file->Append("data"));
    EXPECT_TRUE(absl::IsAlreadyExists(
        (co_await s.Open("f", {.create_new = true, .truncate = true})).status()));
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

TEST(SimDisk, ListIsSortedAndByPrefix) {
  Machine m;
  m.Run([&]() -> Task<void> {
    for (const char* path : {"log/9", "b", "log/10", "log", "a", "lof", "loh"}) {
      (void)co_await OpenOrDie(m.storage.get(), path);
    }
    EXPECT_EQ(*co_await m.storage->List("log/"), (std::vector<std::string>{"log/10", "log/9"}));
    EXPECT_EQ(*co_await m.storage->List("log"),
              (std::vector<std::string>{"log", "log/10", "log/9"}));
    EXPECT_EQ((*co_await m.storage->List("")).size(), 7u);
    EXPECT_TRUE((*co_await m.storage->List("x")).empty());
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

TEST(SimDisk, RenameAfterSyncIsAnAtomicReplacement) {
  // The usual recipe for replacing a file is safe; without Sync it is not.
  int lost = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Machine m(seed);
    const bool sync = seed % 2 == 0;
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "new");
      EXPECT_OK(co_await file->Append("contents"));
      if (sync) EXPECT_OK(co_await file->Sync());
      EXPECT_OK(co_await m.storage->Rename("new", "old"));
    });
    m.Reboot();
    m.Run([&]() -> Task<void> {
      std::string contents = co_await ContentsOf(m.storage.get(), "old");
      if (sync) EXPECT_EQ(contents, "contents");
      if (!sync && contents.empty()) ++lost;
    });
  }
  EXPECT_GT(lost, 25);
  EXPECT_LT(lost, 75);
}

// The loss law: with n unsynced operations each of the n + 1 prefixes survives
// with the same probability.
TEST(SimDisk, CrashKeepsAUniformPrefixOfTheUnsynced) {
  constexpr int kUnsynced = 4;
  constexpr int kCrashes = 10000;
  int kept[kUnsynced + 1] = {};
  Machine m(2026);
  for (int i = 0; i < kCrashes; ++i) {
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f", {.create = true});
      EXPECT_OK(co_await file->Truncate(0));
      EXPECT_OK(co_await file->Append("S"));
      EXPECT_OK(co_await file->Sync());
      for (int j = 0; j < kUnsynced; ++j) {
        EXPECT_OK(co_await file->Append(std::string(1, 'a' + j)));
      }
    });
    m.Reboot();
    m.Run([&]() -> Task<void> {
      std::string contents = co_await ContentsOf(m.storage.get(), "f");
      EXPECT_EQ(contents, std::string("Sabcd").substr(0, contents.size()));
      EXPECT_GE(contents.size(), 1u);  // synced data is never lost
      if (!contents.empty()) ++kept[contents.size() - 1];
    });
  }
  double chi_square = 0;
  const double expected = double{kCrashes} / (kUnsynced + 1);
  for (int count : kept) {
    chi_square += (count - expected) * (count - expected) / expected;
  }
  EXPECT_LT(chi_square, 23.5);  // 4 degrees of freedom, p = 0.0001
}

TEST(SimDisk, SyncCoversWhatWasIssuedBeforeIt) {
  int lost = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Machine m(seed);
    FilePtr file;
    m.Run([&]() -> Task<void> {
      file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Append("a"));
    });
    // b is written while the Sync is under way, and both complete.
    m.tasks.Spawn([&]() -> Task<void> { EXPECT_OK(co_await file->Sync()); });
    m.Run([&]() -> Task<void> {
      co_await m.time.Sleep(absl::Microseconds(10));
      EXPECT_OK(co_await file->Append("b"));
    });
    m.Reboot();
    m.Run([&]() -> Task<void> {
      std::string contents = co_await ContentsOf(m.storage.get(), "f");
      EXPECT_EQ(contents[0], 'a');
      lost += contents == "a";
    });
  }
  EXPECT_GT(lost, 100);
  EXPECT_LT(lost, 200);
}

TEST(SimDisk, NothingIsDurableBeforeSyncCompletes) {
  int lost = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Machine m(seed);
    absl::Status synced;
    m.tasks.Spawn([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Append("a"));
      synced = co_await file->Sync();
    });
    // Open, append; the power goes while the sync is pending.
    EXPECT_TRUE(m.world.Turn());
    EXPECT_TRUE(m.world.Turn());
    m.world.ready().RunAt(0);
    EXPECT_EQ(m.world.pending_events(), 1u);
    m.Reboot();
    m.Run([&]() -> Task<void> { lost += (co_await ContentsOf(m.storage.get(), "f")).empty(); });
    EXPECT_TRUE(absl::IsCancelled(synced)) << synced;
  }
  EXPECT_GT(lost, 60);
  EXPECT_LT(lost, 140);
}

TEST(SimDisk, OperationsOfAFileCompleteInIssueOrder) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Machine m(seed);
    FilePtr file;
    m.Run([&]() -> Task<void> { file = co_await OpenOrDie(m.storage.get(), "f"); });
    std::string issued, completed;
    for (char c = 'a'; c < 'u'; ++c) {
      m.tasks.Spawn([&, c]() -> Task<void> {
        issued.push_back(c);
        char byte = 0;
        if (c % 7 == 0) {
          EXPECT_OK(co_await file->Sync());
        } else if (c % 5 == 0) {
          EXPECT_TRUE((co_await file->ReadAt(0, absl::MakeSpan(&byte, 1))).ok());
        } else {
          EXPECT_OK(co_await file->Append("x"));
        }
        completed.push_back(c);
      });
    }
    while (m.world.Turn()) {
    }
    EXPECT_EQ(completed, issued);
    EXPECT_EQ(completed.size(), 20u);
  }
}

TEST(SimDisk, LatenciesLieInTheirRanges) {
  DiskOptions options;
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
Task<absl::Status> DoRemove(Storage* storage, File*) { co_return co_await storage->Remove("f"); }
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
Task<absl::Status> DoTruncate(Storage*, File* file) { co_return co_await file->Truncate(1); }
Task<absl::Status> DoSync(Storage*, File* file) { co_return co_await file->Sync(); }

const Case kCases[] = {
    {"open", DoOpen},         {"list", DoList},       {"rename", DoRename}, {"remove", DoRemove},
    {"read", DoRead},         {"readall", DoReadAll}, {"write", DoWrite},   {"append", DoAppend},
    {"truncate", DoTruncate}, {"sync", DoSync},
};

enum class End { kDestroy, kCrash, kDisconnect };

// Runs an operation for `steps` steps, then ends it; false once it was over
// before.
bool EndAfter(const Case& c, int steps, End end) {
  SCOPED_TRACE(absl::StrCat(c.name, " ended after ", steps, " steps, way ", static_cast<int>(end)));
  const size_t frames_before = LiveFrames();
  bool unfinished = false;
  {
    Machine m;
    FilePtr file;
    m.Run([&]() -> Task<void> {
      file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Append("0123456789"));
      EXPECT_OK(co_await file->Sync());
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

TEST(SimDisk, EndAtEverySuspensionPointLeavesNothing) {
  for (const Case& c : kCases) {
    for (End end : {End::kDestroy, End::kCrash, End::kDisconnect}) {
      int steps = 0;
      while (EndAfter(c, steps, end)) ++steps;
      EXPECT_GE(steps, 2) << c.name;
      EXPECT_LE(steps, 10) << c.name;
    }
  }
}

TEST(SimDisk, CancelledWriteCountsAsIssued) {
  Machine m;
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    absl::Status status = co_await m.time.Timeout(absl::Nanoseconds(1), file->Append("x"));
    EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
    EXPECT_EQ(co_await Contents(file.get()), "x");
    status = co_await m.time.Timeout(absl::Nanoseconds(1), file->Sync());
    EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  });
}

TEST(SimDisk, EverythingMadeBeforeACrashIsInert) {
  for (bool crash : {true, false}) {
    Machine m;
    FilePtr file;
    m.Run([&]() -> Task<void> {
      file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Append("kept"));
    });
    std::unique_ptr<Storage> old = std::move(m.storage);
    crash ? m.disk.Crash() : m.disk.Disconnect();
    const uint64_t draws = m.world.random().draws();
    m.Run([&]() -> Task<void> {
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

// The model. Files hold their durable contents and the operations since.
struct ModelFile {
  struct Change {
    bool truncate;
    uint64_t offset;
    std::string bytes;
  };
  std::string Contents(size_t changes) const {
    std::string contents = durable;
    for (size_t i = 0; i < changes; ++i) {
      const Change& c = unsynced[i];
      if (c.truncate) {
        contents.resize(c.offset);
      } else if (!c.bytes.empty()) {
        contents.resize(std::max<size_t>(contents.size(), c.offset + c.bytes.size()));
        contents.replace(c.offset, c.bytes.size(), c.bytes);
      }
    }
    return contents;
  }
  std::string Contents() const { return Contents(unsynced.size()); }
  void Sync() {
    durable = Contents();
    unsynced.clear();
  }

  std::string durable;
  std::vector<Change> unsynced;
};

// One random operation on both.
Task<void> Step(Machine* m, absl::btree_map<std::string, ModelFile>* model, Random* random) {
  const std::string path = absl::StrCat("file", random->Below(4));
  const size_t kind = random->Weighted({20, 20, 10, 10, 20, 3, 3});
  if (kind >= 5) {
    const std::string to = absl::StrCat("file", random->Below(4));
    absl::Status status;
    if (kind == 5) {
      status = co_await m->storage->Rename(path, to);
    } else {
      status = co_await m->storage->Remove(path);
    }
    EXPECT_EQ(status.ok(), model->contains(path)) << status;
    if (!status.ok()) co_return;
    ModelFile file = (*model)[path];
    model->erase(path);
    if (kind == 5) (*model)[to] = file;
    co_return;
  }
  FilePtr file = co_await OpenOrDie(m->storage.get(), path);
  ModelFile& expected = (*model)[path];
  const uint64_t offset = random->Below(200);
  const std::string bytes(random->Below(40), 'a' + random->Below(26));
  // A third of the operations lose their coroutine soon after the issue.
  const absl::Duration patience =
      random->Chance({1, 3}) ? absl::Nanoseconds(random->Below(90000)) : absl::Hours(1);
  absl::Status status;
  if (kind == 0) {
    status = co_await m->time.Timeout(patience, file->WriteAt(offset, bytes));
    expected.unsynced.push_back({false, offset, bytes});
  } else if (kind == 1) {
    const uint64_t size = expected.Contents().size();
    status = co_await m->time.Timeout(patience, file->Append(bytes));
    expected.unsynced.push_back({false, size, bytes});
  } else if (kind == 2) {
    status = co_await m->time.Timeout(patience, file->Truncate(offset));
    expected.unsynced.push_back({true, offset, ""});
  } else if (kind == 3) {
    status = co_await m->time.Timeout(patience, file->Sync());
    if (status.ok()) expected.Sync();
  }
  EXPECT_TRUE(status.ok() || absl::IsDeadlineExceeded(status)) << status;
  EXPECT_EQ(co_await Contents(file.get()), expected.Contents());
}

// After a crash each file must be one of its prefixes; that one is durable.
Task<void> CheckAfterCrash(Machine* m, absl::btree_map<std::string, ModelFile>* model) {
  EXPECT_EQ(m->disk.file_count(), model->size());
  for (auto& [path, expected] : *model) {
    const std::string found = co_await ContentsOf(m->storage.get(), path);
    bool is_prefix = false;
    for (size_t i = 0; i <= expected.unsynced.size(); ++i) {
      is_prefix |= found == expected.Contents(i);
    }
    EXPECT_TRUE(is_prefix) << path << " lost synced data or order";
    expected.durable = found;
    expected.unsynced.clear();
  }
}

TEST(SimDisk, BehavesLikeTheModelUnderRandomOperationsAndCrashes) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    Machine m(seed);
    absl::btree_map<std::string, ModelFile> model;
    RandomStream random(&m.world.random(), "test");
    for (int crash = 0; crash < 20; ++crash) {
      const uint64_t steps = random.Below(30);
      m.Run([&]() -> Task<void> {
        for (uint64_t i = 0; i < steps; ++i) {
          co_await Step(&m, &model, &random);
        }
      });
      EXPECT_EQ(m.world.pending_events(), 0u);
      if (random.Chance({1, 4})) {
        m.disk.Disconnect();  // loses nothing, and syncs nothing either
        m.storage = m.disk.MakeProvider();
        continue;
      }
      m.Reboot();
      m.Run([&]() -> Task<void> { co_await CheckAfterCrash(&m, &model); });
    }
    if (HasFailure()) return;
  }
}

uint64_t TraceOfRun(uint64_t seed) {
  Machine m(seed);
  absl::btree_map<std::string, ModelFile> model;
  RandomStream random(&m.world.random(), "test");
  for (int i = 0; i < 3; ++i) {
    m.Run([&]() -> Task<void> {
      for (int j = 0; j < 20; ++j) co_await Step(&m, &model, &random);
    });
    m.Reboot();
    m.Run([&]() -> Task<void> { co_await CheckAfterCrash(&m, &model); });
  }
  return m.world.trace().value();
}

TEST(SimDisk, SameSeedSameTrace) {
  EXPECT_EQ(TraceOfRun(7), TraceOfRun(7));
  EXPECT_NE(TraceOfRun(7), TraceOfRun(8));
}

TEST(SimDisk, TraceCoversContents) {
  // Equal draws and times, different bytes: another timeline.
  auto trace = [](absl::string_view bytes) {
    Machine m;
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Append(bytes));
    });
    return m.world.trace().value();
  };
  EXPECT_EQ(trace("a"), trace("a"));
  EXPECT_NE(trace("a"), trace("b"));
}

TEST(SimDiskDeathTest, CrashInTeardownIsABug) {
  EXPECT_DEATH(
      {
        Machine m;
        World::TeardownScope teardown(&m.world);
        m.disk.Crash();
      },
      "draws");
}

}  // namespace
}  // namespace moonpool
