// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// DiskOperation: a pending operation of a disk: await it. Lives in the frame
// of its coroutine. It is carried out either when it is issued or when it
// completes, with equal chance, so operations that overlap in time happen in
// any order, and one that is cancelled has happened or not.
#ifndef MOONPOOL_SIM_STORAGE_OPERATION_H_
#define MOONPOOL_SIM_STORAGE_OPERATION_H_

#include <coroutine>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "providers/coro/ready_queue.h"
#include "providers/time.h"
#include "sim/storage/core.h"
#include "sim/storage/detail_random.h"
#include "sim/storage/inode.h"

namespace moonpool {

// What everything of an ended process returns.
absl::Status InertStorage();

class DiskOperation : public TimedEvent {
 public:
  DiskOperation(const DiskOperation&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    node_.Arm(handle);
    Issue();
  }
  absl::Status await_resume() {
    return is_done_ ? std::move(status_) : InertStorage();
  }
  void Fire() final;

 protected:
  // inode may be nullptr: an operation on names. bytes are charged to the
  // bandwidth. REQUIRES: mount->core() != nullptr.
  DiskOperation(std::shared_ptr<Mount> mount, std::shared_ptr<Inode> inode,
                const DiskCore::LatencyNs& latency, uint64_t bytes,
                bool may_be_early = true)
      : mount_(std::move(mount)),
        inode_(std::move(inode)),
        latency_(latency),
        bytes_(bytes),
        may_be_early_(may_be_early) {}
  ~DiskOperation();

  // Carries it out. May not draw but from roll().
  virtual absl::Status Execute() = 0;

  DiskCore& core() const { return *mount_->core(); }
  Inode& inode() const { return *inode_; }
  const std::shared_ptr<Inode>& shared_inode() const { return inode_; }
  const std::shared_ptr<Mount>& mount() const { return mount_; }
  bool may_fail() const { return may_fail_; }
  DetailRandom& roll() { return roll_; }
  // Enters the trace at the completion.
  void set_payload(uint64_t payload) { payload_ = payload; }

 private:
  friend class Mount;
  void Issue();
  void Link();
  void Unlink();
  // The process has ended. REQUIRES: pending.
  void Abandon();

  std::shared_ptr<Mount> mount_;
  std::shared_ptr<Inode> inode_;
  const DiskCore::LatencyNs& latency_;
  const uint64_t bytes_;
  const bool may_be_early_;
  bool is_early_ = false;
  bool is_pending_ = false;
  bool is_done_ = false;
  bool may_fail_ = false;
  DetailRandom roll_{0};
  uint64_t payload_ = 0;
  absl::Status status_;
  DiskOperation* previous_ = nullptr;
  DiskOperation* next_ = nullptr;
  ReadyNode node_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_OPERATION_H_
