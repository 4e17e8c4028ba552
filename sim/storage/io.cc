// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/storage/io.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "providers/base/hash.h"
#include "providers/base/status_macros.h"
#include "providers/storage.h"
#include "sim/storage/sim_disk.h"

namespace moonpool {
namespace {

uint64_t Payload(char kind, uint64_t number, absl::string_view bytes) {
  return HashBytes(bytes, Combine64(static_cast<uint64_t>(kind), number));
}

absl::Status IoError(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("I/O error: ", what));
}

absl::Status NoSpace() {
  return absl::ResourceExhaustedError("no space left on the disk");
}

absl::Status ReadOnly() {
  return absl::PermissionDeniedError("the disk has become read-only");
}

}  // namespace

absl::Status CheckExtent(uint64_t offset, uint64_t size) {
  if (size <= SimDisk::kMaxFileBytes &&
      offset <= SimDisk::kMaxFileBytes - size) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a file of more than ", SimDisk::kMaxFileBytes,
                   " bytes: ", size, " bytes at offset ", offset));
}

absl::Status CheckAligned(uint64_t offset, uint64_t size) {
  if (offset % kSectorBytes == 0 && size % kSectorBytes == 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("direct I/O in multiples of ", kSectorBytes,
                   " bytes only: ", size, " bytes at offset ", offset));
}

// ---- Read

ReadOperation::ReadOperation(const std::shared_ptr<Mount>& mount,
                             const std::shared_ptr<Inode>& inode,
                             uint64_t offset, absl::Span<char> buffer)
    : DiskOperation(mount, inode, mount->core()->read, buffer.size()),
      offset_(offset),
      buffer_(buffer) {
  ++core().stats.reads;
}

absl::Status ReadOperation::Execute() {
  absl::Status status;
  if (__builtin_expect(may_fail(), 0)) {
    status = ExecuteWithFaults();
  } else if (inode().has_bad_sector(offset_, buffer_.size())) {
    status = IoError("bad sector");
  } else {
    count_ = inode().Read(offset_, buffer_);
  }
  if (!status.ok()) count_ = 0;
  core().stats.bytes_read += count_;
  set_payload(Payload('r', offset_, absl::string_view(buffer_.data(), count_)));
  return status;
}

absl::Status ReadOperation::ExecuteWithFaults() {
  const DiskFaults& faults = core().faults;
  const std::string& path = inode().path();
  if (roll().Happens(faults.read_error)) {
    core().Inject(FaultFamily::kIoError, "read error in ", path);
    return IoError("read");
  }
  RETURN_IF_ERROR(RotAndFail());
  count_ = inode().Read(offset_, buffer_);
  if (count_ == 0) return absl::OkStatus();
  if (roll().Happens(faults.misdirected_read)) {
    // Another place of the file, whole sectors away.
    const uint64_t places = (inode().size() - 1) / kSectorBytes + 1;
    const uint64_t away = roll().Below(places) * kSectorBytes;
    const uint64_t from = away + offset_ % kSectorBytes;
    if (away != offset_ - offset_ % kSectorBytes &&
        from + count_ <= inode().size()) {
      core().Inject(FaultFamily::kMisdirectedRead, "misdirected read of ",
                    path);
      inode().Read(from, buffer_.subspan(0, count_));
    }
  }
  if (roll().Happens(faults.stale_read) &&
      inode().ReadStale(offset_, buffer_, &count_)) {
    core().Inject(FaultFamily::kStaleRead, "stale read of ", path);
  }
  if (count_ > 1 && roll().Happens(faults.short_read)) {
    core().Inject(FaultFamily::kShortIo, "short read of ", path);
    count_ = 1 + roll().Below(count_ - 1);
  }
  return absl::OkStatus();
}

absl::Status ReadOperation::RotAndFail() {
  const DiskFaults& faults = core().faults;
  const uint64_t end =
      std::min<uint64_t>(inode().size(), offset_ + buffer_.size());
  if (offset_ >= end) return absl::OkStatus();
  const bool rolls = faults.latent_sector.num > 0 || faults.bit_rot.num > 0;
  for (uint64_t sector = offset_ / kSectorBytes;
       rolls && sector * kSectorBytes < end; ++sector) {
    const uint64_t start = sector * kSectorBytes;
    const uint64_t size =
        std::min<uint64_t>(kSectorBytes, inode().size() - start);
    if (roll().Happens(faults.latent_sector) &&
        core().MayCorrupt(inode(), start, size)) {
      core().Inject(FaultFamily::kIoError, "bad sector in ", inode().path());
      inode().AddBadSector(sector);
    }
    if (roll().Happens(faults.bit_rot) &&
        core().MayCorrupt(inode(), start, size)) {
      core().Inject(FaultFamily::kBitRot, "bit rot in ", inode().path());
      const uint64_t at = start + roll().Below(size);
      inode().FlipBit(at, static_cast<int>(roll().Below(8)));
    }
  }
  if (inode().has_bad_sector(offset_, end - offset_)) {
    return IoError("bad sector");
  }
  return absl::OkStatus();
}

// ---- Write

WriteOperation::WriteOperation(const std::shared_ptr<Mount>& mount,
                               const std::shared_ptr<Inode>& inode,
                               uint64_t offset, absl::string_view bytes,
                               bool direct)
    : DiskOperation(mount, inode, mount->core()->write, bytes.size()),
      offset_(offset),
      bytes_(bytes),
      direct_(direct) {
  ++core().stats.writes;
}

