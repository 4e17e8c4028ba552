// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "providers/network.h"

#include "absl/strings/str_cat.h"

namespace moonpool {

Task<absl::Status> Stream::ReadFull(absl::Span<char> buffer) {
  size_t filled = 0;
  while (filled < buffer.size()) {
    absl::StatusOr<size_t> count = co_await Read(buffer.subspan(filled));
    if (!count.ok()) co_return count.status();
    if (*count == 0) {
      co_return absl::OutOfRangeError(absl::StrCat(
          "stream ended after ", filled, " of ", buffer.size(), " bytes"));
    }
    filled += *count;
  }
  co_return absl::OkStatus();
}

}  // namespace moonpool
