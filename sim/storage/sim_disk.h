// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// SimDisk: the disk of one simulated machine. It survives the processes of its
// machine; each incarnation mounts it through a Storage provider of its own.
//
//   SimDisk disk(&world, "10.0.1.1", DiskOptions());
//   disk.SetFaults({.crash = {.torn_writes = true}});
//   std::unique_ptr<Storage> storage = disk.MakeProvider();
//   ...
//   disk.Crash();                    // unsynced operations may be lost
//   storage = disk.MakeProvider();   // the next incarnation
//
// An operation waits for its turn and takes a drawn latency. It is carried out
// when it is issued or when it completes, so operations that overlap in time
// happen in any order, and one whose coroutine was destroyed has happened or
// has not. Contents are durable from the completion of a Sync issued after
// they were written, names from the completion of a SyncDirectory. What of the
// rest survives a power cut is the matter of CrashLaw and DirectoryDurability.
//
// Invariants:
//  1. What was synced is what is read after any number of crashes, unless a
//     fault other than a crash was injected.
//  2. An operation whose coroutine was destroyed leaves no event behind, and
//     no buffer is touched after that.
//  3. Memory: the contents, what undoes the unsynced operations (bounded by
//     the size of the files), and at most DiskTree::kMaxVolatile operations on
//     names.
//
// Single-threaded. Determinism: draws from the stream "disk" of its machine:
// once for each operation, once more while faults are on; at a crash once for
// each file with unsynced operations, and once if there are unsynced names.
#ifndef MOONPOOL_SIM_STORAGE_SIM_DISK_H_
#define MOONPOOL_SIM_STORAGE_SIM_DISK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "providers/storage.h"
#include "sim/core/world.h"
#include "sim/storage/faults.h"
#include "sim/storage/image.h"
#include "sim/storage/options.h"
#include "sim/storage/stats.h"

namespace moonpool {

class DiskCore;

class SimDisk {
 public:
  // Larger files are refused (InvalidArgument): contents are held in memory.
  static constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

  // REQUIRES: 0 <= low <= high for each latency; depth > 0. Lifetime: world
  // must outlive the disk.
  SimDisk(World* world, std::string machine_ip, const DiskOptions& options);
  SimDisk(const SimDisk&) = delete;
  ~SimDisk();

  // The provider of one process incarnation. Must not outlive the disk.
  std::unique_ptr<Storage> MakeProvider();

  // A power cut. Everything made by MakeProvider so far becomes inert: pending
  // and later operations return Cancelled. Of what is unsynced a part is lost.
  // A disk that hung or was read-only works again. REQUIRES: not in a
  // TeardownScope, as it draws.
  void Crash();
  // The orderly end of a process: as Crash, but nothing is lost (nor synced).
  void Disconnect();
  // Removes every file. Those still open stay usable until they are closed.
  void Wipe();
  // Exchanges the contents, durable and not, of two disks, as when drives are
  // moved between machines. Both are disconnected first.
  void SwapDisk(SimDisk& other);

  // From the next operation, or crash, on. What ends by itself only at a
  // reboot (hung, read-only) or later (stalled, slow) ends at once when its
  // chance is zero; bad sectors and flipped bits stay.
  void SetFaults(const DiskFaults& faults);
  const DiskFaults& faults() const;
  // Says which bytes may be corrupted for good (bad sectors, bit rot, phantom
  // and misdirected writes): with it a test guarantees that a good copy is
  // left somewhere. nullptr: all. It must be a function of its arguments and
  // of the state of the world.
  using MayCorrupt = std::function<bool(absl::string_view path, uint64_t offset,
                                        uint64_t size)>;
  void SetMayCorrupt(MayCorrupt may_corrupt);

  // What readers see now.
  DiskImage Image() const;
  // What a crash would leave if it took all it may.
  DiskImage DurableImage() const;
  // Replaces the contents; all is durable then. Disconnects first.
  // REQUIRES: the parent of each path is a directory of image.
  void Restore(const DiskImage& image);
  // All that a crash at this moment could leave under the present CrashLaw, up
  // to limit different states. Garbage is represented by a sector of zeros;
  // sectors torn in the middle and the law's probabilities are left out.
  CrashStates EnumerateCrashStates(size_t limit);

  size_t file_count() const;
  bool Exists(absl::string_view path) const;
  const DiskStats& stats() const;

 private:
  std::unique_ptr<DiskCore> core_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_SIM_DISK_H_
