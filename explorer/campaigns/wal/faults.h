// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// DiskTrouble: the faults of the wal campaign's disk, drawn for each run; they
// end with chaos. Crashes tear unsynced writes and forget unsynced names.
//
// Errors (EIO, failed syncs, short transfers, no space, stalls) meet both
// copies of the store. Damage (bit rot, bad sectors, misplaced, phantom and
// stale data) is kept from one copy, or from none: see Damage.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_FAULTS_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_FAULTS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "providers/random.h"
#include "sim/runner/fault_injector.h"
#include "sim/storage/faults.h"
#include "sim/storage/sim_disk.h"

namespace moonpool::wal {

// What the disk loses, misplaces or changes for good.
enum class Damage {
  kNone,
  // Anything, as often as it likes, but in one copy only, drawn for the run:
  // nothing that was acknowledged may be lost.
  kOneCopy,
  // See Witness for what is a violation then.
  kBothCopies,
};

// Each kind of fault has a chance of one half to be there at all.
// What a read alone gets wrong cannot be kept from one copy, so it is there
// only if both may be damaged.
DiskFaults DrawFaults(Random& random, bool errors, Damage damage);

class DiskTrouble final : public FaultInjector {
 public:
  DiskTrouble(bool errors, Damage damage) : errors_(errors), damage_(damage) {}
  ~DiskTrouble() override;

  absl::string_view name() const override { return "wal-disk"; }
  Task<absl::Status> Inject(FaultContext& ctx) override;

 private:
  const bool errors_;
  const Damage damage_;
  SimDisk* disk_ = nullptr;
};

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_FAULTS_H_
