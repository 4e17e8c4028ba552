// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The clients of the raft campaign. Each does one operation at a time, asks
// again until it is answered, and records what it saw; after the run the first
// one checks the history and that the cluster works once nothing disturbs it.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_CLIENT_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "explorer/campaigns/raft/codec.h"
#include "explorer/campaigns/raft/history.h"
#include "explorer/campaigns/raft/kv_store.h"
#include "explorer/campaigns/raft/protocol.h"
#include "sim/runner/workload.h"

namespace moonpool::raft {

// Asks servers until one answers. One call at a time.
class Caller {
 public:
  explicit Caller(SimContext* ctx, size_t first_target = 0)
      : ctx_(ctx), target_(first_target) {}

  // Sends the request to one server after another until it is done or patience
  // is over; nullopt then, and the request may have been carried out, or may
  // yet be. May be destroyed at any time.
  Task<std::optional<Response>> Ask(std::string request,
                                    absl::Duration patience);

 private:
  // One attempt, at the server target_.
  Task<absl::StatusOr<Response>> Call(const std::string& request);

  SimContext* const ctx_;
  size_t target_;  // counted from 0
  std::unique_ptr<Stream> stream_;  // to it
};

struct ClientOptions {
  int operations = 60;
  absl::Duration pause_max = absl::Milliseconds(600);
  // No operation begins later than this after the start.
  absl::Duration duration = absl::Seconds(40);
};

class Client final : public Workload {
 public:
  explicit Client(const ClientOptions& options) : options_(options) {}

  absl::string_view name() const override { return "raft-client"; }
  Task<absl::Status> Run(SimContext& ctx) override;
  Task<absl::Status> Check(SimContext& ctx) override;

 private:
  Task<void> Operate(SimContext& ctx, Operation operation,
                     absl::Duration patience);
  void CheckHistory();

  const ClientOptions options_;
  std::shared_ptr<History> history_;
  std::optional<Caller> caller_;
  uint64_t sequence_ = 0;
  std::string last_seen_;  // some value of a key, for a compare-and-set
  bool last_done_ = false;
};

// Changes who votes, at random, while it runs. It asks any server first: of two
// that believe to lead it finds both.
class Operator final : public Workload {
 public:
  // calm: its changes are so many times rarer.
  Operator(int voters, int calm, absl::Duration duration)
      : voters_(voters), calm_(calm), duration_(duration) {}

  absl::string_view name() const override { return "raft-operator"; }
  Task<absl::Status> Run(SimContext& ctx) override;

 private:
  const int voters_;
  const int calm_;
  const absl::Duration duration_;
};

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_CLIENT_H_
