// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: each fault does what its name says, to the bytes and to the caller, is
// counted in its family, and heals as it should.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "providers/storage.h"
#include "sim/core/fault.h"
#include "sim/storage/sim_disk.h"
#include "sim/storage/test_machine.h"

namespace moonpool {
namespace {

constexpr Ratio kAlways = {1, 1};

// Eight sectors of different letters.
std::string Letters() {
  std::string contents;
  for (char c = 'a'; c < 'i'; ++c) contents += std::string(512, c);
  return contents;
}

// Reads one sector's worth.
Task<absl::StatusOr<std::string>> ReadSector(File* file, uint64_t sector) {
  std::string buffer(512, '.');
  absl::StatusOr<size_t> count =
      co_await file->ReadAt(sector * 512, absl::MakeSpan(buffer));
  if (!count.ok()) co_return count.status();
  buffer.resize(*count);
  co_return buffer;
}

// A machine whose file "f" holds Letters(), durably.
struct LetterMachine : Machine {
  explicit LetterMachine(uint64_t seed = 1, const DiskOptions& options = {})
      : Machine(seed, options) {
    MakeDurable("f", Letters());
  }
  uint64_t count(FaultFamily family) const {
    EXPECT_EQ(world.faults().total(), disk.stats().faults);
    return world.faults().of(family);
  }
};

template <typename Body>
void RunOnFile(LetterMachine* m, Body body) {
  m->Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m->storage.get(), "f");
    co_await body(file.get());
  });
}

TEST(FaultsTest, DefaultFaultsDrawNothingAndCountNone) {
  auto draws = [](bool set) {
    LetterMachine m;
    if (set) {
      m.disk.SetFaults({.bit_rot = kAlways});
      m.disk.SetFaults({});
    }
    RunOnFile(&m, [&](File* file) -> Task<void> {
      EXPECT_OK(co_await file->Append("x"));
      EXPECT_OK(co_await file->Sync());
    });
    EXPECT_EQ(m.world.faults().total(), 0u);
    return m.world.random().draws();
  };
  EXPECT_EQ(draws(true), draws(false));
}

TEST(FaultsTest, TransientErrorsPassAndChangeNothing) {
  LetterMachine m;
  RunOnFile(&m, [&](File* file) -> Task<void> {
    m.disk.SetFaults({.read_error = kAlways, .write_error = kAlways});
    EXPECT_TRUE(absl::IsDataLoss((co_await ReadSector(file, 0)).status()));
    EXPECT_TRUE(absl::IsDataLoss(co_await file->WriteAt(0, "x")));
    EXPECT_TRUE(absl::IsDataLoss(co_await file->Append("x")));
    EXPECT_TRUE(absl::IsDataLoss(co_await file->Truncate(1)));
    // Names, too.
    Storage& s = *m.storage;
    EXPECT_TRUE(absl::IsDataLoss((co_await s.Open("f")).status()));
    EXPECT_TRUE(absl::IsDataLoss((co_await s.List("")).status()));
    EXPECT_TRUE(absl::IsDataLoss(co_await s.Rename("f", "g")));
    EXPECT_EQ(m.count(FaultFamily::kIoError), 7u);
    m.disk.SetFaults({});
    EXPECT_EQ(co_await Contents(file), Letters());
    EXPECT_EQ(*co_await s.List(""), (std::vector<std::string>{"f"}));
  });
}

TEST(FaultsTest, RatesAreKept) {
  LetterMachine m;
  int errors = 0;
  RunOnFile(&m, [&](File* file) -> Task<void> {
    m.disk.SetFaults({.read_error = {1, 4}});
    for (int i = 0; i < 10000; ++i) {
      errors += !(co_await ReadSector(file, 0)).ok();
    }
  });
  EXPECT_NEAR(errors, 2500, 220);
  EXPECT_EQ(m.count(FaultFamily::kIoError), static_cast<uint64_t>(errors));
}

