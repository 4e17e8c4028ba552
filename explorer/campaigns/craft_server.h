// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// CraftServer: a process that is one C-Raft server with a list of numbers as
// its state machine. A crash abandons the library's objects: their memory is
// dropped with the heap, and none of its code runs.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_SERVER_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_SERVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "explorer/campaigns/craft_cluster.h"
#include "explorer/campaigns/craft_heap.h"
#include "explorer/campaigns/craft_io.h"
#include "sim/runner/process.h"

namespace moonpool::craft {

class CraftServer final : public Process {
 public:
  explicit CraftServer(bool pre_vote) : pre_vote_(pre_vote) {}
  ~CraftServer() override;

  absl::string_view name() const override { return "craft"; }
  Task<absl::Status> Run(SimContext& ctx) override;

  raft_id id() const { return id_; }
  raft_term term() const { return raft_.current_term; }
  // One of raft.h's state codes.
  int state() const { return raft_.state; }
  raft_index committed() const { return raft_.commit_index; }
  const std::vector<uint64_t>& applied() const { return applied_; }
  const CraftIo& io() const { return *io_; }

  // Hands the command to the library; it calls the cluster's OnAcknowledged
  // once the command is committed. REQUIRES: state() is RAFT_LEADER.
  void Submit(uint64_t command);
  // Tells nobody any more; for a server that has shut itself down or
  // contradicted the others.
  void Halt() { io_->Halt(); }

 private:
  struct Request;
  static int Apply(raft_fsm* fsm, const raft_buffer* buffer, void** result);
  static int TakeSnapshot(raft_fsm* fsm, raft_buffer** buffers,
                          unsigned* count);
  static int Restore(raft_fsm* fsm, raft_buffer* buffer);

  const bool pre_vote_;
  raft_id id_ = 0;
  std::shared_ptr<CraftCluster> cluster_;
  CraftHeap heap_;
  std::optional<CraftIo> io_;
  raft_fsm fsm_ = {};
  raft raft_ = {};
  std::vector<uint64_t> applied_;
};

}  // namespace moonpool::craft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_SERVER_H_
