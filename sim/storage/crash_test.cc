// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a power cut loses what it may lose, in the stated proportions, and
// nothing else. Method: directed cases and laws over 10,000 power cuts.

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

TEST(CrashTest, RenameAfterSyncIsAnAtomicReplacement) {
  // The usual recipe for replacing a file is safe. Without the Sync contents
  // are lost, without the SyncDirectory the replacement is.
  int emptied = 0;
  int not_replaced = 0;
  for (uint64_t seed = 0; seed < 600; ++seed) {
    Machine m(seed);
    const bool sync = seed % 3 != 1;
    const bool sync_directory = seed % 3 != 2;
    m.MakeDurable("old", "before");
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "new");
      EXPECT_OK(co_await file->Append("contents"));
      if (sync) EXPECT_OK(co_await file->Sync());
      EXPECT_OK(co_await m.storage->Rename("new", "old"));
      if (sync_directory) EXPECT_OK(co_await m.storage->SyncDirectory(""));
    });
    m.Reboot();
    const std::string contents = m.disk.Image().files["old"];
    if (sync && sync_directory) EXPECT_EQ(contents, "contents");
    if (!sync) emptied += contents.empty();
    if (!sync_directory) {
      EXPECT_TRUE(contents == "before" || contents == "contents") << contents;
      not_replaced += contents == "before";
    }
  }
  EXPECT_GT(emptied, 70);
  EXPECT_LT(emptied, 130);
  // Two operations on names: 0, 1 or 2 of them survive.
  EXPECT_GT(not_replaced, 105);
  EXPECT_LT(not_replaced, 160);
}

// The loss law: with n unsynced operations each of the n + 1 prefixes survives
// with the same probability.
TEST(CrashTest, CrashKeepsAUniformPrefixOfTheUnsynced) {
  constexpr int kUnsynced = 4;
  constexpr int kCrashes = 10000;
  int kept[kUnsynced + 1] = {};
  Machine m(2026);
  m.MakeDurable("f", "");
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

TEST(CrashTest, SyncCoversWhatWasIssuedBeforeIt) {
  int lost = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Machine m(seed);
    FilePtr file;
    m.MakeDurable("f", "");
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
    const std::string contents = m.disk.Image().files["f"];
    EXPECT_EQ(contents[0], 'a');
    lost += contents == "a";
  }
  EXPECT_GT(lost, 100);
  EXPECT_LT(lost, 200);
}

TEST(CrashTest, NothingIsDurableBeforeSyncCompletes) {
  int lost = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Machine m(seed);
    m.MakeDurable("f", "");
    absl::Status synced;
    FilePtr file;
    m.Run([&]() -> Task<void> {
      file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Append("a"));
    });
    m.tasks.Spawn([&]() -> Task<void> { synced = co_await file->Sync(); });
    m.world.ready().RunAt(0);
    EXPECT_EQ(m.world.pending_events(), 1u);
    // The power goes while the sync is pending: it never reports success.
    m.Reboot();
    lost += m.disk.Image().files["f"].empty();
    m.Run([&]() -> Task<void> {
      EXPECT_TRUE(absl::IsCancelled(co_await file->Sync()));
    });
    EXPECT_TRUE(absl::IsCancelled(synced)) << synced;
  }
  EXPECT_GT(lost, 60);
  EXPECT_LT(lost, 140);
}

TEST(CrashTest, DisconnectLosesNothingButSyncsNothing) {
  int lost = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Machine m(seed);
    m.MakeDurable("f", "");
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Append("a"));
    });
    m.disk.Disconnect();
    EXPECT_EQ(m.disk.Image().files["f"], "a");
    m.Reboot();
    lost += m.disk.Image().files["f"].empty();
  }
  EXPECT_GT(lost, 30);
  EXPECT_LT(lost, 70);
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