TEST(FaultsTest, ABadSectorStaysUntilItIsRewrittenAsAWhole) {
  LetterMachine m;
  RunOnFile(&m, [&](File* file) -> Task<void> {
    m.disk.SetFaults({.latent_sector = kAlways});
    EXPECT_TRUE(absl::IsDataLoss((co_await ReadSector(file, 2)).status()));
    m.disk.SetFaults({});
    EXPECT_EQ(m.count(FaultFamily::kIoError), 1u);
  });
  m.Reboot();  // a reboot does not heal it
  RunOnFile(&m, [&](File* file) -> Task<void> {
    EXPECT_TRUE(absl::IsDataLoss((co_await ReadSector(file, 2)).status()));
    EXPECT_EQ(*co_await ReadSector(file, 1), std::string(512, 'b'));
    EXPECT_EQ(*co_await ReadSector(file, 3), std::string(512, 'd'));
    // A part of it cannot be written: the rest would have to be read.
    EXPECT_TRUE(absl::IsDataLoss(co_await file->WriteAt(1024, "x")));
    EXPECT_TRUE(
        absl::IsDataLoss(co_await file->WriteAt(512, std::string(600, 'x'))));
    EXPECT_TRUE(absl::IsDataLoss((co_await ReadSector(file, 2)).status()));
    EXPECT_OK(co_await file->WriteAt(1024, std::string(512, 'N')));
    EXPECT_EQ(*co_await ReadSector(file, 2), std::string(512, 'N'));
    EXPECT_EQ(*co_await ReadSector(file, 1), std::string(512, 'b'));
  });
}

TEST(FaultsTest, BitRotFlipsOneStoredBitForGood) {
  LetterMachine m;
  std::string rotten;
  RunOnFile(&m, [&](File* file) -> Task<void> {
    m.disk.SetFaults({.bit_rot = kAlways});
    rotten = *co_await ReadSector(file, 2);
    int bits = 0;
    for (const char c : rotten) bits += __builtin_popcount((c ^ 'c') & 0xFF);
    EXPECT_EQ(bits, 1);
    m.disk.SetFaults({});
    EXPECT_EQ(m.count(FaultFamily::kBitRot), 1u);
    EXPECT_EQ(*co_await ReadSector(file, 2), rotten);
  });
  m.Reboot();
  RunOnFile(&m, [&](File* file) -> Task<void> {
    EXPECT_EQ(*co_await ReadSector(file, 2), rotten);
    // A partial write does not heal the rest of the sector.
    EXPECT_OK(co_await file->WriteAt(1024, rotten.substr(0, 1)));
    EXPECT_EQ(*co_await ReadSector(file, 2), rotten);
    EXPECT_OK(co_await file->WriteAt(1024, std::string(512, 'c')));
    EXPECT_EQ(co_await Contents(file), Letters());
  });
}

TEST(FaultsTest, AMisdirectedReadReturnsAnotherSectorOnce) {
  LetterMachine m;
  int elsewhere = 0;
  RunOnFile(&m, [&](File* file) -> Task<void> {
    m.disk.SetFaults({.misdirected_read = kAlways});
    for (int i = 0; i < 100; ++i) {
      const std::string found = *co_await ReadSector(file, 2);
      EXPECT_EQ(found, std::string(512, found[0]));
      EXPECT_TRUE(found[0] >= 'a' && found[0] < 'i') << found[0];
      elsewhere += found[0] != 'c';
    }
    m.disk.SetFaults({});
    EXPECT_EQ(co_await Contents(file), Letters());
  });
  EXPECT_GT(elsewhere, 70);
  EXPECT_EQ(m.count(FaultFamily::kMisdirectedRead),
            static_cast<uint64_t>(elsewhere));
}

TEST(FaultsTest, AMisdirectedWriteHitsAnotherSectorAndRewritingHealsBoth) {
  int hits = 0;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    LetterMachine m(seed);
    RunOnFile(&m, [&](File* file) -> Task<void> {
      m.disk.SetFaults({.misdirected_write = kAlways});
      EXPECT_OK(co_await file->WriteAt(1024, std::string(512, 'N')));
      m.disk.SetFaults({});
      if (m.count(FaultFamily::kMisdirectedWrite) == 0) co_return;
      ++hits;
      std::string contents = co_await Contents(file);
      EXPECT_EQ(contents.size(), Letters().size());
      EXPECT_EQ(contents.substr(1024, 512), std::string(512, 'c'));
      const size_t victim = contents.find('N');
      EXPECT_EQ(victim % 512, 0u);
      EXPECT_EQ(contents.substr(victim, 512), std::string(512, 'N'));
      EXPECT_OK(co_await file->Sync());
      EXPECT_OK(co_await file->WriteAt(1024, std::string(512, 'N')));
      EXPECT_OK(co_await file->WriteAt(victim, Letters().substr(victim, 512)));
      EXPECT_EQ(co_await Contents(file),
                Letters().replace(1024, 512, std::string(512, 'N')));
    });
  }
  EXPECT_GT(hits, 30);
}

