// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: with torn writes the unsynced pages and sectors meet the fates of the
// crash law, in its proportions, and synced bytes meet none. Method: laws over
// 10,000 power cuts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "providers/storage.h"
#include "sim/core/fault.h"
#include "sim/storage/sim_disk.h"
#include "sim/storage/test_machine.h"

namespace moonpool {
namespace {

constexpr int kCrashes = 10000;

DiskFaults Torn(bool garbage = true, Ratio keep_all = {1, 10}) {
  return {
      .crash = {.torn_writes = true, .keep_all = keep_all, .garbage = garbage}};
}

// True if part lies within count * p +- 5 standard deviations.
void ExpectShare(int part, int count, double p, const char* what) {
  const double deviation = 5 * std::sqrt(count * p * (1 - p));
  EXPECT_NEAR(part, count * p, deviation) << what;
}

bool IsAll(absl::string_view bytes, char c) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [c](char byte) { return byte == c; });
}

// How often each fate was seen, of sectors and of pages.
struct Fates {
  int pages = 0, pages_new = 0, pages_old = 0, pages_damaged = 0;
  int sectors = 0, good = 0, old = 0, mixed = 0, garbage = 0;
  int all_new = 0;  // crashes
};

// Three synced pages of 'o' are overwritten with 'n', and the power goes.
Fates Measure(bool garbage) {
  Fates fates;
  Machine m(7);
  m.disk.SetFaults(Torn(garbage));
  DiskImage image;
  image.files["f"] = std::string(3 * 4096, 'o');
  for (int i = 0; i < kCrashes; ++i) {
    m.disk.Restore(image);
    m.storage = m.disk.MakeProvider();
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->WriteAt(0, std::string(3 * 4096, 'n')));
    });
    m.disk.Crash();
    const std::string contents = m.disk.Image().files["f"];
    EXPECT_EQ(contents.size(), 3 * 4096u);
    fates.all_new += IsAll(contents, 'n');
    for (int page = 0; page < 3; ++page) {
      const absl::string_view bytes =
          absl::string_view(contents).substr(page * 4096, 4096);
      ++fates.pages;
      fates.pages_new += IsAll(bytes, 'n');
      fates.pages_old += IsAll(bytes, 'o');
      if (IsAll(bytes, 'n') || IsAll(bytes, 'o')) continue;
      ++fates.pages_damaged;
      for (int i = 0; i < 8; ++i) {
        const absl::string_view sector = bytes.substr(i * 512, 512);
        ++fates.sectors;
        const bool has_garbage =
            std::any_of(sector.begin(), sector.end(),
                        [](char c) { return c != 'o' && c != 'n'; });
        fates.good += IsAll(sector, 'n');
        fates.old += IsAll(sector, 'o');
        fates.garbage += has_garbage;
        fates.mixed +=
            !has_garbage && !IsAll(sector, 'n') && !IsAll(sector, 'o');
      }
    }
  }
  return fates;
}

TEST(TornTest, PagesAndSectorsMeetTheFatesOfTheLaw) {
  const Fates fates = Measure(/*garbage=*/true);
  // 1/10 keeps all; else a third each.
  ExpectShare(fates.pages_new, fates.pages, 0.1 + 0.9 / 3, "kept");
  ExpectShare(fates.pages_old, fates.pages, 0.9 / 3, "dropped");
  ExpectShare(fates.pages_damaged, fates.pages, 0.9 / 3, "damaged");
  ExpectShare(fates.all_new, kCrashes, 0.1 + 0.9 / 27, "everything kept");
  // 1/4 good; of the rest 1/3 dropped, 2/3 damaged at the left, at the right
  // or wholly, half of them with garbage.
  ExpectShare(fates.good, fates.sectors, 0.25, "good");
  ExpectShare(fates.garbage, fates.sectors, 0.25, "garbage");
  ExpectShare(fates.old, fates.sectors, 0.25 + 0.25 / 3, "old");
  ExpectShare(fates.mixed, fates.sectors, 0.25 * 2 / 3, "mixed");
}

TEST(TornTest, WithoutGarbageEverythingIsOldOrNew) {
  const Fates fates = Measure(/*garbage=*/false);
  EXPECT_EQ(fates.garbage, 0);
  ExpectShare(fates.good, fates.sectors, 0.25, "good");
  ExpectShare(fates.mixed, fates.sectors, 0.5 * 2 / 3, "mixed");
}

