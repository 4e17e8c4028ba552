// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Server: a Store behind TCP. Requests are served one connection at a time, in
// order: a new connection ends the one before, and a reply to its first dump
// means that nothing of the old ones is still to come.
//
// A store that fails is closed and recovered at once, in the same process, and
// whoever waits for an acknowledgement sees the connection end.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_SERVER_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_SERVER_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "explorer/campaigns/wal/options.h"
#include "explorer/campaigns/wal/protocol.h"
#include "explorer/campaigns/wal/store.h"
#include "explorer/campaigns/wal/witness.h"
#include "providers/coro/wait_list.h"
#include "providers/network.h"
#include "sim/runner/process.h"

namespace moonpool::wal {

class Server final : public Process {
 public:
  explicit Server(const Options& options) : options_(options) {}

  absl::string_view name() const override { return "wal"; }
  Task<absl::Status> Run(SimContext& ctx) override;

 private:
  using Connection = std::shared_ptr<Stream>;
  struct Call {
    Connection from;
    Request request;
  };

  Task<absl::Status> Accept(SimContext* ctx);
  Task<void> Receive(Connection connection);
  Task<void> RunStore(SimContext* ctx);
  // nullptr: data is lost.
  Task<std::unique_ptr<Store>> OpenStore(SimContext& ctx);
  // Serves calls until the store fails.
  Task<absl::Status> Serve(Store& store);
  Task<void> ServeLost();
  Task<void> Send(Connection to, std::string frames);
  // Removes calls of connections that are not the latest.
  void DropOldCalls();

  const Options options_;
  std::shared_ptr<Witness> witness_;
  Connection latest_;
  std::deque<Call> calls_;
  WaitList called_;
};

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_SERVER_H_