TEST(FaultsTest, APhantomWriteIsAcknowledgedAndNeverDone) {
  LetterMachine m;
  RunOnFile(&m, [&](File* file) -> Task<void> {
    m.disk.SetFaults({.phantom_write = kAlways});
    EXPECT_OK(co_await file->WriteAt(1024, std::string(512, 'N')));
    EXPECT_OK(co_await file->Append("appended"));
    EXPECT_OK(co_await file->Sync());
    m.disk.SetFaults({});
    EXPECT_EQ(m.count(FaultFamily::kPhantomWrite), 2u);
    // The size is right, the bytes were never written.
    EXPECT_EQ(co_await Contents(file), Letters() + std::string(8, '\0'));
  });
}

TEST(FaultsTest, AStaleReadReturnsWhatWasThereBefore) {
  LetterMachine m;
  RunOnFile(&m, [&](File* file) -> Task<void> {
    m.disk.SetFaults({.stale_read = kAlways});
    EXPECT_EQ(*co_await ReadSector(file, 2), std::string(512, 'c'));
    EXPECT_EQ(m.count(FaultFamily::kStaleRead), 0u);  // nothing was written
    EXPECT_OK(co_await file->WriteAt(1024, std::string(512, 'N')));
    EXPECT_OK(co_await file->Sync());
    EXPECT_EQ(*co_await ReadSector(file, 2), std::string(512, 'c'));
    EXPECT_OK(co_await file->WriteAt(1024, std::string(512, 'M')));
    EXPECT_EQ(*co_await ReadSector(file, 2), std::string(512, 'N'));
    EXPECT_EQ(m.count(FaultFamily::kStaleRead), 2u);
    m.disk.SetFaults({});
    EXPECT_EQ(*co_await ReadSector(file, 2), std::string(512, 'M'));
  });
}

TEST(FaultsTest, ShortReadsAreCompletedByReadFull) {
  LetterMachine m;
  RunOnFile(&m, [&](File* file) -> Task<void> {
    m.disk.SetFaults({.short_read = kAlways});
    int shorter = 0;
    for (int i = 0; i < 20; ++i) {
      const std::string part = *co_await ReadSector(file, 2);
      EXPECT_GE(part.size(), 1u);
      EXPECT_EQ(part, std::string(part.size(), 'c'));
      shorter += part.size() < 512;
    }
    EXPECT_EQ(shorter, 20);
    EXPECT_EQ(co_await Contents(file), Letters());
    EXPECT_GT(m.count(FaultFamily::kShortIo), 20u);
  });
}

TEST(FaultsTest, AShortWriteWritesAPrefixAndFails) {
  int no_space = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    LetterMachine m(seed);
    RunOnFile(&m, [&](File* file) -> Task<void> {
      m.disk.SetFaults({.short_write = kAlways});
      const absl::Status status =
          co_await file->WriteAt(0, std::string(100, 'N'));
      EXPECT_TRUE(absl::IsDataLoss(status) ||
                  absl::IsResourceExhausted(status));
      no_space += absl::IsResourceExhausted(status);
      m.disk.SetFaults({});
      const std::string contents = co_await Contents(file);
      const size_t written = contents.find('a');
      EXPECT_GE(written, 1u);
      EXPECT_LT(written, 100u);
      EXPECT_EQ(contents,
                std::string(written, 'N') + Letters().substr(written));
    });
  }
  EXPECT_GT(no_space, 25);
  EXPECT_LT(no_space, 75);
}

TEST(FaultsTest, DiskFullConcernsGrowthOnly) {
  LetterMachine m;
  RunOnFile(&m, [&](File* file) -> Task<void> {
    m.disk.SetFaults({.disk_full = kAlways});
    EXPECT_TRUE(absl::IsResourceExhausted(co_await file->Append("x")));
    EXPECT_TRUE(absl::IsResourceExhausted(co_await file->Allocate(0, 9000)));
    EXPECT_OK(co_await file->WriteAt(0, "x"));
    EXPECT_EQ(*file->Size(), Letters().size());
    EXPECT_EQ(m.count(FaultFamily::kDiskFull), 2u);
  });
}

