// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// FileCursor: sequential reading and writing of a File, for code that thinks
// in streams. Each cursor has its own position; a file may have many.
//
//   FileCursor cursor(file.get());
//   CO_RETURN_IF_ERROR(co_await cursor.Write("header"));
//   cursor.Seek(0);
//   CO_ASSIGN_OR_RETURN(size_t count, co_await cursor.Read(buffer));
//
// REQUIRES: an operation is awaited before the next one is started. A
// cancelled or failed one leaves the position as it was.
#ifndef MOONPOOL_PROVIDERS_FILE_CURSOR_H_
#define MOONPOOL_PROVIDERS_FILE_CURSOR_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "providers/coro/task.h"
#include "providers/storage.h"

namespace moonpool {

class FileCursor {
 public:
  // Lifetime: file must outlive the cursor.
  explicit FileCursor(File* file, uint64_t position = 0)
      : file_(file), position_(position) {}

  // As File::ReadAt, and moves on by the bytes read; 0 at end-of-file.
  Task<absl::StatusOr<size_t>> Read(absl::Span<char> buffer);
  // As File::WriteAt, and moves on by bytes.size().
  Task<absl::Status> Write(absl::string_view bytes);

  uint64_t position() const { return position_; }
  // May lie behind the end of the file.
  void Seek(uint64_t position) { position_ = position; }
  // To the end as it is now.
  absl::Status SeekToEnd();

 private:
  File* file_;
  uint64_t position_;
};

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_FILE_CURSOR_H_
