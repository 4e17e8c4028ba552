// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Core: one Raft server as a deterministic state machine. It does no I/O: it is
// told of messages and of the time, and says what to write, to send and to
// apply.
//
//   core.Tick(now);
//   core.Step(message);
//   Ready ready = core.TakeReady();
//   send ready.messages; write ready to the disk and sync;
//   core.OnPersisted();
//   send ready.replies; apply the entries up to core.commit()
//
// REQUIRES: between TakeReady and OnPersisted nothing else is called but const
// functions. A Core whose Ready could not be written must be thrown away.
//
// Elections with optional pre-vote and check-quorum (thesis, 9.6 and 6.2),
// pipelined replication with conflict hints (3.3, 10.2.1), commits of the own
// term only (3.6.2), snapshots (5), linearizable reads (6.4), membership
// changes: of one server directly and only after a commit of the leader's own
// term (4.1, and Ongaro's correction of 2015), larger ones by joint consensus
// (4.3). Servers that do not vote are kept up to date all the same.
//
// Determinism: draws once for each election time-out.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_CORE_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_CORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "explorer/campaigns/raft/log.h"
#include "explorer/campaigns/raft/types.h"
#include "providers/random.h"

namespace moonpool::raft {

struct CoreOptions {
  NodeId id = 0;
  int nodes = 0;  // servers 1 to nodes, whether they vote or not
  Bug bug = Bug::kNone;
  bool pre_vote = false;  // and leaders step down without a quorum
  absl::Duration heartbeat = absl::Milliseconds(100);
  absl::Duration election_min = absl::Milliseconds(300);
  absl::Duration election_max = absl::Milliseconds(600);
};

enum class Role : uint8_t { kFollower, kPreCandidate, kCandidate, kLeader };

// A read that may be answered once entries up to index have been applied.
struct ReadyRead {
  uint64_t token = 0;
  uint64_t index = 0;
};

struct Ready {
  // To be sent at once (a leader's appends overtake its own disk) and after
  // the disk.
  std::vector<Message> messages;
  std::vector<Message> replies;
  // In this order: the hard state; a snapshot that replaces the log, or all of
  // it up to its index; a cut after an index; entries from first_entry.
  std::optional<HardState> hard_state;
  std::shared_ptr<const Snapshot> snapshot;
  bool keep_tail = false;
  std::optional<uint64_t> truncate_after;
  uint64_t first_entry = 0;
  std::vector<Entry> entries;
  bool must_persist() const {
    return hard_state.has_value() || snapshot != nullptr ||
           truncate_after.has_value() || !entries.empty();
  }
};

class Core {
 public:
  // hard_state and log are what the disk holds. Lifetime: random must outlive
  // the core.
  Core(const CoreOptions& options, const HardState& hard_state, Log log,
       Random* random, absl::Duration now);

  // Time has passed; monotonic.
  void Tick(absl::Duration now);
  // When Tick wants to be called next.
  absl::Duration next_tick() const;
  void Step(const Message& message);

  // The index that the command will have if it is committed in term(); nullopt
  // if this server does not lead.
  std::optional<uint64_t> Propose(std::string command);
  // Asks for these voters. False if it cannot be begun now.
  bool ChangeMembers(uint32_t voters);
  // Whether the read was accepted; it then appears in TakeReads once, or the
  // server loses its leadership. Tokens are the caller's own.
  bool Read(uint64_t token);
  std::vector<ReadyRead> TakeReads();

  bool has_ready() const;
  Ready TakeReady();
  void OnPersisted();
  // A snapshot of the state machine replaces the log up to its index.
  void Compact(uint64_t index, std::string data);
  // Of an arrived snapshot that the state machine has to load; else null.
  std::shared_ptr<const Snapshot> TakeInstalled();

  NodeId id() const { return options_.id; }
  Role role() const { return role_; }
  uint64_t term() const { return hard_state_.term; }
  NodeId vote() const { return hard_state_.vote; }
  NodeId leader() const { return leader_; }  // 0: unknown
  uint64_t commit() const { return commit_; }
  const Log& log() const { return log_; }
  bool is_leader() const { return role_ == Role::kLeader; }
  uint64_t match(NodeId peer) const { return peers_[peer - 1].match; }

 private:
  // What a leader knows of another server (or of itself: match).
  struct Peer {
    uint64_t match = 0;
    uint64_t next = 1;
    // Until an answer shows where the logs part, appends are sent one by one.
    bool probing = true;
    uint64_t acked_round = 0;
    absl::Duration last_heard;
    absl::Duration last_progress;
  };
  struct PendingRead {
    uint64_t token = 0;
    uint64_t index = 0;
    uint64_t round = 0;  // 0: waits for the first commit of the term
  };

  uint32_t Bit(NodeId id) const { return uint32_t{1} << (id - 1); }
  Peer& peer(NodeId id) { return peers_[id - 1]; }
  // Also who is voted out by an entry that may yet be lost: others may need
  // this server's log for a leader, and could not be elected without it
  // (thesis, 4.2.2).
  bool may_campaign() const {
    return log_.members().Contains(options_.id) ||
           (log_.members_index() > commit_ &&
            log_.MembersAt(log_.members_index() - 1).Contains(options_.id));
  }

  // core_election.cc
  void ResetElectionTimer();
  void BecomeFollower(uint64_t term, NodeId leader);
  void Campaign(bool pre);
  void RequestVotes();
  void CountVotes();
  void BecomeLeader();
  void CheckQuorum();
  void StepVote(const Message& message);
  void StepVoteReply(const Message& message);

  // core_replication.cc
  void AppendOwn(EntryKind kind, std::string data);
  void Heartbeat();
  void SendRound();
  void SendEntries(NodeId to);
  void SendSnapshot(NodeId to);
  Message MakeAppend(NodeId to, uint64_t previous) const;
  void StepAppend(const Message& message);
  void AcceptEntries(const Message& message, Message& reply);
  void StepSnapshot(const Message& message);
  void StepAppendReply(const Message& message);
  void CommitAsLeader();
  void AfterCommit();
  void AnswerReads();
  void Truncate(uint64_t index);

  void Send(Message message);   // at once
  void Reply(Message message);  // after the disk

  CoreOptions options_;
  Random* random_;
  absl::Duration now_;
  HardState hard_state_;
  HardState written_;
  Log log_;
  uint64_t stable_ = 0;   // the disk holds the log's entries up to here
  uint64_t on_disk_ = 0;  // the last index that the disk's log has
  uint64_t commit_ = 0;
  std::shared_ptr<const Snapshot> new_snapshot_;
  bool keep_tail_ = false;
  std::shared_ptr<const Snapshot> installed_;

  Role role_ = Role::kFollower;
  NodeId leader_ = 0;
  absl::Duration election_due_;
  absl::Duration leader_seen_;
  // Candidates and leaders: requests are repeated.
  absl::Duration heartbeat_due_;
  uint32_t granted_ = 0;
  uint32_t answered_ = 0;

  // Leaders.
  std::vector<Peer> peers_;
  uint64_t term_start_ = 0;  // index of this term's first entry
  uint64_t round_ = 0;
  bool wants_round_ = false;
  std::vector<PendingRead> reads_;
  std::vector<ReadyRead> ready_reads_;

  std::vector<Message> messages_;
  std::vector<Message> replies_;
};

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_CORE_H_