TEST(TornTest, SyncedBytesAreNeverTouched) {
  // The unsynced bytes share sectors with synced ones, on both sides.
  Machine m(11);
  m.disk.SetFaults(Torn());
  DiskImage image;
  image.files["f"] = std::string(700, 's');
  int damaged = 0;
  for (int i = 0; i < kCrashes; ++i) {
    m.disk.Restore(image);
    m.storage = m.disk.MakeProvider();
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->WriteAt(300, std::string(300, 'u')));
      EXPECT_OK(co_await file->Append(std::string(50, 'u')));
    });
    m.disk.Crash();
    const std::string contents = m.disk.Image().files["f"];
    EXPECT_GE(contents.size(), 700u);
    EXPECT_TRUE(IsAll(contents.substr(0, 300), 's'));
    EXPECT_TRUE(IsAll(contents.substr(600, 100), 's'));
    damaged += contents.substr(300, 300) != std::string(300, 's') &&
               contents.substr(300, 300) != std::string(300, 'u');
  }
  EXPECT_GT(damaged, kCrashes / 10);
}

TEST(TornTest, TruncationsAreLostWithOneHalf) {
  Machine m(12);
  m.disk.SetFaults(Torn());
  DiskImage image;
  image.files["f"] = std::string(9000, 's');
  int lost = 0;
  for (int i = 0; i < kCrashes; ++i) {
    m.disk.Restore(image);
    m.storage = m.disk.MakeProvider();
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Truncate(100));
    });
    m.disk.Crash();
    const std::string contents = m.disk.Image().files["f"];
    EXPECT_TRUE(IsAll(contents, 's'));
    EXPECT_TRUE(contents.size() == 100 || contents.size() == 9000);
    lost += contents.size() == 9000;
  }
  ExpectShare(lost, kCrashes, 0.9 / 2, "truncation lost");
}

TEST(TornTest, AnAppendExtendsToALegalSizeAndHolesAreZeros) {
  Machine m(13);
  m.disk.SetFaults(Torn(/*garbage=*/false));
  DiskImage image;
  image.files["f"] = std::string(100, 's');
  absl::btree_map<size_t, int> sizes;
  int holes = 0;
  for (int i = 0; i < kCrashes; ++i) {
    m.disk.Restore(image);
    m.storage = m.disk.MakeProvider();
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Append(std::string(9900, 'n')));
    });
    m.disk.Crash();
    const std::string contents = m.disk.Image().files["f"];
    ++sizes[contents.size()];
    EXPECT_TRUE(IsAll(contents.substr(0, 100), 's'));
    EXPECT_EQ(contents.substr(100).find_first_not_of(std::string("n\0", 2)),
              std::string::npos);
    holes += contents.size() == 10000 && contents[200] == 0;
  }
  // The size goes first with 1/2; else up to the last page not dropped.
  ExpectShare(sizes[10000], kCrashes, 0.1 + 0.9 * (0.5 + 0.5 * 2 / 3), "all");
  ExpectShare(sizes[8192], kCrashes, 0.45 / 3 * 2 / 3, "two pages");
  ExpectShare(sizes[4096], kCrashes, 0.45 / 9 * 2 / 3, "one page");
  ExpectShare(sizes[100], kCrashes, 0.45 / 27, "nothing");
  EXPECT_EQ(sizes.size(), 4u);
  EXPECT_GT(holes, kCrashes / 5);
}

TEST(TornTest, OnlyCrashesThatTearAreCountedAsFaults) {
  Machine m(14);
  m.MakeDurable("f", "synced");
  auto append_and_crash = [&] {
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Append("unsynced"));
    });
    m.Reboot();
  };
  for (int i = 0; i < 20; ++i) append_and_crash();
  EXPECT_EQ(m.world.faults().total(), 0u);  // the gentle law
  m.disk.SetFaults(Torn(true, {1, 1}));
  for (int i = 0; i < 20; ++i) append_and_crash();
  EXPECT_EQ(m.world.faults().total(), 0u);
  m.disk.SetFaults(Torn(true, {0, 1}));
  for (int i = 0; i < 20; ++i) append_and_crash();
  EXPECT_GT(m.world.faults().of(FaultFamily::kTornWrite), 5u);
  EXPECT_EQ(m.world.faults().of(FaultFamily::kTornWrite),
            m.world.faults().total());
}

}  // namespace
}  // namespace moonpool
