// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Io: what a wal::Store asks of its storage, with retries where an error can
// be had again and none where it cannot: a read may be repeated, a write or a
// sync that failed leaves the file in doubt, and the store with it.
//
// DataLoss, the storage's word for an I/O error, is kept for data that is
// known to be lost: I/O errors leave here as Unavailable.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_IO_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_IO_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "explorer/campaigns/wal/options.h"
#include "providers/coro/task.h"
#include "providers/storage.h"

namespace moonpool::wal {

// A store is two copies of everything, in these directories.
inline constexpr size_t kCopies = 2;
inline constexpr std::array<const char*, kCopies> kCopyNames = {"a", "b"};
std::string PathIn(size_t copy, absl::string_view name);

class Io {
 public:
  // Lifetime: storage and stats must outlive it.
  Io(Storage* storage, Bug bug, Stats* stats)
      : storage_(storage), bug_(bug), stats_(stats) {}

  Bug bug() const { return bug_; }
  Stats& stats() { return *stats_; }

  // Makes the directories of the copies, if they are missing.
  Task<absl::Status> MakeDirectories();
  Task<absl::StatusOr<std::vector<std::string>>> List(size_t copy);
  // The whole file, with zeros for sectors that cannot be read. NotFound.
  Task<absl::StatusOr<std::string>> Read(std::string path);

  Task<absl::StatusOr<std::unique_ptr<File>>> Open(std::string path,
                                                   OpenOptions options);
  Task<absl::Status> Allocate(File& file, uint64_t size);
  Task<absl::Status> WriteAt(File& file, uint64_t offset,
                             absl::string_view bytes);
  Task<absl::Status> Sync(File& file);
  Task<absl::Status> Rename(std::string from, std::string to);
  Task<absl::Status> Remove(std::string path);
  Task<absl::Status> SyncDirectory(std::string path);

 private:
  Task<absl::Status> ReadRange(File& file, uint64_t offset,
                               absl::Span<char> buffer);
  absl::Status Written(absl::Status status);

  Storage* storage_;
  Bug bug_;
  Stats* stats_;
};

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_IO_H_
