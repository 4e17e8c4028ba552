// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The wire format of the key-value campaign. A TCP stream has no messages, so
// each request and reply is a frame: its length (u32, little-endian), then the
// payload, however the network cuts it.
//
//   request:  'G' key   |   'S' key_length(u8) key value
//   reply:    the value; of a set the value that was written
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_KV_PROTOCOL_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_KV_PROTOCOL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "providers/coro/task.h"
#include "providers/network.h"

namespace moonpool {

struct KvRequest {
  bool is_set = false;
  std::string key;
  std::string value;  // of a set
};

std::string EncodeKvGet(absl::string_view key);
// REQUIRES: key has at most 255 bytes.
std::string EncodeKvSet(absl::string_view key, absl::string_view value);
// nullopt if payload is no request.
std::optional<KvRequest> DecodeKvRequest(absl::string_view payload);

// Longer frames are refused: nobody may make a server allocate gigabytes.
inline constexpr uint32_t kKvMaxFrameBytes = 64 * 1024;

// REQUIRES: payload has at most kKvMaxFrameBytes.
Task<absl::Status> WriteKvFrame(Stream& stream, std::string payload);
// OutOfRange at the end of the stream, InvalidArgument if a frame is too long.
Task<absl::StatusOr<std::string>> ReadKvFrame(Stream& stream);

// Little-endian integers, here and in the log.
void AppendU32(std::string& bytes, uint32_t value);
uint32_t ReadU32(const char* bytes);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_KV_PROTOCOL_H_
