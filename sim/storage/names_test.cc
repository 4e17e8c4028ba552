// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: directories and names behave as those of a file system, and what is
// left of unsynced names after a crash follows the DirectoryDurability.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "providers/storage.h"
#include "sim/storage/sim_disk.h"
#include "sim/storage/test_machine.h"

namespace moonpool {
namespace {

using Names = std::vector<std::string>;

// The paths of everything, joined by spaces; directories end in a slash.
std::string Tree(const DiskImage& image) {
  absl::btree_set<std::string> paths;
  for (const auto& [path, contents] : image.files) paths.insert(path);
  for (const std::string& path : image.directories) paths.insert(path + "/");
  return absl::StrJoin(paths, " ");
}

Task<void> Create(Machine* m, std::string path) {
  FilePtr file =
      co_await OpenOrDie(m->storage.get(), path, {.create_new = true});
  EXPECT_OK(co_await file->Append(path));
}

TEST(NamesTest, DirectoriesHoldNamesInOrder) {
  Machine m;
  m.Run([&]() -> Task<void> {
    Storage& s = *m.storage;
    EXPECT_OK(co_await s.CreateDirectory("log"));
    EXPECT_OK(co_await s.CreateDirectory("log/old"));
    for (const char* path : {"log/9", "b", "log/10", "a", "log/old/1"}) {
      co_await Create(&m, path);
    }
    EXPECT_EQ(*co_await s.List(""), (Names{"a", "b", "log"}));
    EXPECT_EQ(*co_await s.List("log"), (Names{"10", "9", "old"}));
    EXPECT_EQ(*co_await s.List("log/old"), (Names{"1"}));
    EXPECT_TRUE(*co_await s.Exists("log/old"));
    EXPECT_TRUE(*co_await s.Exists("log/10"));
    EXPECT_TRUE(*co_await s.Exists(""));
    EXPECT_FALSE(*co_await s.Exists("log/11"));
    EXPECT_FALSE(*co_await s.Exists("a/11"));
    EXPECT_FALSE(*co_await s.Exists("nowhere/11"));
    EXPECT_EQ(m.disk.file_count(), 5u);
    EXPECT_TRUE(m.disk.Exists("log/9"));
  });
}

TEST(NamesTest, ErrorsSayWhatIsWrong) {
  Machine m;
  m.Run([&]() -> Task<void> {
    Storage& s = *m.storage;
    const OpenOptions create = {.create = true};
    EXPECT_OK(co_await s.CreateDirectory("d"));
    EXPECT_OK(co_await s.CreateDirectory("d/e"));
    co_await Create(&m, "f");
    // No parent, or not a directory.
    EXPECT_TRUE(absl::IsNotFound((co_await s.Open("no/f", create)).status()));
    EXPECT_TRUE(absl::IsNotFound(co_await s.CreateDirectory("no/d")));
    EXPECT_TRUE(
        absl::IsFailedPrecondition((co_await s.Open("f/g", create)).status()));
    EXPECT_TRUE(absl::IsFailedPrecondition((co_await s.List("f")).status()));
    EXPECT_TRUE(absl::IsNotFound((co_await s.List("no")).status()));
    EXPECT_TRUE(absl::IsNotFound(co_await s.SyncDirectory("no")));
    EXPECT_TRUE(absl::IsFailedPrecondition(co_await s.SyncDirectory("f")));
    // Files are not directories.
    EXPECT_TRUE(
        absl::IsFailedPrecondition((co_await s.Open("d", create)).status()));
    EXPECT_TRUE(absl::IsFailedPrecondition(co_await s.Remove("d")));
    EXPECT_TRUE(absl::IsFailedPrecondition(co_await s.RemoveDirectory("f")));
    EXPECT_TRUE(absl::IsFailedPrecondition(co_await s.Rename("f", "d")));
    EXPECT_TRUE(absl::IsFailedPrecondition(co_await s.Rename("d", "f")));
    EXPECT_TRUE(absl::IsAlreadyExists(co_await s.CreateDirectory("d")));
    EXPECT_TRUE(absl::IsAlreadyExists(co_await s.CreateDirectory("f")));
    // Not empty; into itself.
    EXPECT_TRUE(absl::IsFailedPrecondition(co_await s.RemoveDirectory("d")));
    EXPECT_OK(co_await s.CreateDirectory("g"));
    EXPECT_TRUE(absl::IsFailedPrecondition(co_await s.Rename("g", "d")));
    EXPECT_TRUE(absl::IsInvalidArgument(co_await s.Rename("d", "d/e/x")));
    EXPECT_OK(co_await s.Rename("g", "d/e"));  // over an empty one
    EXPECT_OK(co_await s.RemoveDirectory("d/e"));
    EXPECT_OK(co_await s.RemoveDirectory("d"));
    for (const char* path : {"", "/f", "f/", "a//b", ".", "a/../f"}) {
      EXPECT_TRUE(
          absl::IsInvalidArgument((co_await s.Open(path, create)).status()))
          << path;
      EXPECT_TRUE(absl::IsInvalidArgument(co_await s.Rename("f", path)));
    }
    EXPECT_TRUE(absl::IsNotFound(co_await s.Remove("g")));
    EXPECT_TRUE(absl::IsNotFound(co_await s.Rename("g", "h")));
  });
  EXPECT_EQ(Tree(m.disk.Image()), "f");
}

TEST(NamesTest, ADirectoryMovesWithItsContents) {
  Machine m;
  m.Run([&]() -> Task<void> {
    EXPECT_OK(co_await m.storage->CreateDirectory("a"));
    EXPECT_OK(co_await m.storage->CreateDirectory("b"));
    co_await Create(&m, "a/f");
    FilePtr file = co_await OpenOrDie(m.storage.get(), "a/f");
    EXPECT_OK(co_await m.storage->Rename("a", "b/c"));
    EXPECT_OK(co_await file->Append("!"));
  });
  EXPECT_EQ(Tree(m.disk.Image()), "b/ b/c/ b/c/f");
  EXPECT_EQ(m.disk.Image().files["b/c/f"], "a/f!");
}

TEST(NamesTest, RenameOverADeletedNameIsVisible) {
  Machine m;
  m.Run([&]() -> Task<void> {
    co_await Create(&m, "a");
    co_await Create(&m, "b");
    EXPECT_OK(co_await m.storage->Remove("b"));
    EXPECT_OK(co_await m.storage->Rename("a", "b"));
    EXPECT_TRUE(*co_await m.storage->Exists("b"));
    EXPECT_EQ(co_await ContentsOf(m.storage.get(), "b"), "a");
  });
}

TEST(NamesTest, EachMachineHasItsOwnNames) {
  World world(WorldOptions{});
  SimDisk first(&world, "10.0.1.1", DiskOptions());
  SimDisk second(&world, "10.0.1.2", DiskOptions());
  std::unique_ptr<Storage> storage = first.MakeProvider();
  std::unique_ptr<Storage> other = second.MakeProvider();
  TaskSet tasks;
  tasks.Spawn([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(storage.get(), "wal");
    EXPECT_OK(co_await file->Append("first"));
    EXPECT_TRUE(absl::IsNotFound((co_await other->Open("wal")).status()));
    FilePtr wal = co_await OpenOrDie(other.get(), "wal");
    EXPECT_EQ(co_await Contents(wal.get()), "");
    EXPECT_OK(co_await wal->Sync());
    second.Wipe();
    EXPECT_EQ(co_await Contents(file.get()), "first");
  });
  while (world.Turn()) {
  }
  EXPECT_EQ(Tree(first.Image()), "wal");
}

// ---- Durability
// ---------------------------------------------------------------

// How often each tree was left by 2,000 crashes after these operations.
template <typename Body>
absl::btree_map<std::string, int> AfterCrashes(const DiskOptions& options,
                                               const DiskFaults& faults,
                                               Body body) {
  absl::btree_map<std::string, int> trees;
  Machine m(3, options);
  m.disk.SetFaults(faults);
  DiskImage image;
  image.directories = {"d", "e"};
  image.files["d/old"] = "old";
  for (int i = 0; i < 2000; ++i) {
    m.disk.Restore(image);
    m.storage = m.disk.MakeProvider();
    m.Run([&]() -> Task<void> { co_await body(&m); });
    m.disk.Crash();
    ++trees[Tree(m.disk.Image())];
  }
  return trees;
}

Task<void> CreateThree(Machine* m) {
  co_await Create(m, "d/1");
  co_await Create(m, "e/2");
  co_await Create(m, "d/3");
}

TEST(NamesTest, StrictKeepsAPrefixOfEachDirectory) {
  const auto trees = AfterCrashes({}, {}, CreateThree);
  // 0, 1 or 2 of d's, and independently 0 or 1 of e's.
  EXPECT_EQ(trees.size(), 6u);
  for (const auto& [tree, count] : trees) {
    EXPECT_NEAR(count, 2000 / 6, 80) << tree;
    EXPECT_FALSE(tree.find("d/3") != tree.npos && tree.find("d/1") == tree.npos)
        << tree;
  }
}

TEST(NamesTest, StrictWithTornWritesKeepsAnySubset) {
  const auto trees = AfterCrashes(
      {}, {.crash = {.torn_writes = true, .keep_all = {0, 1}}}, CreateThree);
  EXPECT_EQ(trees.size(), 8u);
  for (const auto& [tree, count] : trees) {
    EXPECT_NEAR(count, 2000 / 8, 75) << tree;
  }
}

TEST(NamesTest, OrderedKeepsAPrefixOfAll) {
  const auto trees = AfterCrashes(
      {.directories = DirectoryDurability::kOrdered}, {}, CreateThree);
  EXPECT_EQ(trees.size(), 4u);
  EXPECT_NEAR(trees.at("d/ d/1 d/old e/"), 500, 100);
  EXPECT_NEAR(trees.at("d/ d/1 d/old e/ e/2"), 500, 100);
}

TEST(NamesTest, AtOnceLosesNoName) {
  const auto trees = AfterCrashes({.directories = DirectoryDurability::kAtOnce},
                                  {}, CreateThree);
  EXPECT_EQ(trees.size(), 1u);
  EXPECT_EQ(trees.begin()->first, "d/ d/1 d/3 d/old e/ e/2");
}

TEST(NamesTest, SyncDirectoryMakesItsNamesDurableAndNoOthers) {
  const auto trees = AfterCrashes({}, {}, [](Machine* m) -> Task<void> {
    co_await CreateThree(m);
    EXPECT_OK(co_await m->storage->SyncDirectory("d"));
  });
  EXPECT_EQ(trees.size(), 2u);
  EXPECT_NEAR(trees.at("d/ d/1 d/3 d/old e/"), 1000, 120);
  EXPECT_NEAR(trees.at("d/ d/1 d/3 d/old e/ e/2"), 1000, 120);
}

TEST(NamesTest, ANewFileNeedsSyncOfFileAndDirectory) {
  int gone = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Machine m(seed);
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Append("x"));
      EXPECT_OK(co_await file->Sync());
    });
    m.Reboot();
    gone += !m.disk.Exists("f");
    if (m.disk.Exists("f")) EXPECT_EQ(m.disk.Image().files["f"], "x");
  }
  EXPECT_GT(gone, 60);
  EXPECT_LT(gone, 140);
}

