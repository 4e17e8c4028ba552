// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Storage: the files of one machine. Positional and append I/O; nothing is
// durable before Sync has returned.
//
//   CO_ASSIGN_OR_RETURN(auto wal, co_await storage.Open("wal", {.create = true}));
//   CO_RETURN_IF_ERROR(co_await wal->Append(record));
//   CO_RETURN_IF_ERROR(co_await wal->Sync());
//
// Errors: NotFound, AlreadyExists (create_new), InvalidArgument, Cancelled
// (this process is being torn down).
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
};

// An open file. Operations of one file complete in the order they were issued.
// Buffers must live until the operation returns.
class File {
 public:
  virtual ~File() = default;
  // Copies up to buffer.size() bytes from offset; fewer only at end-of-file.
  virtual Task<absl::StatusOr<size_t>> ReadAt(uint64_t offset,
                                              absl::Span<char> buffer) = 0;
  // Writes all bytes at offset; a gap before it reads as zeros.
  virtual Task<absl::Status> WriteAt(uint64_t offset,
                                     absl::string_view bytes) = 0;
  virtual Task<absl::Status> Append(absl::string_view bytes) = 0;
  virtual Task<absl::Status> Truncate(uint64_t size) = 0;
  // Makes all earlier completed operations of this file durable.
  virtual Task<absl::Status> Sync() = 0;
  virtual absl::StatusOr<uint64_t> Size() const = 0;

  // The whole contents.
  Task<absl::StatusOr<std::string>> ReadAll();
};

class Storage {
 public:
  virtual ~Storage() = default;
  virtual Task<absl::StatusOr<std::unique_ptr<File>>> Open(
      std::string path, OpenOptions options = {}) = 0;
  // Paths that begin with prefix, in lexicographic order.
  virtual Task<absl::StatusOr<std::vector<std::string>>> List(
      std::string prefix) = 0;
  // Replaces to if it exists. Open files follow their content.
  virtual Task<absl::Status> Rename(std::string from, std::string to) = 0;
  virtual Task<absl::Status> Remove(std::string path) = 0;
};

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_STORAGE_H_
