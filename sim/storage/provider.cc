// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/storage/provider.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "providers/base/hash.h"
#include "providers/base/status_macros.h"
#include "providers/coro/task.h"
#include "sim/core/fault.h"
#include "sim/storage/inode.h"
#include "sim/storage/io.h"
#include "sim/storage/operation.h"
#include "sim/storage/tree.h"

namespace moonpool {
namespace {

class SimFile final : public File {
 public:
  SimFile(std::shared_ptr<Mount> mount, std::shared_ptr<Inode> inode,
          const OpenOptions& options)
      : mount_(std::move(mount)),
        inode_(std::move(inode)),
        options_(options),
        handle_(mount_->core()->tree->NextHandle()) {}
  ~SimFile() override {
    if (inode_->lock_holder() == handle_) inode_->set_lock_holder(0);
  }

  Task<absl::StatusOr<size_t>> ReadAt(uint64_t offset,
                                      absl::Span<char> buffer) override {
    if (mount_->core() == nullptr) co_return InertStorage();
    if (!options_.read) {
      co_return absl::PermissionDeniedError("not opened for reading");
    }
    if (options_.direct) {
      CO_RETURN_IF_ERROR(CheckAligned(offset, buffer.size()));
    }
    ReadOperation read(mount_, inode_, offset, buffer);
    CO_RETURN_IF_ERROR(co_await read);
    co_return read.count();
  }

  Task<absl::Status> WriteAt(uint64_t offset,
                             absl::string_view bytes) override {
    if (mount_->core() == nullptr) co_return InertStorage();
    if (!options_.write) co_return NotForWriting();
    CO_RETURN_IF_ERROR(CheckExtent(offset, bytes.size()));
    co_return co_await WriteOperation(mount_, inode_, offset, bytes,
                                      options_.direct);
  }

  Task<absl::Status> Append(absl::string_view bytes) override {
    if (mount_->core() == nullptr) co_return InertStorage();
    if (!options_.write) co_return NotForWriting();
    co_return co_await WriteOperation(mount_, inode_, WriteOperation::kAtEnd,
                                      bytes, options_.direct);
  }

  Task<absl::Status> Truncate(uint64_t size) override {
    if (mount_->core() == nullptr) co_return InertStorage();
    if (!options_.write) co_return NotForWriting();
    CO_RETURN_IF_ERROR(CheckExtent(size, 0));
    co_return co_await ResizeOperation(
        mount_, inode_, ResizeOperation::Kind::kTruncate, size, 0);
  }

  Task<absl::Status> Allocate(uint64_t offset, uint64_t size) override {
    if (mount_->core() == nullptr) co_return InertStorage();
    if (!options_.write) co_return NotForWriting();
    CO_RETURN_IF_ERROR(CheckExtent(offset, size));
    co_return co_await ResizeOperation(
        mount_, inode_, ResizeOperation::Kind::kAllocate, offset, size);
  }

  Task<absl::Status> Sync() override {
    if (mount_->core() == nullptr) co_return InertStorage();
    co_return co_await SyncOperation(mount_, inode_);
  }

  absl::Status TryLock() override {
    if (mount_->core() == nullptr) return InertStorage();
    const uint64_t holder = inode_->lock_holder();
    if (holder != 0 && holder != handle_) {
      return absl::UnavailableError("another open file holds the lock");
    }
    inode_->set_lock_holder(handle_);
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> Size() const override {
    if (mount_->core() == nullptr) return InertStorage();
    return inode_->size();
  }

 private:
  static absl::Status NotForWriting() {
    return absl::PermissionDeniedError("not opened for writing");
  }

  std::shared_ptr<Mount> mount_;
  std::shared_ptr<Inode> inode_;
  const OpenOptions options_;
  const uint64_t handle_;
};

// An operation on names: f(tree) is what it does. Its result, if it has one,
// is left where f puts it.
template <typename F>
class NameOperation final : public DiskOperation {
 public:
  NameOperation(const std::shared_ptr<Mount>& mount, char kind,
                absl::string_view names, bool changes, F f)
      : DiskOperation(mount, nullptr, mount->core()->metadata, 0),
        changes_(changes),
        f_(std::move(f)) {
    ++core().stats.metadata;
    set_payload(HashBytes(names, static_cast<uint64_t>(kind)));
  }

 private:
  absl::Status Execute() override {
    if (changes_ && core().is_read_only) {
      return absl::PermissionDeniedError("the disk has become read-only");
    }
    const DiskFaults& faults = core().faults;
    if (may_fail() &&
        roll().Happens(changes_ ? faults.write_error : faults.read_error)) {
      core().Inject(FaultFamily::kIoError, "error in a directory");
      return absl::DataLossError("I/O error: directory");
    }
    return f_(*core().tree);
  }

