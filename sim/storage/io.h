// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The operations on the contents of a file, with the faults that befall them.
#ifndef MOONPOOL_SIM_STORAGE_IO_H_
#define MOONPOOL_SIM_STORAGE_IO_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "sim/storage/core.h"
#include "sim/storage/inode.h"
#include "sim/storage/operation.h"

namespace moonpool {

// InvalidArgument beyond SimDisk::kMaxFileBytes.
absl::Status CheckExtent(uint64_t offset, uint64_t size);
// InvalidArgument unless both are multiples of a sector.
absl::Status CheckAligned(uint64_t offset, uint64_t size);

class ReadOperation final : public DiskOperation {
 public:
  ReadOperation(const std::shared_ptr<Mount>& mount,
                const std::shared_ptr<Inode>& inode, uint64_t offset,
                absl::Span<char> buffer);
  size_t count() const { return count_; }

 private:
  absl::Status Execute() override;
  absl::Status ExecuteWithFaults();
  absl::Status RotAndFail();

  const uint64_t offset_;
  const absl::Span<char> buffer_;
  size_t count_ = 0;
};

class WriteOperation final : public DiskOperation {
 public:
  static constexpr uint64_t kAtEnd = ~uint64_t{0};
  // offset may be kAtEnd: the end when it is carried out.
  WriteOperation(const std::shared_ptr<Mount>& mount,
                 const std::shared_ptr<Inode>& inode, uint64_t offset,
                 absl::string_view bytes, bool direct);

 private:
  absl::Status Execute() override;
  absl::Status ExecuteWithFaults(uint64_t offset);
  absl::Status Write(uint64_t offset, absl::string_view bytes);

  const uint64_t offset_;
  const absl::string_view bytes_;
  const bool direct_;
};

// Truncate, and Allocate.
class ResizeOperation final : public DiskOperation {
 public:
  enum class Kind { kTruncate, kAllocate };
  ResizeOperation(const std::shared_ptr<Mount>& mount,
                  const std::shared_ptr<Inode>& inode, Kind kind,
                  uint64_t offset, uint64_t size);

 private:
  absl::Status Execute() override;

  const Kind kind_;
  const uint64_t offset_;
  const uint64_t size_;
};

class SyncOperation final : public DiskOperation {
 public:
  SyncOperation(const std::shared_ptr<Mount>& mount,
                const std::shared_ptr<Inode>& inode);
  ~SyncOperation();

 private:
  absl::Status Execute() override;

  const uint64_t covers_;  // operations up to this one
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_IO_H_