absl::Status WriteOperation::Execute() {
  const uint64_t offset = offset_ == kAtEnd ? inode().size() : offset_;
  set_payload(Payload('w', offset, bytes_));
  RETURN_IF_ERROR(CheckExtent(offset, bytes_.size()));
  if (direct_) RETURN_IF_ERROR(CheckAligned(offset, bytes_.size()));
  if (core().is_read_only) return ReadOnly();
  if (__builtin_expect(may_fail(), 0)) return ExecuteWithFaults(offset);
  return Write(offset, bytes_);
}

absl::Status WriteOperation::Write(uint64_t offset, absl::string_view bytes) {
  if (!inode().HasRoomFor(offset, bytes.size())) return NoSpace();
  if (inode().needs_bad_sector(offset, bytes.size())) {
    return IoError("bad sector, to be rewritten as a whole");
  }
  core().stats.bytes_written += bytes.size();
  inode().Write(offset, bytes);
  return absl::OkStatus();
}

absl::Status WriteOperation::ExecuteWithFaults(uint64_t offset) {
  const DiskFaults& faults = core().faults;
  const std::string& path = inode().path();
  const uint64_t end = offset + bytes_.size();
  if (roll().Happens(faults.write_error)) {
    core().Inject(FaultFamily::kIoError, "write error in ", path);
    return IoError("write");
  }
  if (end > inode().size() && roll().Happens(faults.disk_full)) {
    core().Inject(FaultFamily::kDiskFull, "disk full: ", path);
    return NoSpace();
  }
  if (bytes_.size() > 1 && roll().Happens(faults.short_write)) {
    core().Inject(FaultFamily::kShortIo, "short write to ", path);
    RETURN_IF_ERROR(
        Write(offset, bytes_.substr(0, 1 + roll().Below(bytes_.size() - 1))));
    return roll().Chance({1, 2}) ? NoSpace() : IoError("short write");
  }
  const bool phantom = roll().Happens(faults.phantom_write);
  const bool misdirected = roll().Happens(faults.misdirected_write);
  if ((!phantom && !misdirected) || bytes_.empty() ||
      !core().MayCorrupt(inode(), offset, bytes_.size()) ||
      !inode().HasRoomFor(offset, bytes_.size()) ||
      inode().needs_bad_sector(offset, bytes_.size())) {
    return Write(offset, bytes_);
  }
  // The size is the file system's business and always right.
  const uint64_t size = std::max(inode().size(), end);
  uint64_t victim = offset;
  if (!phantom) {
    const uint64_t sectors = (size - bytes_.size()) / kSectorBytes + 1;
    victim = roll().Below(sectors) * kSectorBytes + offset % kSectorBytes;
    if (victim == offset || victim + bytes_.size() > size ||
        !core().MayCorrupt(inode(), victim, bytes_.size()) ||
        !inode().HasRoomFor(victim, bytes_.size()) ||
        inode().needs_bad_sector(victim, bytes_.size())) {
      return Write(offset, bytes_);
    }
  }
  inode().Resize(size);
  core().Inject(
      phantom ? FaultFamily::kPhantomWrite : FaultFamily::kMisdirectedWrite,
      phantom ? "phantom write to " : "misdirected write in ", path);
  if (!phantom) inode().Write(victim, bytes_);
  return absl::OkStatus();
}

// ---- Resize

ResizeOperation::ResizeOperation(const std::shared_ptr<Mount>& mount,
                                 const std::shared_ptr<Inode>& inode, Kind kind,
                                 uint64_t offset, uint64_t size)
    : DiskOperation(mount, inode, mount->core()->write, 0),
      kind_(kind),
      offset_(offset),
      size_(size) {
  ++core().stats.writes;
}

absl::Status ResizeOperation::Execute() {
  set_payload(Payload(kind_ == Kind::kTruncate ? 't' : 'a',
                      Combine64(offset_, size_), ""));
  if (core().is_read_only) return ReadOnly();
  const uint64_t end = offset_ + size_;
  if (may_fail()) {
    if (roll().Happens(core().faults.write_error)) {
      core().Inject(FaultFamily::kIoError, "write error in ", inode().path());
      return IoError("write");
    }
    if (end > inode().size() && roll().Happens(core().faults.disk_full)) {
      core().Inject(FaultFamily::kDiskFull, "disk full: ", inode().path());
      return NoSpace();
    }
  }
  if (kind_ == Kind::kTruncate) {
    inode().Resize(end);
    return absl::OkStatus();
  }
  if (!inode().HasRoomFor(offset_, size_)) return NoSpace();
  inode().Resize(std::max(inode().size(), end));
  inode().Reserve(offset_, size_);
  return absl::OkStatus();
}

// ---- Sync

SyncOperation::SyncOperation(const std::shared_ptr<Mount>& mount,
                             const std::shared_ptr<Inode>& inode)
    : DiskOperation(mount, inode, mount->core()->sync, 0,
                    /*may_be_early=*/false),
      covers_(inode->journal().issued()) {
  ++core().stats.syncs;
  inode->journal().AddMark(covers_);
}

SyncOperation::~SyncOperation() { inode().journal().RemoveMark(covers_); }

absl::Status SyncOperation::Execute() {
  set_payload(Payload('s', covers_, ""));
  if (core().is_read_only) return ReadOnly();
  if (may_fail() && roll().Happens(core().faults.sync_failure)) {
    core().Inject(FaultFamily::kSyncFailure, "sync failure of ",
                  inode().path());
    if (core().faults.sync_failure_mode == SyncFailureMode::kDropsPages) {
      inode().DropPages(covers_);
    }
    return IoError("sync");
  }
  inode().MakeDurable(covers_);
  return absl::OkStatus();
}

}  // namespace moonpool
