// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/storage/sim_disk.h"

#include <algorithm>
#include <coroutine>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "providers/base/status_macros.h"
#include "providers/coro/ready_queue.h"
#include "providers/coro/task.h"

namespace moonpool {
namespace {

absl::Status Inert() {
  return absl::CancelledError("the process that used this storage has ended");
}

absl::Status NoSuchFile(absl::string_view path) {
  return absl::NotFoundError(absl::StrCat("no such file: ", path));
}

absl::Status CheckExtent(uint64_t offset, uint64_t size) {
  if (size <= SimDisk::kMaxFileBytes && offset <= SimDisk::kMaxFileBytes - size) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("a file of more than ", SimDisk::kMaxFileBytes,
                                                 " bytes: ", size, " bytes at offset ", offset));
}

}  // namespace

// One file's contents: what is reachable under a path, or only through files
// that were open when the path went.
class SimDisk::Inode {
 public:
  explicit Inode(uint64_t id) : id_(id) {}

  uint64_t id() const { return id_; }
  uint64_t size() const { return contents_.size(); }

  size_t Read(uint64_t offset, absl::Span<char> buffer) const {
    if (offset >= contents_.size()) return 0;
    return contents_.copy(buffer.data(), buffer.size(), offset);
  }

  void Write(uint64_t offset, absl::string_view bytes) {
    if (bytes.empty()) return;  // an empty write does not extend a file
    if (offset >= contents_.size()) {
      Record({offset, contents_.size(), {}});
      contents_.resize(offset);
      contents_.append(bytes.data(), bytes.size());
      return;
    }
    Record({offset, contents_.size(), contents_.substr(offset, bytes.size())});
    contents_.replace(offset, bytes.size(), bytes.data(), bytes.size());
  }

  void Truncate(uint64_t size) {
    if (size == contents_.size()) return;
    Undo undo = {size, contents_.size(), {}};
    if (size < contents_.size()) undo.overwritten = contents_.substr(size);
    Record(std::move(undo));
    contents_.resize(size);
  }

  // The number of operations that changed this file so far.
  uint64_t issued() const { return durable_ + unsynced_.size(); }
  size_t unsynced() const { return unsynced_.size(); }

  // Makes the first `operations` operations durable.
  void MakeDurable(uint64_t operations) {
    if (operations <= durable_) return;
    const size_t count = operations - durable_;
    CHECK_LE(count, unsynced_.size());
    unsynced_.erase(unsynced_.begin(), unsynced_.begin() + count);
    durable_ = operations;
  }

  // A power cut: of the unsynced operations only the first `kept` survive.
  void Lose(size_t kept) {
    CHECK_LE(kept, unsynced_.size());
    while (unsynced_.size() > kept) {
      const Undo& undo = unsynced_.back();
      contents_.resize(undo.old_size);
      if (!undo.overwritten.empty()) {
        contents_.replace(undo.offset, undo.overwritten.size(), undo.overwritten);
      }
      unsynced_.pop_back();
    }
    MakeDurable(issued());
  }

  // The time at which an operation that takes latency_ns completes: not before
  // the ones issued earlier.
  int64_t CompletionTime(int64_t now_ns, int64_t latency_ns) {
    return last_completion_ns_ = std::max(last_completion_ns_, now_ns + latency_ns);
  }

 private:
  // What an operation replaced, to take it back.
  struct Undo {
    uint64_t offset;
    uint64_t old_size;
    std::string overwritten;
  };

  void Record(Undo undo) { unsynced_.push_back(std::move(undo)); }

  const uint64_t id_;
  std::string contents_;
  std::vector<Undo> unsynced_;  // in issue order
  uint64_t durable_ = 0;        // operations before those
  int64_t last_completion_ns_ = 0;
};

// One process incarnation's connection to the disk, shared by its provider,
// its open files and their pending operations.
class SimDisk::Mount {
 public:
  explicit Mount(SimDisk* disk) : disk_(disk) {}

  // nullptr once the process has ended.
  SimDisk* disk() const { return disk_; }
  // Ends it: pending operations return Cancelled.
  void Close();

 private:
  friend class Operation;
  SimDisk* disk_;
  Operation* first_ = nullptr;  // pending, in issue order
  Operation* last_ = nullptr;
};

// A pending operation: await it. Lives in the frame of its coroutine.
class SimDisk::Operation final : public TimedEvent {
 public:
  // inode may be nullptr: an operation on the directory.
  // REQUIRES: mount->disk() != nullptr.
  Operation(std::shared_ptr<Mount> mount, std::shared_ptr<Inode> inode, const LatencyNs& latency,
            uint64_t payload)
      : mount_(std::move(mount)),
        inode_(std::move(inode)),
        world_(mount_->disk()->world_),
        payload_(payload) {
    const int64_t latency_ns = mount_->disk()->random_.Range(latency.low, latency.high);
    const int64_t now_ns = world_->now_ns();
    delay_ns_ =
        inode_ == nullptr ? latency_ns : inode_->CompletionTime(now_ns, latency_ns) - now_ns;
  }
  Operation(const Operation&) = delete;
  ~Operation() {
    if (!is_scheduled()) return;
    world_->Cancel(*this);
    Unlink();
  }

