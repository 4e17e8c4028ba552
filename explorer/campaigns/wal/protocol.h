// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Requests and replies of the wal campaign, as the payloads of kv frames.
//
//   request:  'P' key_length(u8) key value  |  'R' key_length(u8) key
//             'G' key_length(u8) key        |  'D' (all keys and values)
//   reply:    'K' result  |  'L' why: the store has lost data
//
// Of a change the result is empty; of a get the value, or nothing; of a dump
// an encoded State.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_PROTOCOL_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_PROTOCOL_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "explorer/campaigns/wal/format.h"

namespace moonpool::wal {

struct Request {
  enum class Kind { kChange, kGet, kDump };
  Kind kind = Kind::kDump;
  Change change;  // of a get: its key only
};
std::string EncodeRequest(const Request& request);
std::optional<Request> DecodeRequest(absl::string_view payload);

struct Reply {
  bool is_lost = false;
  std::string result;
};
std::string EncodeReply(const Reply& reply);
std::optional<Reply> DecodeReply(absl::string_view payload);

std::string EncodeState(const State& state);
std::optional<State> DecodeState(absl::string_view bytes);

// What WriteKvFrame would send.
std::string Frame(absl::string_view payload);

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_PROTOCOL_H_
