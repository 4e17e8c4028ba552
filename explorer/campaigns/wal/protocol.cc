// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/wal/protocol.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explorer/campaigns/kv_protocol.h"
#include "providers/base/check.h"

namespace moonpool::wal {
namespace {

constexpr size_t kLengthBytes = 4;

bool TakeString(absl::string_view& bytes, std::string& taken) {
  if (bytes.size() < kLengthBytes) return false;
  const uint32_t length = ReadU32(bytes.data());
  bytes.remove_prefix(kLengthBytes);
  if (bytes.size() < length) return false;
  taken = std::string(bytes.substr(0, length));
  bytes.remove_prefix(length);
  return true;
}

}  // namespace

std::string EncodeRequest(const Request& request) {
  if (request.kind == Request::Kind::kDump) return "D";
  const Change& change = request.change;
  CHECK_LE(change.key.size(), 255u);
  char kind = 'G';
  if (request.kind == Request::Kind::kChange) {
    kind = change.value.has_value() ? 'P' : 'R';
  }
  std::string payload(1, kind);
  payload.push_back(static_cast<char>(change.key.size()));
  payload += change.key;
  if (kind == 'P') payload += *change.value;
  return payload;
}

std::optional<Request> DecodeRequest(absl::string_view payload) {
  if (payload == "D") return Request();
  if (payload.size() < 2) return std::nullopt;
  const char kind = payload[0];
  const size_t key_length = static_cast<uint8_t>(payload[1]);
  payload.remove_prefix(2);
  if (payload.size() < key_length) return std::nullopt;
  if (kind != 'P' && kind != 'R' && kind != 'G') return std::nullopt;
  Request request;
  request.kind = kind == 'G' ? Request::Kind::kGet : Request::Kind::kChange;
  request.change.key = std::string(payload.substr(0, key_length));
  if (kind == 'P') {
    request.change.value = std::string(payload.substr(key_length));
  }
  return request;
}

std::string EncodeReply(const Reply& reply) {
  return absl::StrCat(reply.is_lost ? "L" : "K", reply.result);
}

std::optional<Reply> DecodeReply(absl::string_view payload) {
  if (payload.empty()) return std::nullopt;
  if (payload[0] != 'L' && payload[0] != 'K') return std::nullopt;
  return Reply{payload[0] == 'L', std::string(payload.substr(1))};
}

std::string EncodeState(const State& state) {
  std::string bytes;
  for (const auto& [key, value] : state) {
    AppendU32(bytes, static_cast<uint32_t>(key.size()));
    bytes += key;
    AppendU32(bytes, static_cast<uint32_t>(value.size()));
    bytes += value;
  }
  return bytes;
}

std::optional<State> DecodeState(absl::string_view bytes) {
  State state;
  while (!bytes.empty()) {
    std::string key;
    std::string value;
    if (!TakeString(bytes, key) || !TakeString(bytes, value)) {
      return std::nullopt;
    }
    state[std::move(key)] = std::move(value);
  }
  return state;
}

std::string Frame(absl::string_view payload) {
  CHECK_LE(payload.size(), kKvMaxFrameBytes);
  std::string frame;
  AppendU32(frame, static_cast<uint32_t>(payload.size()));
  return absl::StrCat(frame, payload);
}

}  // namespace moonpool::wal
