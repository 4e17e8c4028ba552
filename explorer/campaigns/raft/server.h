// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// RaftServer: one server of the cluster. It gives a Core its messages and its
// time, and does what the core asks for on the network and the disk.
//
// One coroutine, the driver, owns the core: it takes what has arrived, steps
// the core, writes, sends and applies, one batch after another. An error of
// the disk ends the core: everything volatile is dropped, and the server
// recovers from what the disk really holds (journal.h). A server whose durable
// data is damaged keeps away from the cluster for good.
//
// Three connections lead to each other server: one for what is small and, in
// turn, two for entries and snapshots, so that none of them holds up heartbeats
// or the next. Messages may thus overtake each other.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_SERVER_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_SERVER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "explorer/campaigns/raft/core.h"
#include "explorer/campaigns/raft/journal.h"
#include "explorer/campaigns/raft/kv_store.h"
#include "explorer/campaigns/raft/observer.h"
#include "explorer/campaigns/raft/peer_link.h"
#include "explorer/campaigns/raft/protocol.h"
#include "providers/coro/wait_list.h"
#include "sim/runner/process.h"

namespace moonpool::raft {

struct ServerOptions {
  int voters = 3;  // the first so many servers vote in the beginning
  Bug bug = Bug::kNone;
  bool pre_vote = false;
  // Log entries that are replaced by a snapshot.
  int snapshot_entries = 25;
};

class RaftServer final : public Process {
 public:
  explicit RaftServer(const ServerOptions& options) : options_(options) {}
  ~RaftServer() override;

  absl::string_view name() const override { return "raft"; }
  Task<absl::Status> Run(SimContext& ctx) override;

 private:
  // A request of a client, until it is answered.
  struct Request {
    char kind = 0;
    Command command;
    MembersRequest members;
    uint64_t token = 0;  // of a read
    uint64_t index = 0;  // where it stands in the log, or what it reads
    uint64_t term = 0;   // of the leadership that took it
    std::optional<Response> response;
    WaitList answered;
  };
  using SharedRequest = std::shared_ptr<Request>;

  Task<void> Accept(Listener* listener);
  Task<void> Serve(std::unique_ptr<Stream> stream);
  Task<Response> Handle(absl::string_view payload);
  Task<void> KeepTime();
  Task<void> Drive();
  // From recovery to the first error of the disk.
  Task<absl::Status> RunIncarnation();
  Task<absl::Status> Settle();

  void Begin(const SharedRequest& request);
  bool ChangeMembers(const MembersRequest& request);
  void Deliver(const std::vector<Message>& messages);
  void Apply();
  void AnswerReads();
  void AnswerAt(uint64_t index, const KvStore::Result& result);
  // Those of a leadership that is over.
  void FailOldRequests();
  void Answer(const SharedRequest& request, Response response);
  void Drop();

  const ServerOptions options_;
  SimContext* ctx_ = nullptr;
  NodeId id_ = 0;
  std::shared_ptr<Observer> observer_;
  // By id - 1; to itself: null. The first is for what is small.
  std::array<std::vector<std::unique_ptr<PeerLink>>, 3> links_;
  size_t next_link_ = 1;

  // What has arrived.
  std::vector<Message> inbox_;
  std::vector<SharedRequest> requests_;
  bool tick_due_ = false;
  WaitList arrived_;
  WaitList ticked_;

  // Of this incarnation.
  std::optional<Journal> journal_;
  std::optional<Core> core_;
  KvStore store_;
  uint64_t applied_ = 0;
  std::deque<SharedRequest> proposed_;  // by index
  std::vector<SharedRequest> reading_;
  uint64_t last_token_ = 0;
};

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_SERVER_H_
