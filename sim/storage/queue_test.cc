// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a disk serves so many operations at once, so many a second, so many
// bytes a second, and its episodes of trouble delay all of them.
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "providers/storage.h"
#include "sim/core/fault.h"
#include "sim/storage/sim_disk.h"
#include "sim/storage/test_machine.h"

namespace moonpool {
namespace {

// Every operation takes this long, and there is no other limit.
DiskOptions Fixed(absl::Duration latency, int depth) {
  DiskOptions options;
  options.read = options.write = options.sync =
      options.metadata = {latency, latency};
  options.depth = depth;
  options.iops = 0;
  options.bandwidth = 0;
  return options;
}

// How long so many concurrent writes of so many bytes take.
absl::Duration TimeOfWrites(Machine* m, int count, size_t size) {
  m->MakeDurable("f", "");
  const std::string bytes(size, 'x');
  FilePtr file;
  m->Run([&]() -> Task<void> {
    file = co_await OpenOrDie(m->storage.get(), "f");
  });
  const absl::Duration start = m->time.Now();
  for (int i = 0; i < count; ++i) {
    m->tasks.Spawn(
        [&]() -> Task<void> { EXPECT_OK(co_await file->WriteAt(0, bytes)); });
  }
  while (m->world.Turn()) {
  }
  return m->time.Now() - start;
}

TEST(QueueTest, IopsLimitConcurrentOperations) {
  DiskOptions options = Fixed(absl::ZeroDuration(), 1);
  options.iops = 10;
  Machine m(1, options);
  EXPECT_EQ(TimeOfWrites(&m, 100, 1), absl::Seconds(10));
  // Parallel servers do not help.
  options.depth = 32;
  Machine parallel(1, options);
  EXPECT_EQ(TimeOfWrites(&parallel, 100, 1), absl::Seconds(10));
}

TEST(QueueTest, DepthLimitsWhatIsServedAtOnce) {
  Machine serial(1, Fixed(absl::Milliseconds(10), 1));
  EXPECT_EQ(TimeOfWrites(&serial, 100, 1), absl::Seconds(1));
  Machine parallel(1, Fixed(absl::Milliseconds(10), 8));
  EXPECT_EQ(TimeOfWrites(&parallel, 100, 1), absl::Milliseconds(130));
  EXPECT_EQ(parallel.disk.stats().max_queue, 100u);
}

TEST(QueueTest, BandwidthLimitsBytes) {
  DiskOptions options = Fixed(absl::ZeroDuration(), 32);
  options.bandwidth = 1 << 20;
  Machine m(1, options);
  EXPECT_NEAR(absl::ToDoubleSeconds(TimeOfWrites(&m, 16, size_t{1} << 18)), 4.0,
              0.01);
}

TEST(QueueTest, PresetsDiffer) {
  auto reads = [](const DiskOptions& options) {
    Machine m(1, options);
    m.MakeDurable("f", "contents");
    const absl::Duration start = m.time.Now();
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
      for (int i = 0; i < 20; ++i) (void)co_await Contents(file.get());
    });
    return m.time.Now() - start;
  };
  const absl::Duration nvme = reads(DiskOptions::Nvme());
  const absl::Duration sata = reads(DiskOptions::Sata());
  EXPECT_LT(nvme, absl::Milliseconds(4));
  EXPECT_GT(sata, nvme);
  EXPECT_GT(reads(DiskOptions::Hdd()), 10 * sata);
}

TEST(QueueTest, AStallDelaysTheWholeDisk) {
  Machine m(5, Fixed(absl::Milliseconds(1), 32));
  m.MakeDurable("f", "");
  m.MakeDurable("g", "");
  DiskFaults faults;
  faults.stall_chance = {1, 1};
  faults.stall_min = faults.stall_max = absl::Milliseconds(300);
  m.disk.SetFaults(faults);
  m.Run([&]() -> Task<void> {
    const absl::Duration start = m.time.Now();
    FilePtr f = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_EQ(m.time.Now() - start, absl::Milliseconds(301));
    faults.stall_chance = {1, 1000000};
    m.disk.SetFaults(faults);
    EXPECT_EQ(m.world.faults().of(FaultFamily::kDiskStall), 1u);
    co_await m.time.Sleep(absl::Seconds(1));
    // Over by itself.
    const absl::Duration later = m.time.Now();
    EXPECT_OK(co_await f->Append("x"));
    EXPECT_EQ(m.time.Now() - later, absl::Milliseconds(1));
  });
}

TEST(QueueTest, AThrottledDiskIsSlow) {
  DiskOptions options = Fixed(absl::ZeroDuration(), 32);
  options.iops = 1000;
  Machine m(5, options);
  m.MakeDurable("f", "");
  DiskFaults faults;
  faults.throttle_chance = {1, 1};
  faults.throttle_min = faults.throttle_max = absl::Seconds(3);
  faults.throttle_iops_divisor = 100;
  m.disk.SetFaults(faults);
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    const absl::Duration start = m.time.Now();
    for (int i = 0; i < 10; ++i) EXPECT_OK(co_await file->Append("x"));
    EXPECT_EQ(absl::Trunc(m.time.Now() - start, absl::Microseconds(1)),
              absl::Seconds(1));
    EXPECT_EQ(m.world.faults().of(FaultFamily::kDiskThrottle), 1u);
    // The end of the faults is the end of the episode.
    m.disk.SetFaults({});
    const absl::Duration later = m.time.Now();
    for (int i = 0; i < 10; ++i) EXPECT_OK(co_await file->Append("x"));
    EXPECT_EQ(m.time.Now() - later, absl::Milliseconds(10));
  });
}

TEST(QueueTest, AHungDiskNeverAnswersUntilTheReboot) {
  Machine m(5, Fixed(absl::Milliseconds(1), 32));
  m.MakeDurable("f", "");
  m.disk.SetFaults({.hang_chance = {1, 1}});
  absl::Status open;
  JoinHandle job = m.tasks.Spawn(
      [&]() -> Task<void> { open = (co_await m.storage->Open("f")).status(); });
  while (m.world.Turn()) {
  }
  EXPECT_FALSE(job.is_finished());
  EXPECT_EQ(m.world.faults().of(FaultFamily::kDiskFailure), 1u);
  m.disk.SetFaults({.hang_chance = {1, 1000000}});
  m.Reboot();
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->Append("x"));
  });
  EXPECT_TRUE(job.is_finished());
  EXPECT_TRUE(absl::IsCancelled(open)) << open;
}

TEST(QueueTest, TheEndOfTheFaultsWakesAHungDisk) {
  Machine m(5, Fixed(absl::Milliseconds(1), 32));
  m.MakeDurable("f", "");
  m.disk.SetFaults({.hang_chance = {1, 1}});
  absl::Status status = absl::UnknownError("");
  m.tasks.Spawn([&]() -> Task<void> {
    status = (co_await m.storage->Open("f")).status();
  });
  // One that is given up leaves nothing behind.
  m.Run([&]() -> Task<void> {
    EXPECT_TRUE(absl::IsDeadlineExceeded(co_await m.time.Timeout(
        absl::Seconds(1), m.storage->SyncDirectory(""))));
    m.disk.SetFaults({});
  });
  EXPECT_OK(status);
}

}  // namespace
}  // namespace moonpool
