// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "providers/file_cursor.h"

#include "providers/base/status_macros.h"

namespace moonpool {

Task<absl::StatusOr<size_t>> FileCursor::Read(absl::Span<char> buffer) {
  CO_ASSIGN_OR_RETURN(const size_t count,
                      co_await file_->ReadAt(position_, buffer));
  position_ += count;
  co_return count;
}

Task<absl::Status> FileCursor::Write(absl::string_view bytes) {
  CO_RETURN_IF_ERROR(co_await file_->WriteAt(position_, bytes));
  position_ += bytes.size();
  co_return absl::OkStatus();
}

absl::Status FileCursor::SeekToEnd() {
  ASSIGN_OR_RETURN(position_, file_->Size());
  return absl::OkStatus();
}

}  // namespace moonpool
