// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "providers/storage.h"

#include "absl/strings/str_cat.h"
#include "providers/base/status_macros.h"

namespace moonpool {

Task<absl::Status> File::ReadFull(uint64_t offset, absl::Span<char> buffer) {
  size_t filled = 0;
  while (filled < buffer.size()) {
    CO_ASSIGN_OR_RETURN(size_t count, co_await ReadAt(offset + filled,
                                                      buffer.subspan(filled)));
    if (count == 0) {
      co_return absl::OutOfRangeError(absl::StrCat(
          "file ended after ", filled, " of ", buffer.size(), " bytes"));
    }
    filled += count;
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::string>> File::ReadAll() {
  CO_ASSIGN_OR_RETURN(uint64_t size, Size());
  std::string contents(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    CO_ASSIGN_OR_RETURN(
        size_t count,
        co_await ReadAt(filled, absl::MakeSpan(contents).subspan(filled)));
    if (count == 0) break;  // truncated meanwhile
    filled += count;
  }
  contents.resize(filled);
  co_return contents;
}

}  // namespace moonpool
