// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/kv_protocol.h"

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "providers/base/check.h"
#include "providers/base/status_macros.h"

namespace moonpool {

std::string EncodeKvGet(absl::string_view key) {
  return absl::StrCat("G", key);
}

std::string EncodeKvSet(absl::string_view key, absl::string_view value) {
  CHECK_LE(key.size(), 255u);
  std::string request = "S";
  request.push_back(static_cast<char>(key.size()));
  absl::StrAppend(&request, key, value);
  return request;
}

std::optional<KvRequest> DecodeKvRequest(absl::string_view payload) {
  if (payload.empty()) return std::nullopt;
  const char operation = payload[0];
  payload.remove_prefix(1);
  KvRequest request;
  if (operation == 'G') {
    request.key = std::string(payload);
    return request;
  }
  if (operation != 'S' || payload.empty()) return std::nullopt;
  const size_t key_length = static_cast<uint8_t>(payload[0]);
  payload.remove_prefix(1);
  if (payload.size() < key_length) return std::nullopt;
  request.is_set = true;
  request.key = std::string(payload.substr(0, key_length));
  request.value = std::string(payload.substr(key_length));
  return request;
}

Task<absl::Status> WriteKvFrame(Stream& stream, std::string payload) {
  CHECK_LE(payload.size(), kKvMaxFrameBytes);
  std::string frame;
  AppendU32(frame, static_cast<uint32_t>(payload.size()));
  frame += payload;
  co_return co_await stream.Write(frame);
}

Task<absl::StatusOr<std::string>> ReadKvFrame(Stream& stream) {
  char header[4];
  CO_RETURN_IF_ERROR(co_await stream.ReadFull(absl::MakeSpan(header)));
  const uint32_t length = ReadU32(header);
  if (length > kKvMaxFrameBytes) {
    co_return absl::InvalidArgumentError(
        absl::StrCat("a frame of ", length, " bytes is too long"));
  }
  std::string payload(length, '\0');
  CO_RETURN_IF_ERROR(co_await stream.ReadFull(absl::MakeSpan(payload)));
  co_return payload;
}

void AppendU32(std::string& bytes, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<char>(value >> shift));
  }
}

uint32_t ReadU32(const char* bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) {
    value = value << 8 | static_cast<uint8_t>(bytes[i]);
  }
  return value;
}

}  // namespace moonpool
