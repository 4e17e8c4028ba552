// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Observer: what an omniscient spectator knows of one world's servers, and the
// properties they must have. One for each world, published in its StateHandle
// by whoever needs it first. Observing never draws, sends or waits.
//
// Properties, all ALWAYS assertions (thesis, figure 3.2):
//   election safety        a term has one leader
//   log matching           equal (index, term), equal logs up to there
//   leader completeness    a leader has what was committed in earlier terms
//   committed entries stay
//   state machine safety   all servers compute the same
//   exactly once           a command takes effect at one index
// Linearizability is the clients' to check (history.h).
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_OBSERVER_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_OBSERVER_H_

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "explorer/campaigns/cut_links.h"
#include "explorer/campaigns/raft/core.h"
#include "explorer/campaigns/raft/kv_store.h"
#include "explorer/campaigns/raft/types.h"
#include "explorer/campaigns/rivals.h"
#include "sim/runner/state.h"

namespace moonpool::raft {

class Observer {
 public:
  // That of this world. It lives as long as somebody holds it.
  static std::shared_ptr<Observer> Of(StateHandle& state);

  // Links between servers were cut or healed.
  static void OnCut(const StateHandle& state, CutLinks& links);

  // A server has recovered. Lifetime: the core must live until OnDown.
  void OnUp(const Core& core);
  void OnDown(NodeId id);
  // A server keeps away from the cluster: its disk lost what was durable.
  void OnDamaged(NodeId id);
  // Whenever a core may have changed.
  void Observe(const Core& core);
  // A leader takes a command, at this index; a client has its answer, or gives
  // up.
  void OnAsked(const Core& core, uint64_t index, const Command& command);
  void OnSettled(uint32_t client, uint64_t sequence);
  void OnApplied(NodeId id, uint64_t index, const Command* command,
                 const KvStore::Result& result, uint64_t digest);
  // Its state machine was loaded from a snapshot.
  void OnRestored(NodeId id, uint64_t index, uint64_t digest);
  void OnSnapshot(uint64_t index);
  // Of the log, that a snapshot replaces.
  void set_snapshot_entries(uint64_t entries) { snapshot_entries_ = entries; }

  // Whether every server that could be up and well has applied the newest
  // committed entry.
  bool HasConverged() const;
  uint64_t committed() const { return committed_.size(); }
  uint64_t elections() const { return leaders_.size(); }
  bool is_damaged(NodeId id) const { return seat(id).damaged; }
  int damaged() const;

 private:
  struct Seat {
    const Core* core = nullptr;
    bool damaged = false;
    uint64_t commit = 0;
    uint64_t applied = 0;
    // What was seen last of the log, the role and the vote.
    uint64_t last_index = 0;
    uint64_t last_chain = 0;
    uint64_t members_index = 0;
    uint64_t term = 0;
    NodeId vote = 0;
    Role role = Role::kFollower;
    bool has_voted = false;  // in this term, since its last recovery
    uint64_t forgone_term = 0;  // in which it voted, and was down since
    NodeId forgone_vote = 0;
    // Of its log as last seen, also while it is down.
    TermLog terms;
    uint32_t voters = 0;  // 0: joint
  };
  struct Committed {
    uint64_t chain = 0;
    uint64_t term = 0;  // in which it was committed
  };

  const Seat& seat(NodeId id) const { return seats_[id - 1]; }
  Seat& seat(NodeId id) { return seats_[id - 1]; }
  void ObserveLog(const Core& core);
  void ObserveCommit(const Core& core);
  void ObserveLeader(const Core& core);
  void ObserveVote(const Core& core);
  void MarkReturn(const Core& core);
  void CheckDigest(NodeId id, uint64_t index, uint64_t digest);
  // How far along the dangerous roads the world is. Each exists in a correct
  // world, too.
  void MarkMilestones();
  const Core* NewestLeader() const;
  void MarkOldEntry(const Core& leader);
  void MarkRivals();
  // How near a server that has voted and was down since is to another vote of
  // the same term, which only what it recovered keeps it from.
  void MarkSecondVotes();
  void MarkNewestCommit();
  void MarkMembers();
  // How near commands without an answer are to a snapshot that somebody needs:
  // how many entries are lacking until one has the command; whether its leader
  // will never answer; whether a server is behind, or began with such a snapshot
  // (3).
  void MarkDoubts();
  // 1: a member lacks entries that others committed a while ago; 2: and it is
  // cut off from this server.
  int HowFarBehind(NodeId leader) const;

  std::array<Seat, kMaxNodes> seats_;
  size_t servers_ = 0;  // seats taken so far, from the first
  absl::btree_map<uint64_t, NodeId> leaders_;  // by term
  absl::btree_map<std::pair<uint64_t, uint64_t>, uint64_t> chains_;
  std::vector<Committed> committed_;  // of index i + 1
  absl::btree_map<uint64_t, uint64_t> digests_;  // by index
  // (client, sequence) -> where it took effect.
  absl::btree_map<std::pair<uint32_t, uint64_t>, uint64_t> effects_;
  // What a client asked for last, and by which entry of whom.
  struct Asked {
    uint64_t sequence = 0;
    uint64_t index = 0;
    uint64_t chain = 0;
    uint64_t term = 0;
    NodeId leader = 0;
    bool is_again = false;
    bool is_settled = false;
  };
  absl::btree_map<uint32_t, Asked> asked_;  // by client
  // Of the newest term with votes: who voted for whom.
  uint64_t vote_term_ = 0;
  std::array<uint32_t, kMaxNodes> votes_ = {};
  CutLinks links_;
  uint64_t snapshot_entries_ = 0;
  uint64_t newest_snapshot_ = 0;
  uint64_t newest_restored_ = 0;  // from which a server's state was restored
};

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_OBSERVER_H_