  const bool changes_;
  F f_;
};

class SyncDirectoryOperation final : public DiskOperation {
 public:
  SyncDirectoryOperation(const std::shared_ptr<Mount>& mount,
                         absl::string_view path)
      : DiskOperation(mount, nullptr, mount->core()->sync, 0,
                      /*may_be_early=*/false),
        path_(path),
        covers_(core().tree->issued()) {
    ++core().stats.syncs;
    set_payload(HashBytes(path, 'y'));
  }

 private:
  absl::Status Execute() override {
    if (core().is_read_only) {
      return absl::PermissionDeniedError("the disk has become read-only");
    }
    if (may_fail() && roll().Happens(core().faults.sync_failure)) {
      core().Inject(FaultFamily::kSyncFailure, "sync failure of directory ",
                    path_);
      return absl::DataLossError("I/O error: sync of a directory");
    }
    return core().tree->SyncDirectory(path_, covers_);
  }

  const absl::string_view path_;
  const uint64_t covers_;  // operations on names up to this one
};

class SimStorage final : public Storage {
 public:
  explicit SimStorage(std::shared_ptr<Mount> mount)
      : mount_(std::move(mount)) {}

  Task<absl::StatusOr<std::unique_ptr<File>>> Open(
      std::string path, OpenOptions options) override {
    if (mount_->core() == nullptr) co_return InertStorage();
    const std::shared_ptr<Mount> mount = mount_;
    std::shared_ptr<Inode> inode;
    auto open = [&](DiskTree& tree) -> absl::Status {
      ASSIGN_OR_RETURN(inode,
                       tree.Open(path, options, mount->core()->is_read_only));
      return absl::OkStatus();
    };
    CO_RETURN_IF_ERROR(
        co_await NameOperation(mount, 'o', path, /*changes=*/false, open));
    if (mount->core() == nullptr) co_return InertStorage();
    co_return std::make_unique<SimFile>(mount, std::move(inode), options);
  }

  Task<absl::StatusOr<bool>> Exists(std::string path) override {
    if (mount_->core() == nullptr) co_return InertStorage();
    absl::Status found;
    auto find = [&](DiskTree& tree) {
      found = tree.Find(path).status();
      return absl::OkStatus();
    };
    CO_RETURN_IF_ERROR(
        co_await NameOperation(mount_, 'e', path, /*changes=*/false, find));
    if (!found.ok() && !absl::IsNotFound(found) &&
        !absl::IsFailedPrecondition(found)) {
      co_return found;
    }
    co_return found.ok();
  }

  Task<absl::StatusOr<std::vector<std::string>>> List(
      std::string directory) override {
    if (mount_->core() == nullptr) co_return InertStorage();
    std::vector<std::string> names;
    auto list = [&](DiskTree& tree) -> absl::Status {
      ASSIGN_OR_RETURN(names, tree.List(directory));
      return absl::OkStatus();
    };
    CO_RETURN_IF_ERROR(co_await NameOperation(mount_, 'l', directory,
                                              /*changes=*/false, list));
    co_return names;
  }

  Task<absl::Status> Rename(std::string from, std::string to) override {
    if (mount_->core() == nullptr) co_return InertStorage();
    co_return co_await NameOperation(
        mount_, 'm', absl::StrCat(from, "\n", to), /*changes=*/true,
        [&](DiskTree& tree) { return tree.Rename(from, to); });
  }

  Task<absl::Status> Remove(std::string path) override {
    if (mount_->core() == nullptr) co_return InertStorage();
    co_return co_await NameOperation(
        mount_, 'd', path, /*changes=*/true,
        [&](DiskTree& tree) { return tree.Remove(path); });
  }

  Task<absl::Status> CreateDirectory(std::string path) override {
    if (mount_->core() == nullptr) co_return InertStorage();
    co_return co_await NameOperation(
        mount_, 'k', path, /*changes=*/true,
        [&](DiskTree& tree) { return tree.CreateDirectory(path); });
  }

  Task<absl::Status> RemoveDirectory(std::string path) override {
    if (mount_->core() == nullptr) co_return InertStorage();
    co_return co_await NameOperation(
        mount_, 'x', path, /*changes=*/true,
        [&](DiskTree& tree) { return tree.RemoveDirectory(path); });
  }

  Task<absl::Status> SyncDirectory(std::string path) override {
    if (mount_->core() == nullptr) co_return InertStorage();
    co_return co_await SyncDirectoryOperation(mount_, path);
  }

 private:
  const std::shared_ptr<Mount> mount_;
};

}  // namespace

std::unique_ptr<Storage> MakeSimStorage(std::shared_ptr<Mount> mount) {
  return std::make_unique<SimStorage>(std::move(mount));
}

}  // namespace moonpool
