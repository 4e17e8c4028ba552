// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// DiskCore: the inside of a SimDisk that its operations work on: the names and
// files, the queue, the faults and their episodes, the pending operations.
// Mount: one process incarnation's connection to it, shared by its provider,
// its open files and their pending operations.
#ifndef MOONPOOL_SIM_STORAGE_CORE_H_
#define MOONPOOL_SIM_STORAGE_CORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "sim/core/fault.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"
#include "sim/storage/detail_random.h"
#include "sim/storage/faults.h"
#include "sim/storage/inode.h"
#include "sim/storage/options.h"
#include "sim/storage/queue.h"
#include "sim/storage/stats.h"
#include "sim/storage/tree.h"

namespace moonpool {

class DiskOperation;
class DiskCore;

class Mount {
 public:
  explicit Mount(DiskCore* core) : core_(core) {}
  Mount(const Mount&) = delete;

  // nullptr once the process has ended.
  DiskCore* core() const { return core_; }
  // Ends it: pending operations return Cancelled.
  void Close();
  // The disk answers again.
  void ReleaseHung();

 private:
  friend class DiskOperation;
  DiskCore* core_;
  DiskOperation* first_ = nullptr;  // pending, in issue order
  DiskOperation* last_ = nullptr;
  uint64_t pending_ = 0;
};

// All public: it is the common property of the files of this folder that
// implement SimDisk, and of nobody else.
class DiskCore {
 public:
  struct LatencyNs {
    explicit LatencyNs(const DiskOptions::Latency& latency);
    int64_t low;
    int64_t high;
  };

  DiskCore(World* world, std::string ip, const DiskOptions& options);

  // A fault was injected.
  void Inject(FaultFamily family, absl::string_view what,
              absl::string_view object = "");
  // Before an operation: does an episode begin?
  void BeginEpisodes(DetailRandom& random);
  // The machine went down: the disk works again.
  void EndEpisodes();
  // Ends those episodes that could not begin now.
  void EndEpisodesWithoutChance();
  bool MayCorrupt(const Inode& inode, uint64_t offset, uint64_t size) const {
    return !may_corrupt || may_corrupt(inode.path(), offset, size);
  }

  World* const world;
  const std::string ip;
  const uint64_t machine;  // the hash of its address
  const LatencyNs read;
  const LatencyNs write;
  const LatencyNs sync;
  const LatencyNs metadata;
  const DiskOptions options;
  RandomStream random;
  DiskQueue queue;
  std::unique_ptr<DiskTree> tree;
  std::shared_ptr<Mount> mount;
  DiskFaults faults;
  bool has_faults = false;  // any that concerns single operations
  std::function<bool(absl::string_view, uint64_t, uint64_t)> may_corrupt;
  bool is_read_only = false;
  bool is_hung = false;
  DiskStats stats;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_CORE_H_
