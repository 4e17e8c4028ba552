// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/storage/operation.h"

#include <algorithm>

namespace moonpool {

absl::Status InertStorage() {
  return absl::CancelledError("the process that used this storage has ended");
}

DiskOperation::~DiskOperation() {
  if (!is_pending_) return;
  if (is_scheduled()) core().world->Cancel(*this);
  Unlink();
}

void DiskOperation::Issue() {
  DiskCore& disk = core();
  const uint64_t draw = disk.random.Next();
  // The latency takes the high bits of the draw, the order its lowest.
  const uint64_t range =
      static_cast<uint64_t>(latency_.high - latency_.low) + 1;
  const int64_t latency_ns =
      latency_.low + static_cast<int64_t>(static_cast<uint64_t>(
                         (static_cast<unsigned __int128>(draw) * range) >> 64));
  is_early_ = may_be_early_ && (draw & 1) != 0;
  if (__builtin_expect(disk.has_faults, 0)) {
    roll_ = DetailRandom(disk.random.Next());
    disk.BeginEpisodes(roll_);
    may_fail_ = true;
  }
  Link();
  const int64_t now_ns = disk.world->now_ns();
  const int64_t done_ns = disk.queue.Admit(now_ns, latency_ns, bytes_);
  if (__builtin_expect(disk.is_hung, 0)) {
    is_early_ = false;
    return;
  }
  if (is_early_) status_ = Execute();
  disk.world->Schedule(*this, done_ns - now_ns);
}

void DiskOperation::Fire() {
  Unlink();
  if (!is_early_) status_ = Execute();
  is_done_ = true;
  core().world->Trace(TraceKind::kDisk, inode_ == nullptr ? 0 : inode_->id(),
                      payload_);
  node_.Wake();
}

void DiskOperation::Link() {
  is_pending_ = true;
  previous_ = mount_->last_;
  (previous_ != nullptr ? previous_->next_ : mount_->first_) = this;
  mount_->last_ = this;
  DiskStats& stats = core().stats;
  stats.max_queue = std::max(stats.max_queue, ++mount_->pending_);
}

void DiskOperation::Unlink() {
  (previous_ != nullptr ? previous_->next_ : mount_->first_) = next_;
  (next_ != nullptr ? next_->previous_ : mount_->last_) = previous_;
  is_pending_ = false;
  --mount_->pending_;
}

void DiskOperation::Abandon() {
  if (is_scheduled()) core().world->Cancel(*this);
  Unlink();
  node_.Wake();
}

void Mount::Close() {
  while (first_ != nullptr) first_->Abandon();
  core_ = nullptr;
}

void Mount::ReleaseHung() {
  for (DiskOperation* pending = first_; pending != nullptr;
       pending = pending->next_) {
    if (!pending->is_scheduled()) {
      core_->world->Schedule(*pending, pending->latency_.low);
    }
  }
}

}  // namespace moonpool