TEST(NamesTest, ADirectoryThatIsLostTakesItsSyncedFilesAlong) {
  const auto trees = AfterCrashes({}, {}, [](Machine* m) -> Task<void> {
    EXPECT_OK(co_await m->storage->CreateDirectory("new"));
    co_await Create(m, "new/f");
    EXPECT_OK(co_await m->storage->SyncDirectory("new"));
  });
  EXPECT_EQ(trees.size(), 2u);
  EXPECT_NEAR(trees.at("d/ d/old e/"), 1000, 120);
  EXPECT_NEAR(trees.at("d/ d/old e/ new/ new/f"), 1000, 120);
}

TEST(NamesTest, ARenameBetweenDirectoriesIsNeverHalved) {
  for (const bool torn : {false, true}) {
    const auto trees = AfterCrashes(
        {}, {.crash = {.torn_writes = torn}}, [](Machine* m) -> Task<void> {
          EXPECT_OK(co_await m->storage->Rename("d/old", "e/new"));
        });
    EXPECT_EQ(trees.size(), 2u);
    EXPECT_GT(trees.at("d/ d/old e/"), 300);
    EXPECT_GT(trees.at("d/ e/ e/new"), 300);
    // A sync of either side makes it durable.
    for (const char* side : {"d", "e"}) {
      const auto synced = AfterCrashes(
          {}, {.crash = {.torn_writes = torn}}, [&](Machine* m) -> Task<void> {
            EXPECT_OK(co_await m->storage->Rename("d/old", "e/new"));
            EXPECT_OK(co_await m->storage->SyncDirectory(side));
          });
      EXPECT_EQ(synced.at("d/ e/ e/new"), 2000);
    }
  }
}

