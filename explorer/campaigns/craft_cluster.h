// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// CraftCluster: what an omniscient observer knows of one world's servers, and
// the properties they must have. One for each world, published in its
// StateHandle by whoever needs it first.
//
// Properties, all ALWAYS assertions:
//   agreement     all nodes apply the same commands in the same order
//   durability    an acknowledged command is never replaced, and in the end
//                 it is among those that every node has applied
//   election      no two nodes lead in one term
//   availability  a server never shuts itself down (with strict=true)
//
// Observing never draws, sends or waits.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_CLUSTER_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_CLUSTER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "explorer/campaigns/craft_io.h"
#include "explorer/campaigns/cut_links.h"
#include "explorer/campaigns/rivals.h"
#include "sim/runner/state.h"

namespace moonpool::craft {

class CraftServer;

class CraftCluster {
 public:
  // That of this world. It lives as long as somebody holds it.
  static std::shared_ptr<CraftCluster> Of(StateHandle& state);
  // The same, or nullptr if no server has booted yet.
  static CraftCluster* Find(const StateHandle& state);

  // Survives the server that uses it. REQUIRES: id > 0.
  CraftRegister* MetadataOf(raft_id id);
  // A server has booted (or, with nullptr, is gone).
  void SetServer(raft_id id, CraftServer* server);

  // Hands a new command to every server that believes it leads.
  void SubmitCommand();
  void OnApplied(CraftServer& server, uint64_t command);
  void OnAcknowledged(uint64_t command);

  // After each turn. Costs a few comparisons if nothing has happened. Strict:
  // a server that shuts itself down violates a property of its own.
  void CheckServers(bool strict);
  // Reports how far the newest leader's rivals are (rivals.h).
  void MarkRivals(const CutLinks& cut);
  // At the end of a quiet time in which no command was submitted.
  void CheckConvergence() const;

  uint64_t acknowledged() const { return acknowledged_.size(); }
  uint64_t elections() const { return leader_of_term_.size(); }
  // Servers that have a snapshot on their disk.
  int snapshots() const;

 private:
  struct Seat {
    CraftRegister metadata;
    CraftServer* server = nullptr;
    TermLog terms;
  };

  void OnLeader(raft_id id, raft_term term);

  std::vector<std::unique_ptr<Seat>> seats_;  // of server i + 1
  uint64_t last_command_ = 0;
  // The agreed sequence: what was applied first at each position.
  std::vector<uint64_t> agreed_;
  absl::btree_set<uint64_t> acknowledged_;
  absl::btree_map<raft_term, raft_id> leader_of_term_;
  uint64_t marked_changes_ = 0;
};

}  // namespace moonpool::craft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_CLUSTER_H_
