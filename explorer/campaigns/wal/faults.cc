// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/wal/faults.h"

#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "explorer/campaigns/wal/io.h"

namespace moonpool::wal {
namespace {

// Never; or once in most, most * 2, … most * 32 operations (or sectors).
Ratio DrawRatio(Random& random, uint64_t most) {
  const bool is_on = random.Chance({1, 2});
  const uint64_t den = most << random.Below(6);
  return {is_on ? uint64_t{1} : uint64_t{0}, den};
}

}  // namespace

// A run has some two thousand operations; an Open reads some hundred sectors.
DiskFaults DrawFaults(Random& random, bool errors, Damage damage) {
  DiskFaults faults;
  faults.crash.torn_writes = true;
  faults.crash.keep_all = {1, 10};
  if (errors) {
    faults.read_error = DrawRatio(random, 20);
    faults.write_error = DrawRatio(random, 50);
    faults.sync_failure = DrawRatio(random, 10);
    if (random.Chance({1, 4})) {
      faults.sync_failure_mode = SyncFailureMode::kRetryable;
    }
    faults.short_read = DrawRatio(random, 5);
    faults.short_write = DrawRatio(random, 50);
    faults.disk_full = DrawRatio(random, 10);
    faults.stall_chance = DrawRatio(random, 200);
    faults.stall_min = absl::Milliseconds(1);
    faults.stall_max = absl::Milliseconds(20);
  }
  if (damage != Damage::kNone) {
    faults.bit_rot = DrawRatio(random, 5);
    faults.latent_sector = DrawRatio(random, 50);
    faults.misdirected_write = DrawRatio(random, 20);
    faults.phantom_write = DrawRatio(random, 10);
  }
  if (damage == Damage::kBothCopies) {
    faults.misdirected_read = DrawRatio(random, 20);
    faults.stale_read = DrawRatio(random, 10);
  }
  return faults;
}

Task<absl::Status> DiskTrouble::Inject(FaultContext& ctx) {
  disk_ = &ctx.disk(ctx.process_ips().front());
  const std::string spared =
      absl::StrCat(kCopyNames[ctx.random().Below(kCopies)], "/");
  disk_->SetFaults(DrawFaults(ctx.random(), errors_, damage_));
  if (damage_ == Damage::kOneCopy) {
    disk_->SetMayCorrupt([spared](absl::string_view path, uint64_t, uint64_t) {
      return !absl::StartsWith(path, spared);
    });
  }
  co_return absl::OkStatus();
}

DiskTrouble::~DiskTrouble() {
  if (disk_ != nullptr) disk_->SetFaults(DiskFaults());
}

}  // namespace moonpool::wal
