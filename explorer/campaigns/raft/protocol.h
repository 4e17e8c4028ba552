// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What clients and servers say to each other: payloads of frames (codec.h).
// The first byte of a payload that a server receives tells what follows.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_PROTOCOL_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_PROTOCOL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "explorer/campaigns/raft/kv_store.h"
#include "explorer/campaigns/raft/types.h"

namespace moonpool::raft {

inline constexpr char kPeerMessage = 'M';  // a Message; no reply
inline constexpr char kCommandRequest = 'C';
inline constexpr char kMembersRequest = 'V';

// A linearizable read if its operation is kGet; else a command for the log.
std::string EncodeCommandRequest(const Command& command);
// Asks for a change of who votes.
struct MembersRequest {
  uint32_t voters = 0;
  // The set is who shall vote if they do not, and the other way round: a
  // change that whoever leads can make from what it knows.
  bool toggles = false;
};
std::string EncodeMembersRequest(const MembersRequest& request);
std::optional<MembersRequest> DecodeMembersRequest(absl::string_view data);

struct Response {
  // Whether the command took effect. If not it may have, or may yet: ask
  // again, with the same sequence number.
  bool is_done = false;
  NodeId leader = 0;  // whom to ask, if known
  bool ok = true;     // see KvStore::Result
  std::string value;
};
std::string EncodeResponse(const Response& response);
std::optional<Response> DecodeResponse(absl::string_view data);

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_PROTOCOL_H_
