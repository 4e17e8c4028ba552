// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// SimDisk: the disk of one simulated machine. It survives the processes of its
// machine; each incarnation mounts it through a Storage provider of its own.
//
//   SimDisk disk(&world, "10.0.1.1", DiskOptions());
//   std::unique_ptr<Storage> storage = disk.MakeProvider();
//   ...
//   disk.Crash();                    // unsynced operations may be lost
//   storage = disk.MakeProvider();   // the next incarnation
//
// An operation takes effect when it is issued (on the page cache, for data)
// and completes a drawn latency later, in issue order within a file. Data is
// durable from the completion of a Sync issued after it; a power cut keeps a
// uniformly drawn prefix of the rest, per file. The directory is durable at
// once.
//
// Invariants:
//  1. Undoing a file's unsynced operations, youngest first, gives its durable
//     contents: each recorded what it overwrote.
//  2. An operation whose coroutine was destroyed leaves no event behind, and
//     no buffer is touched after the operation was issued.
//
// Single-threaded. Determinism: draws from the stream "disk" of its machine,
// once per operation and once per file with unsynced operations at a crash.
#ifndef MOONPOOL_SIM_STORAGE_SIM_DISK_H_
#define MOONPOOL_SIM_STORAGE_SIM_DISK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "providers/storage.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"
#include "sim/storage/faults.h"

namespace moonpool {

struct DiskOptions {
  // Uniform in [low, high].
  struct Latency {
    absl::Duration low;
    absl::Duration high;
  };
  Latency read = {absl::Microseconds(50), absl::Microseconds(150)};
  // Into the page cache.
  Latency write = {absl::Microseconds(20), absl::Microseconds(100)};
  Latency sync = {absl::Microseconds(500), absl::Milliseconds(5)};
  // Open, list, rename, remove.
  Latency metadata = {absl::Microseconds(20), absl::Microseconds(100)};
};

class SimDisk {
 public:
  // Larger files are refused (InvalidArgument): contents are held in memory.
  static constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

  // REQUIRES: 0 <= low <= high for each latency. Lifetime: world must outlive
  // the disk.
  SimDisk(World* world, std::string machine_ip, const DiskOptions& options);
  SimDisk(const SimDisk&) = delete;
  ~SimDisk();

  // The provider of one process incarnation. Must not outlive the disk.
  std::unique_ptr<Storage> MakeProvider();

  // A power cut. Everything made by MakeProvider so far becomes inert: pending
  // and later operations return Cancelled. REQUIRES: not in a TeardownScope,
  // as it draws.
  void Crash();
  // The orderly end of a process: as Crash, but nothing is lost.
  void Disconnect();
  void SetFaults(const DiskFaults&) {}
  // Removes every file. Those still open stay usable until they are closed.
  void Wipe();

  size_t file_count() const { return files_.size(); }
  bool Exists(absl::string_view path) const { return files_.contains(path); }

 private:
  class Inode;
  class Mount;
  class Operation;
  class OpenFile;
  class Provider;
  struct LatencyNs {
    int64_t low;
    int64_t high;
  };
  static LatencyNs Convert(const DiskOptions::Latency& latency);

  absl::StatusOr<std::shared_ptr<Inode>> FindOrCreate(const std::string& path,
                                                      const OpenOptions& options);
  absl::Status RenameNow(const std::string& from, const std::string& to);

  World* world_;
  const uint64_t machine_;  // the hash of its address
  const LatencyNs read_;
  const LatencyNs write_;
  const LatencyNs sync_;
  const LatencyNs metadata_;
  RandomStream random_;
  uint64_t last_file_id_ = 0;
  absl::btree_map<std::string, std::shared_ptr<Inode>> files_;
  std::shared_ptr<Mount> mount_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_SIM_DISK_H_