  // Makes it a Sync of everything issued so far.
  void SetSync() { sync_up_to_ = inode_->issued(); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    node_.Arm(handle);
    previous_ = mount_->last_;
    (previous_ != nullptr ? previous_->next_ : mount_->first_) = this;
    mount_->last_ = this;
    world_->Schedule(*this, delay_ns_);
  }
  absl::Status await_resume() const { return completed_ ? absl::OkStatus() : Inert(); }

  void Fire() override {
    Unlink();
    completed_ = true;
    if (sync_up_to_ > 0) inode_->MakeDurable(sync_up_to_);
    world_->Trace(TraceKind::kDisk, inode_ == nullptr ? 0 : inode_->id(), payload_);
    node_.Wake();
  }
  // The process has ended. REQUIRES: pending.
  void Abandon() {
    world_->Cancel(*this);
    Unlink();
    node_.Wake();
  }

 private:
  void Unlink() {
    (previous_ != nullptr ? previous_->next_ : mount_->first_) = next_;
    (next_ != nullptr ? next_->previous_ : mount_->last_) = previous_;
  }

  std::shared_ptr<Mount> mount_;
  std::shared_ptr<Inode> inode_;
  World* world_;
  uint64_t payload_;
  int64_t delay_ns_ = 0;
  uint64_t sync_up_to_ = 0;
  bool completed_ = false;
  Operation* previous_ = nullptr;
  Operation* next_ = nullptr;
  ReadyNode node_;
};

void SimDisk::Mount::Close() {
  disk_ = nullptr;
  while (first_ != nullptr) first_->Abandon();
}

class SimDisk::OpenFile final : public File {
 public:
  OpenFile(std::shared_ptr<Mount> mount, std::shared_ptr<Inode> inode)
      : mount_(std::move(mount)), inode_(std::move(inode)) {}

  Task<absl::StatusOr<size_t>> ReadAt(uint64_t offset, absl::Span<char> buffer) override {
    SimDisk* disk = mount_->disk();
    if (disk == nullptr) co_return Inert();
    const size_t count = inode_->Read(offset, buffer);
    const uint64_t hash = Hash('r', offset, absl::string_view(buffer.data(), count));
    CO_RETURN_IF_ERROR(co_await Operation(mount_, inode_, disk->read_, hash));
    co_return count;
  }

  Task<absl::Status> WriteAt(uint64_t offset, absl::string_view bytes) override {
    if (mount_->disk() == nullptr) co_return Inert();
    CO_RETURN_IF_ERROR(CheckExtent(offset, bytes.size()));
    co_return co_await Write(offset, bytes);
  }

  Task<absl::Status> Append(absl::string_view bytes) override {
    if (mount_->disk() == nullptr) co_return Inert();
    CO_RETURN_IF_ERROR(CheckExtent(inode_->size(), bytes.size()));
    co_return co_await Write(inode_->size(), bytes);
  }

  Task<absl::Status> Truncate(uint64_t size) override {
    SimDisk* disk = mount_->disk();
    if (disk == nullptr) co_return Inert();
    CO_RETURN_IF_ERROR(CheckExtent(size, 0));
    inode_->Truncate(size);
    const uint64_t hash = Hash('t', size, "");
    co_return co_await Operation(mount_, inode_, disk->write_, hash);
  }

  Task<absl::Status> Sync() override {
    SimDisk* disk = mount_->disk();
    if (disk == nullptr) co_return Inert();
    const uint64_t hash = Hash('s', inode_->issued(), "");
    Operation sync(mount_, inode_, disk->sync_, hash);
    sync.SetSync();
    co_return co_await sync;
  }

  absl::StatusOr<uint64_t> Size() const override {
    if (mount_->disk() == nullptr) return Inert();
    return inode_->size();
  }

 private:
  static uint64_t Hash(char kind, uint64_t number, absl::string_view bytes) {
    return HashBytes(bytes, Combine64(static_cast<uint64_t>(kind), number));
  }

  Operation Write(uint64_t offset, absl::string_view bytes) {
    inode_->Write(offset, bytes);
    return Operation(mount_, inode_, mount_->disk()->write_, Hash('w', offset, bytes));
  }

  std::shared_ptr<Mount> mount_;
  std::shared_ptr<Inode> inode_;
};

class SimDisk::Provider final : public Storage {
 public:
  explicit Provider(std::shared_ptr<Mount> mount) : mount_(std::move(mount)) {}

