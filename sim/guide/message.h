// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// How the guide's client and servers talk. There are two implementations of
// this header, message_naive.cc and message.cc; a program links one of them.
#ifndef MOONPOOL_SIM_GUIDE_MESSAGE_H_
#define MOONPOOL_SIM_GUIDE_MESSAGE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "providers/coro/task.h"
#include "providers/network.h"

namespace moonpool::guide {

// [guide:message]
// On the wire a message is its length, in one byte, and its text:
//   request   "get KEY"   "set KEY VALUE"
//   reply     the value, or nothing; of a set, "ok"
inline constexpr size_t kMessageMax = 255;

Task<absl::StatusOr<std::string>> ReadMessage(Stream& stream);
// REQUIRES: text has at most kMessageMax bytes.
Task<absl::Status> WriteMessage(Stream& stream, std::string text);
// [/guide:message]

}  // namespace moonpool::guide

#endif  // MOONPOOL_SIM_GUIDE_MESSAGE_H_