TEST(NamesTest, ALostRemovalBringsTheFileBackWithItsContents) {
  int back = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Machine m(seed);
    m.MakeDurable("f", "contents");
    m.Run([&]() -> Task<void> {
      EXPECT_OK(co_await m.storage->Remove("f"));
      co_await Create(&m, "f");  // another file of that name
    });
    m.Reboot();
    const DiskImage image = m.disk.Image();
    if (image.files.contains("f") && image.files.at("f") == "contents") ++back;
  }
  EXPECT_GT(back, 40);
  EXPECT_LT(back, 95);
}

TEST(NamesTest, CrashesInAnyStateOfMovedDirectoriesKeepATree) {
  // Moves there and back again could tie a ring if single ones were lost.
  const auto trees =
      AfterCrashes({}, {.crash = {.torn_writes = true, .keep_all = {0, 1}}},
                   [](Machine* m) -> Task<void> {
                     EXPECT_OK(co_await m->storage->Rename("e", "d/e"));
                     EXPECT_OK(co_await m->storage->Rename("d/e", "e"));
                     EXPECT_OK(co_await m->storage->Rename("d", "e/d"));
                   });
  for (const auto& [tree, count] : trees) {
    EXPECT_TRUE(tree.find("old") != tree.npos) << tree;
  }
  EXPECT_EQ(trees.size(), 3u);
}

}  // namespace
}  // namespace moonpool