  Task<absl::StatusOr<std::unique_ptr<File>>> Open(std::string path, OpenOptions options) override {
    SimDisk* disk = mount_->disk();
    if (disk == nullptr) co_return Inert();
    absl::StatusOr<std::shared_ptr<Inode>> inode = disk->FindOrCreate(path, options);
    std::shared_ptr<Mount> mount = mount_;
    CO_RETURN_IF_ERROR(co_await Complete('o', path));
    CO_RETURN_IF_ERROR(inode.status());
    co_return std::make_unique<OpenFile>(std::move(mount), *std::move(inode));
  }

  Task<absl::StatusOr<std::vector<std::string>>> List(std::string prefix) override {
    SimDisk* disk = mount_->disk();
    if (disk == nullptr) co_return Inert();
    std::vector<std::string> paths;
    for (auto it = disk->files_.lower_bound(prefix);
         it != disk->files_.end() && absl::StartsWith(it->first, prefix); ++it) {
      paths.push_back(it->first);
    }
    CO_RETURN_IF_ERROR(co_await Complete('l', prefix));
    co_return paths;
  }

  Task<absl::Status> Rename(std::string from, std::string to) override {
    if (mount_->disk() == nullptr) co_return Inert();
    absl::Status status = mount_->disk()->RenameNow(from, to);
    CO_RETURN_IF_ERROR(co_await Complete('m', absl::StrCat(from, "\n", to)));
    co_return status;
  }

  Task<absl::Status> Remove(std::string path) override {
    SimDisk* disk = mount_->disk();
    if (disk == nullptr) co_return Inert();
    const bool found = disk->files_.erase(path) > 0;
    CO_RETURN_IF_ERROR(co_await Complete('d', path));
    if (!found) co_return NoSuchFile(path);
    co_return absl::OkStatus();
  }

 private:
  Operation Complete(char kind, absl::string_view names) {
    return Operation(mount_, nullptr, mount_->disk()->metadata_,
                     HashBytes(names, static_cast<uint64_t>(kind)));
  }

  std::shared_ptr<Mount> mount_;
};

SimDisk::LatencyNs SimDisk::Convert(const DiskOptions::Latency& latency) {
  const LatencyNs converted = {absl::ToInt64Nanoseconds(latency.low),
                               absl::ToInt64Nanoseconds(latency.high)};
  CHECK_GE(converted.low, 0);
  CHECK_LE(converted.low, converted.high);
  return converted;
}

SimDisk::SimDisk(World* world, std::string machine_ip, const DiskOptions& options)
    : world_(world),
      machine_(HashBytes(machine_ip)),
      read_(Convert(options.read)),
      write_(Convert(options.write)),
      sync_(Convert(options.sync)),
      metadata_(Convert(options.metadata)),
      random_(&world->random(), "disk", machine_),
      mount_(std::make_shared<Mount>(this)) {}

SimDisk::~SimDisk() { mount_->Close(); }

std::unique_ptr<Storage> SimDisk::MakeProvider() { return std::make_unique<Provider>(mount_); }

absl::StatusOr<std::shared_ptr<SimDisk::Inode>> SimDisk::FindOrCreate(const std::string& path,
                                                                      const OpenOptions& options) {
  if (path.empty()) return absl::InvalidArgumentError("an empty path");
  auto it = files_.find(path);
  if (it != files_.end()) {
    if (options.create_new) {
      return absl::AlreadyExistsError(absl::StrCat("file exists: ", path));
    }
    if (options.truncate) it->second->Truncate(0);
    return it->second;
  }
  if (!options.create && !options.create_new) return NoSuchFile(path);
  return files_[path] = std::make_shared<Inode>(++last_file_id_);
}

absl::Status SimDisk::RenameNow(const std::string& from, const std::string& to) {
  if (to.empty()) return absl::InvalidArgumentError("an empty path");
  auto it = files_.find(from);
  if (it == files_.end()) return NoSuchFile(from);
  if (from == to) return absl::OkStatus();
  std::shared_ptr<Inode> inode = std::move(it->second);
  files_.erase(it);
  files_[to] = std::move(inode);
  return absl::OkStatus();
}

void SimDisk::Crash() {
  CHECK(!world_->in_teardown()) << "a crash of a disk draws";
  Disconnect();
  world_->Trace(TraceKind::kCrash, machine_, files_.size());
  for (auto& [path, inode] : files_) {
    if (inode->unsynced() == 0) continue;
    const size_t kept = random_.Below(inode->unsynced() + 1);
    inode->Lose(kept);
    world_->Trace(TraceKind::kCrash, inode->id(), kept);
  }
}

void SimDisk::Disconnect() {
  mount_->Close();
  mount_ = std::make_shared<Mount>(this);
}

void SimDisk::Wipe() { files_.clear(); }

}  // namespace moonpool
