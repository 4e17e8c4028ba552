// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// TestDisk: a world with one disk, and stores opened on it, for tests.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_TEST_DISK_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_TEST_DISK_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "explorer/campaigns/wal/options.h"
#include "explorer/campaigns/wal/store.h"
#include "providers/base/check.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/storage.h"
#include "sim/core/world.h"
#include "sim/storage/sim_disk.h"

namespace moonpool::wal {

class TestDisk {
 public:
  explicit TestDisk(const Options& options = {}, uint64_t seed = 1)
      : world_(WorldOptions{.seed = seed}),
        disk_(&world_, "10.0.1.1", DiskOptions()),
        storage_(disk_.MakeProvider()),
        options_(options) {}

  // A new store, instead of the one before.
  absl::Status Open() {
    store_ = nullptr;
    absl::Status status = absl::InternalError("not finished");
    tasks_.Spawn([this, &status]() -> Task<void> {
      absl::StatusOr<std::unique_ptr<Store>> opened =
          co_await Store::Open(storage_.get(), options_, &stats_);
      status = opened.status();
      if (opened.ok()) store_ = *std::move(opened);
    });
    Finish();
    return status;
  }
  // REQUIRES: a store is open.
  absl::Status Commit(std::vector<Change> changes) {
    absl::Status status = absl::InternalError("not finished");
    tasks_.Spawn([this, &status, &changes]() -> Task<void> {
      status = co_await store_->Commit(changes);
    });
    Finish();
    return status;
  }
  // The power is cut, and comes back.
  void Crash() {
    store_ = nullptr;
    disk_.Crash();
    storage_ = disk_.MakeProvider();
  }
  // The disk holds this now.
  void Restore(const DiskImage& image) {
    store_ = nullptr;
    disk_.Restore(image);
    storage_ = disk_.MakeProvider();
  }

  Store& store() { return *store_; }
  const State& state() const { return store_->state(); }
  SimDisk& disk() { return disk_; }
  const Stats& stats() const { return stats_; }
  // Called after each turn of the world.
  void set_observer(std::function<void()> observer) {
    observer_ = std::move(observer);
  }

 private:
  void Finish() {
    do {
      if (observer_) observer_();
    } while (world_.Turn());
    CHECK(tasks_.empty());
  }

  World world_;
  SimDisk disk_;
  std::unique_ptr<Storage> storage_;
  const Options options_;
  Stats stats_;
  std::function<void()> observer_;
  std::unique_ptr<Store> store_;
  TaskSet tasks_;
};

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_TEST_DISK_H_
