// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/protocol.h"

#include "explorer/campaigns/raft/codec.h"

namespace moonpool::raft {

std::string EncodeCommandRequest(const Command& command) {
  return kCommandRequest + EncodeCommand(command);
}

std::string EncodeMembersRequest(const MembersRequest& request) {
  std::string data(1, kMembersRequest);
  Writer writer(&data);
  writer.Int(request.voters);
  writer.Int(request.toggles);
  return data;
}

std::optional<MembersRequest> DecodeMembersRequest(absl::string_view data) {
  Reader reader(data);
  MembersRequest request;
  request.voters =
      static_cast<uint32_t>(reader.Int((uint64_t{1} << kMaxNodes) - 1));
  request.toggles = reader.Int(1) != 0;
  if (!reader.done()) return std::nullopt;
  return request;
}

std::string EncodeResponse(const Response& response) {
  std::string data;
  Writer writer(&data);
  writer.Int(response.is_done);
  writer.Int(response.leader);
  writer.Int(response.ok);
  writer.Bytes(response.value);
  return data;
}

std::optional<Response> DecodeResponse(absl::string_view data) {
  Reader reader(data);
  Response response;
  response.is_done = reader.Int(1) != 0;
  response.leader = static_cast<NodeId>(reader.Int(kMaxNodes));
  response.ok = reader.Int(1) != 0;
  response.value = std::string(reader.Bytes());
  if (!reader.done()) return std::nullopt;
  return response;
}

}  // namespace moonpool::raft
