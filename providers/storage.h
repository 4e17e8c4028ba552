// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Storage: the files and directories of one machine. Positional and append
// I/O. Nothing is durable before a Sync has returned, neither the contents of
// a file (File::Sync) nor its name (Storage::SyncDirectory).
//
//   CO_ASSIGN_OR_RETURN(auto wal, co_await storage.Open("wal", {.create = true}));
//   CO_RETURN_IF_ERROR(co_await wal->Append(record));
//   CO_RETURN_IF_ERROR(co_await wal->Sync());
//   CO_RETURN_IF_ERROR(co_await storage.SyncDirectory(""));
//
// Paths are relative, "wal" or "log/000001"; "" is the root. A directory must
// exist before something is made in it.
//
// Errors: NotFound, AlreadyExists, InvalidArgument (malformed path, misaligned
// direct I/O), FailedPrecondition (not a directory, not empty), PermissionDenied
// (read-only disk, file not opened for it), ResourceExhausted (no space),
// DataLoss (I/O error), Unavailable (locked by another), Cancelled (this process
// is being torn down).
#ifndef MOONPOOL_PROVIDERS_STORAGE_H_
#define MOONPOOL_PROVIDERS_STORAGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "providers/coro/task.h"

namespace moonpool {

struct OpenOptions {
  bool create = false;      // make the file if it is missing
  bool create_new = false;  // make it; AlreadyExists if it is there
  bool truncate = false;    // start empty
  bool read = true;
  bool write = true;
  // Bypass the page cache: offsets and sizes are multiples of kSectorBytes
  // (else InvalidArgument). Still needs Sync, for the disk's own cache.
  bool direct = false;

  static OpenOptions ReadOnly() { return {.write = false}; }
  static OpenOptions CreateWrite() { return {.create = true, .truncate = true}; }
  static OpenOptions CreateNewWrite() { return {.create_new = true}; }
};

inline constexpr size_t kSectorBytes = 512;

// An open file. Buffers must live until the operation returns. Removing or
// renaming the path leaves an open file usable. Operations that overlap in
// time are carried out in any order, and one whose coroutine was destroyed has
// been carried out or has not; whoever needs an order awaits one before the
// next.
class File {
 public:
  virtual ~File() = default;
  // Copies up to buffer.size() bytes from offset; 0 at or after end-of-file.
  // Fewer than asked for may come at any time (see ReadFull).
  virtual Task<absl::StatusOr<size_t>> ReadAt(uint64_t offset,
                                              absl::Span<char> buffer) = 0;
  // Writes all bytes at offset; a gap before it reads as zeros. On an error an
  // unknown part was written.
  virtual Task<absl::Status> WriteAt(uint64_t offset,
                                     absl::string_view bytes) = 0;
  // Writes at the end of the file as it is when the write is carried out.
  virtual Task<absl::Status> Append(absl::string_view bytes) = 0;
  virtual Task<absl::Status> Truncate(uint64_t size) = 0;
  // Reserves space and extends the file with zeros up to offset + size.
  virtual Task<absl::Status> Allocate(uint64_t offset, uint64_t size) = 0;
  // Makes all earlier completed operations of this file durable, its size
  // included. After an error nothing is known of them, and a later success
  // says nothing about them either: see SyncFailureMode in the simulation.
  virtual Task<absl::Status> Sync() = 0;
  // An exclusive advisory lock, released with the file. Unavailable if another
  // open file holds it.
  virtual absl::Status TryLock() = 0;
  virtual absl::StatusOr<uint64_t> Size() const = 0;

  // Reads exactly buffer.size() bytes; OutOfRange if the file ends before.
  Task<absl::Status> ReadFull(uint64_t offset, absl::Span<char> buffer);
  // The whole contents.
  Task<absl::StatusOr<std::string>> ReadAll();
};

class Storage {
 public:
  virtual ~Storage() = default;
  virtual Task<absl::StatusOr<std::unique_ptr<File>>> Open(
      std::string path, OpenOptions options = {}) = 0;
  virtual Task<absl::StatusOr<bool>> Exists(std::string path) = 0;
  // The names in a directory, files and directories, in lexicographic order.
  virtual Task<absl::StatusOr<std::vector<std::string>>> List(
      std::string directory) = 0;
  // Replaces the file to if it exists. Open files follow their content.
  virtual Task<absl::Status> Rename(std::string from, std::string to) = 0;
  virtual Task<absl::Status> Remove(std::string path) = 0;
  virtual Task<absl::Status> CreateDirectory(std::string path) = 0;
  // REQUIRES: it is empty; else FailedPrecondition.
  virtual Task<absl::Status> RemoveDirectory(std::string path) = 0;
  // Makes the names in this directory durable: earlier creations, renames and
  // removals.
  virtual Task<absl::Status> SyncDirectory(std::string path) = 0;
};

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_STORAGE_H_
