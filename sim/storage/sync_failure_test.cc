// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a failed sync behaves as in the two kinds of file systems there are.
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "providers/storage.h"
#include "sim/core/fault.h"
#include "sim/storage/sim_disk.h"
#include "sim/storage/test_machine.h"

namespace moonpool {
namespace {

constexpr DiskFaults kFailing = {.sync_failure = {1, 1}};

TEST(SyncFailureTest, DroppedPagesAreReadableAndLostAtTheCrash) {
  Machine m;
  m.MakeDurable("f", "old");
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->WriteAt(0, "new and longer"));
    m.disk.SetFaults(kFailing);
    EXPECT_TRUE(absl::IsDataLoss(co_await file->Sync()));
    EXPECT_EQ(m.world.faults().of(FaultFamily::kSyncFailure), 1u);
    m.disk.SetFaults({});
    EXPECT_EQ(co_await Contents(file.get()), "new and longer");
    // The pages count as clean: the next sync succeeds and saves nothing.
    EXPECT_OK(co_await file->Sync());
    EXPECT_EQ(co_await Contents(file.get()), "new and longer");
  });
  EXPECT_EQ(m.disk.DurableImage().files["f"], "old");
  m.Reboot();
  EXPECT_EQ(m.disk.Image().files["f"], "old");
}

TEST(SyncFailureTest, LaterAppendsLeaveAHoleBehind) {
  Machine m;
  const std::string page(4096, 'a');
  m.MakeDurable("f", page);
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->Append(std::string(4096, 'b')));
    m.disk.SetFaults(kFailing);
    EXPECT_TRUE(absl::IsDataLoss(co_await file->Sync()));
    m.disk.SetFaults({});
    EXPECT_OK(co_await file->Append(std::string(4096, 'c')));
    EXPECT_OK(co_await file->Sync());
  });
  m.Reboot();
  EXPECT_EQ(m.disk.Image().files["f"],
            page + std::string(4096, '\0') + std::string(4096, 'c'));
}

TEST(SyncFailureTest, RewritingTheSamePageSavesTheWholePage) {
  Machine m;
  m.MakeDurable("f", "old contents");
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->WriteAt(0, "new"));
    m.disk.SetFaults(kFailing);
    EXPECT_TRUE(absl::IsDataLoss(co_await file->Sync()));
    m.disk.SetFaults({});
    EXPECT_OK(co_await file->WriteAt(11, "!"));
    EXPECT_OK(co_await file->Sync());
  });
  m.Reboot();
  EXPECT_EQ(m.disk.Image().files["f"], "new content!");
}

TEST(SyncFailureTest, ADroppedTruncationComesBack) {
  Machine m;
  m.MakeDurable("f", "old contents");
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->Truncate(3));
    m.disk.SetFaults(kFailing);
    EXPECT_TRUE(absl::IsDataLoss(co_await file->Sync()));
    m.disk.SetFaults({});
    EXPECT_OK(co_await file->Sync());
    EXPECT_EQ(*file->Size(), 3u);
  });
  m.Reboot();
  EXPECT_EQ(m.disk.Image().files["f"], "old contents");
}

TEST(SyncFailureTest, WhatWasWrittenAfterTheFailureIsSaved) {
  // The failure concerns what the sync covered, and nothing of later writes,
  // whatever the crash law keeps of them.
  for (const bool torn : {false, true}) {
    int kept = 0;
    for (uint64_t seed = 0; seed < 200; ++seed) {
      Machine m(seed);
      m.MakeDurable("f", "old");
      m.Run([&]() -> Task<void> {
        FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
        EXPECT_OK(co_await file->WriteAt(0, "lost"));
        m.disk.SetFaults(kFailing);
        EXPECT_TRUE(absl::IsDataLoss(co_await file->Sync()));
        m.disk.SetFaults({.crash = {.torn_writes = torn, .garbage = false}});
        EXPECT_OK(co_await file->WriteAt(8192, "later"));
      });
      m.Reboot();
      const std::string contents = m.disk.Image().files["f"];
      EXPECT_EQ(contents.substr(0, 3), "old");
      if (contents.size() > 3) EXPECT_EQ(contents[3], '\0');
      kept += contents.size() == 8197 && contents.substr(8192) == "later";
    }
    EXPECT_GT(kept, 50);
    EXPECT_LT(kept, 150);
  }
}

TEST(SyncFailureTest, RetryablePagesStayDirty) {
  Machine m;
  m.MakeDurable("f", "old");
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->WriteAt(0, "new"));
    m.disk.SetFaults({.sync_failure = {1, 1},
                      .sync_failure_mode = SyncFailureMode::kRetryable});
    EXPECT_TRUE(absl::IsDataLoss(co_await file->Sync()));
    EXPECT_EQ(m.disk.DurableImage().files["f"], "old");
    m.disk.SetFaults({});
    EXPECT_OK(co_await file->Sync());
  });
  m.Reboot();
  EXPECT_EQ(m.disk.Image().files["f"], "new");
}

TEST(SyncFailureTest, AFailedDirectorySyncLeavesNamesVolatile) {
  int gone = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Machine m(seed);
    m.Run([&]() -> Task<void> {
      (void)co_await OpenOrDie(m.storage.get(), "f");
      m.disk.SetFaults(kFailing);
      EXPECT_TRUE(absl::IsDataLoss(co_await m.storage->SyncDirectory("")));
    });
    m.disk.SetFaults({});
    m.Reboot();
    gone += !m.disk.Exists("f");
  }
  EXPECT_GT(gone, 25);
  EXPECT_LT(gone, 75);
}

}  // namespace
}  // namespace moonpool
