// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// PeerLink: sends messages to one other server, over a connection that it
// makes when needed and makes anew when it breaks. Messages may be lost, and
// those of a connection that was given up may arrive after newer ones.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_PEER_LINK_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_PEER_LINK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "explorer/campaigns/raft/types.h"
#include "providers/coro/task.h"
#include "providers/coro/wait_list.h"
#include "providers/providers.h"

namespace moonpool::raft {

class PeerLink {
 public:
  // Lifetime: providers must outlive the link.
  PeerLink(Providers* providers, std::string address)
      : providers_(providers), address_(std::move(address)) {}
  PeerLink(const PeerLink&) = delete;

  // Queues the message; drops what is queued if it has become too much.
  void Send(const Message& message);
  // Writes what is queued, for ever.
  Task<void> Run();

 private:
  Providers* const providers_;
  const std::string address_;
  std::unique_ptr<Stream> stream_;
  std::string outbox_;
  WaitList filled_;
  std::string scratch_;
};

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_PEER_LINK_H_
