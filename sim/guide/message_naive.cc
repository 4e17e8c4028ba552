// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The guide's first bug: it takes a read for a message.
#include "absl/types/span.h"
#include "providers/base/check.h"
#include "providers/base/status_macros.h"
#include "sim/guide/message.h"

namespace moonpool::guide {

// [guide:naive]
Task<absl::StatusOr<std::string>> ReadMessage(Stream& stream) {
  char buffer[1 + kMessageMax];
  CO_ASSIGN_OR_RETURN(const size_t count,
                      co_await stream.Read(absl::MakeSpan(buffer)));
  if (count == 0) co_return absl::OutOfRangeError("the stream ended");
  co_return std::string(buffer + 1, count - 1);
}
// [/guide:naive]

Task<absl::Status> WriteMessage(Stream& stream, std::string text) {
  CHECK_LE(text.size(), kMessageMax);
  text.insert(text.begin(), static_cast<char>(text.size()));
  co_return co_await stream.Write(text);
}

}  // namespace moonpool::guide
