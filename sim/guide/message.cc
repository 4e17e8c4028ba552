// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/guide/message.h"

#include <cstdint>

#include "absl/types/span.h"
#include "providers/base/check.h"
#include "providers/base/status_macros.h"

namespace moonpool::guide {

// [guide:read_full]
Task<absl::StatusOr<std::string>> ReadMessage(Stream& stream) {
  char length = 0;
  CO_RETURN_IF_ERROR(co_await stream.ReadFull(absl::MakeSpan(&length, 1)));
  std::string text(static_cast<uint8_t>(length), '\0');
  CO_RETURN_IF_ERROR(co_await stream.ReadFull(absl::MakeSpan(text)));
  co_return text;
}
// [/guide:read_full]

Task<absl::Status> WriteMessage(Stream& stream, std::string text) {
  CHECK_LE(text.size(), kMessageMax);
  text.insert(text.begin(), static_cast<char>(text.size()));
  co_return co_await stream.Write(text);
}

}  // namespace moonpool::guide