TEST(FaultsTest, CapacityIsCountedInPages) {
  LetterMachine m(1, {.capacity_bytes = 16384});  // f has taken one page
  RunOnFile(&m, [&](File* file) -> Task<void> {
    EXPECT_OK(co_await file->Allocate(4096, 8192));
    EXPECT_EQ(*file->Size(), 12288u);
    FilePtr other = co_await OpenOrDie(m.storage.get(), "g");
    EXPECT_OK(co_await other->Append("x"));  // the last page
    EXPECT_TRUE(absl::IsResourceExhausted(co_await file->WriteAt(12288, "x")));
    // Reserved space is there; holes and rewriting need none.
    EXPECT_OK(co_await file->WriteAt(8192, std::string(4096, 'x')));
    EXPECT_OK(co_await other->Truncate(100000));
    EXPECT_TRUE(absl::IsResourceExhausted(co_await other->WriteAt(9000, "x")));
    EXPECT_OK(co_await file->Truncate(4096));
    EXPECT_OK(co_await other->WriteAt(9000, "x"));
    EXPECT_EQ(m.world.faults().total(), 0u);
  });
}

TEST(FaultsTest, AReadOnlyDiskRefusesChangesUntilTheReboot) {
  LetterMachine m;
  RunOnFile(&m, [&](File* file) -> Task<void> {
    EXPECT_OK(co_await file->Append("unsynced"));
    m.disk.SetFaults({.read_only_chance = kAlways});
    EXPECT_TRUE((co_await ReadSector(file, 0)).ok());
    Storage& s = *m.storage;
    EXPECT_TRUE(absl::IsPermissionDenied(co_await file->Append("x")));
    EXPECT_TRUE(absl::IsPermissionDenied(co_await file->Truncate(0)));
    EXPECT_TRUE(absl::IsPermissionDenied(co_await file->Allocate(0, 1)));
    EXPECT_TRUE(absl::IsPermissionDenied(co_await file->Sync()));
    EXPECT_TRUE(absl::IsPermissionDenied(co_await s.Remove("f")));
    EXPECT_TRUE(absl::IsPermissionDenied(co_await s.Rename("f", "g")));
    EXPECT_TRUE(absl::IsPermissionDenied(co_await s.CreateDirectory("d")));
    EXPECT_TRUE(absl::IsPermissionDenied(co_await s.SyncDirectory("")));
    EXPECT_TRUE(absl::IsPermissionDenied(
        (co_await s.Open("new", {.create = true})).status()));
    EXPECT_TRUE(absl::IsPermissionDenied(
        (co_await s.Open("f", {.truncate = true})).status()));
    EXPECT_TRUE((co_await s.Open("f", {.create = true})).ok());
    EXPECT_EQ(m.count(FaultFamily::kDiskFailure), 1u);
  });
  m.disk.SetFaults({.read_only_chance = {1, 1000000000}});
  m.Reboot();
  RunOnFile(&m, [&](File* file) -> Task<void> {
    EXPECT_OK(co_await file->Append("x"));
    EXPECT_OK(co_await file->Sync());
  });
}

TEST(FaultsTest, MayCorruptSparesWhatItNames) {
  LetterMachine m;
  m.MakeDurable("spared", Letters());
  m.disk.SetMayCorrupt([](absl::string_view path, uint64_t offset, uint64_t) {
    return path != "spared" && offset >= 2048;
  });
  m.Run([&]() -> Task<void> {
    FilePtr f = co_await OpenOrDie(m.storage.get(), "f");
    FilePtr spared = co_await OpenOrDie(m.storage.get(), "spared");
    const DiskFaults corrupting = {.latent_sector = {1, 2},
                                   .bit_rot = {1, 2},
                                   .misdirected_write = {1, 2},
                                   .phantom_write = {1, 2}};
    for (int i = 0; i < 50; ++i) {
      m.disk.SetFaults(corrupting);
      for (File* file : {f.get(), spared.get()}) {
        for (uint64_t sector = 0; sector < 8; ++sector) {
          (void)co_await ReadSector(file, sector);
          (void)co_await file->WriteAt(sector * 512,
                                       Letters().substr(sector * 512, 512));
        }
      }
      m.disk.SetFaults({});
      EXPECT_EQ(co_await Contents(spared.get()), Letters());
      for (uint64_t sector = 0; sector < 4; ++sector) {
        EXPECT_EQ(*co_await ReadSector(f.get(), sector),
                  Letters().substr(sector * 512, 512));
      }
    }
    EXPECT_GT(m.count(FaultFamily::kBitRot), 10u);
    EXPECT_GT(m.count(FaultFamily::kPhantomWrite), 10u);
    EXPECT_GT(m.count(FaultFamily::kMisdirectedWrite), 5u);
  });
}

}  // namespace
}  // namespace moonpool
