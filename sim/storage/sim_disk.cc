// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/storage/sim_disk.h"

#include <utility>

#include "absl/status/status.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/storage/core.h"
#include "sim/storage/provider.h"
#include "sim/storage/tree.h"

namespace moonpool {
namespace {

bool HasOperationFaults(const DiskFaults& faults) {
  for (const Ratio& ratio :
       {faults.read_error, faults.write_error, faults.latent_sector,
        faults.bit_rot, faults.misdirected_read, faults.misdirected_write,
        faults.phantom_write, faults.stale_read, faults.sync_failure,
        faults.short_read, faults.short_write, faults.stall_chance,
        faults.throttle_chance, faults.read_only_chance, faults.hang_chance,
        faults.disk_full}) {
    if (ratio.num > 0) return true;
  }
  return false;
}

}  // namespace

SimDisk::SimDisk(World* world, std::string machine_ip,
                 const DiskOptions& options)
    : core_(std::make_unique<DiskCore>(world, std::move(machine_ip), options)) {
}

SimDisk::~SimDisk() { core_->mount->Close(); }

std::unique_ptr<Storage> SimDisk::MakeProvider() {
  return MakeSimStorage(core_->mount);
}

void SimDisk::Crash() {
  CHECK(!core_->world->in_teardown()) << "a crash of a disk draws";
  Disconnect();
  DiskCore& core = *core_;
  ++core.stats.crashes;
  const CrashLaw& law = core.faults.crash;
  core.world->Trace(TraceKind::kCrash, core.machine, file_count());
  if (core.tree->volatile_operations() > 0) {
    const size_t lost = core.tree->CrashNames(law, core.random.Next());
    core.world->Trace(TraceKind::kCrash, core.machine, lost);
  }
  core.tree->ForEach(
      [&](const std::string& path, const std::shared_ptr<Inode>& inode) {
        const uint64_t draw = inode->is_dirty() ? core.random.Next() : 0;
        const Inode::CrashResult result = inode->Crash(law, draw);
        if (result == Inode::CrashResult::kNothing) return;
        core.world->Trace(TraceKind::kCrash, inode->id(), inode->size());
        if (result == Inode::CrashResult::kTorn) {
          core.Inject(FaultFamily::kTornWrite, "torn writes of ", path);
        }
      });
}

void SimDisk::Disconnect() {
  core_->mount->Close();
  core_->mount = std::make_shared<Mount>(core_.get());
  core_->EndEpisodes();
  core_->queue.Reset();
  core_->tree->ForEach(
      [](const std::string&, const std::shared_ptr<Inode>& inode) {
        inode->set_lock_holder(0);
      });
}

void SimDisk::Wipe() { core_->tree->Clear(); }

void SimDisk::SwapDisk(SimDisk& other) {
  Disconnect();
  other.Disconnect();
  std::swap(core_->tree, other.core_->tree);
}

void SimDisk::SetFaults(const DiskFaults& faults) {
  DiskCore& core = *core_;
  core.faults = faults;
  core.has_faults = HasOperationFaults(faults);
  core.EndEpisodesWithoutChance();
  if (faults.stale_read.num > 0) core.tree->KeepHistory();
}

const DiskFaults& SimDisk::faults() const { return core_->faults; }

void SimDisk::SetMayCorrupt(MayCorrupt may_corrupt) {
  core_->may_corrupt = std::move(may_corrupt);
}

DiskImage SimDisk::Image() const {
  DiskImage image;
  core_->tree->ForEach(
      [&](const std::string& path, const std::shared_ptr<Inode>& inode) {
        image.files[path] = inode->Contents();
      },
      [&](const std::string& path) { image.directories.insert(path); });
  return image;
}

DiskImage SimDisk::DurableImage() const {
  DiskImage image;
  const std::vector<bool> none(core_->tree->volatile_operations(), false);
  core_->tree->With(none, [&] {
    core_->tree->ForEach(
        [&](const std::string& path, const std::shared_ptr<Inode>& inode) {
          image.files[path] = inode->DurableContents();
        },
        [&](const std::string& path) { image.directories.insert(path); });
  });
  return image;
}

void SimDisk::Restore(const DiskImage& image) {
  Disconnect();
  DiskTree& tree = *core_->tree;
  tree.Clear();
  // A directory sorts before what is in it.
  for (const std::string& path : image.directories) {
    const absl::Status status = tree.CreateDirectory(path);
    CHECK(status.ok()) << path << ": " << status;
  }
  for (const auto& [path, contents] : image.files) {
    auto inode = tree.Open(path, {.create_new = true}, false);
    CHECK(inode.ok()) << path << ": " << inode.status();
    (*inode)->Write(0, contents);
    (*inode)->MakeDurable((*inode)->journal().issued());
  }
  tree.ForgetVolatile();
}

size_t SimDisk::file_count() const {
  size_t count = 0;
  core_->tree->ForEach(
      [&](const std::string&, const std::shared_ptr<Inode>&) { ++count; });
  return count;
}

bool SimDisk::Exists(absl::string_view path) const {
  return core_->tree->Find(path).ok();
}

const DiskStats& SimDisk::stats() const { return core_->stats; }

}  // namespace moonpool
