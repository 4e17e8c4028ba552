// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Replication, commits, snapshots and reads: thesis, 3.5, 3.6, 5 and 6.4.
#include <algorithm>
#include <utility>

#include "explorer/campaigns/raft/core.h"
#include "sim/assertions/assertions.h"

namespace moonpool::raft {
namespace {

// Of one message.
constexpr uint64_t kMaxEntries = 64;
// What was sent so long ago without an answer is sent again, in heartbeats.
constexpr int kRetryHeartbeats = 2;

}  // namespace

void Core::AppendOwn(EntryKind kind, std::string data) {
  log_.Append({.term = term(), .kind = kind, .data = std::move(data)});
}

void Core::Heartbeat() {
  if (options_.pre_vote) CheckQuorum();
  if (!is_leader()) return;
  heartbeat_due_ = now_ + options_.heartbeat;
  for (NodeId id = 1; id <= options_.nodes; ++id) {
    Peer& to = peer(id);
    if (id == options_.id || to.probing || to.next == to.match + 1) continue;
    if (now_ - to.last_progress < kRetryHeartbeats * options_.heartbeat) {
      continue;
    }
    to.next = to.match + 1;  // what was sent is lost, or late
    to.last_progress = now_;
  }
  wants_round_ = true;
}

void Core::SendRound() {
  ++round_;
  for (NodeId id = 1; id <= options_.nodes; ++id) {
    if (id == options_.id) continue;
    const Peer& to = peer(id);
    if (to.probing && to.next <= log_.base_index()) {
      SendSnapshot(id);
      continue;
    }
    // Agreed already, or, while probing, a question. Below the snapshot
    // nothing can be asked: index 0 always agrees.
    uint64_t previous = to.probing ? to.next - 1 : to.match;
    if (previous < log_.base_index()) previous = 0;
    Send(MakeAppend(id, previous));
  }
}

Message Core::MakeAppend(NodeId to, uint64_t previous) const {
  return {.kind = MessageKind::kAppend,
          .to = to,
          .index = previous,
          .log_term = log_.Holds(previous) ? log_.term(previous) : 0,
          .commit = commit_,
          .round = round_};
}

void Core::SendEntries(NodeId to) {
  Peer& peer = this->peer(to);
  if (peer.next <= log_.base_index()) {
    SendSnapshot(to);
    return;
  }
  Message message = MakeAppend(to, peer.next - 1);
  // While probing most are sent in vain: one will do.
  const uint64_t end = std::min(log_.last_index() + 1,
                                peer.next + (peer.probing ? 1 : kMaxEntries));
  for (uint64_t i = peer.next; i < end; ++i) {
    message.entries.push_back(log_.at(i));
  }
  if (!peer.probing) {
    if (peer.next == peer.match + 1) peer.last_progress = now_;
    peer.next = end;
  }
  Send(std::move(message));
}

void Core::SendSnapshot(NodeId to) {
  Peer& peer = this->peer(to);
  Send({.kind = MessageKind::kSnapshot,
        .to = to,
        .round = round_,
        .snapshot = log_.snapshot()});
  peer.next = log_.base_index() + 1;
  peer.probing = false;
  peer.last_progress = now_;
}

void Core::StepAppend(const Message& message) {
  Message reply = {.kind = MessageKind::kAppendReply, .to = message.from};
  if (message.term == term()) {
    if (is_leader()) return;  // two leaders: somebody else reports it
    // The answer to an older term confirms nothing: its sender may lead again.
    reply.rejected = message.index;
    reply.round = message.round;
    if (role_ != Role::kFollower) BecomeFollower(term(), message.from);
    leader_ = message.from;
    leader_seen_ = now_;
    ResetElectionTimer();
    AcceptEntries(message, reply);
  }
  Reply(std::move(reply));
}

void Core::AcceptEntries(const Message& message, Message& reply) {
  const uint64_t previous = message.index;
  if (previous > log_.last_index()) {
    reply.index = log_.last_index() + 1;
    return;
  }
  if (previous > log_.base_index() &&
      log_.term(previous) != message.log_term) {
    reply.index = log_.FirstOfTerm(previous);
    return;
  }
  uint64_t index = previous;
  for (const Entry& entry : message.entries) {
    if (++index <= log_.base_index()) continue;
    if (index <= log_.last_index()) {
      if (log_.term(index) == entry.term) continue;
      ASSERT_ALWAYS(index > commit_, "a committed entry is never cut off",
                    {"node", int{options_.id}}, {"index", index},
                    {"commit", commit_});
      if (index <= commit_) return;
      ASSERT_REACHABLE("a follower cuts off entries");
      Truncate(index - 1);
    }
    log_.Append(entry);
  }
  if (options_.bug == Bug::kTruncateAlways && !message.entries.empty()) {
    const uint64_t end = std::max(index, commit_);
    if (log_.last_index() > end) Truncate(end);
  }
  commit_ = std::max(commit_, std::min(message.commit, index));
  reply.accepted = true;
  reply.index = previous == 0 ? index : std::max(index, log_.base_index());
}

void Core::StepSnapshot(const Message& message) {
  Message reply = {.kind = MessageKind::kAppendReply, .to = message.from};
  if (message.term < term()) {
    Reply(std::move(reply));
    return;
  }
  reply.round = message.round;
  if (is_leader()) return;
  if (role_ != Role::kFollower) BecomeFollower(term(), message.from);
  leader_ = message.from;
  leader_seen_ = now_;
  ResetElectionTimer();
  const Snapshot& snapshot = *message.snapshot;
  reply.accepted = true;
  reply.index = snapshot.index;
  Reply(std::move(reply));
  if (options_.bug == Bug::kSnapshotOverTail) {
    if (snapshot.index < log_.base_index()) return;
  } else if (snapshot.index <= commit_) {
    return;
  }
  ASSERT_REACHABLE("a follower installs a snapshot");
  const bool keep_tail = log_.Holds(snapshot.index) &&
                         log_.term(snapshot.index) == snapshot.term &&
                         options_.bug != Bug::kSnapshotOverTail;
  ASSERT_SOMETIMES(log_.last_index() > snapshot.index,
                   "a snapshot arrives at a log that is ahead of it");
  if (keep_tail) {
    log_.Compact(message.snapshot);
    stable_ = std::max(stable_, snapshot.index);
    on_disk_ = std::max(on_disk_, snapshot.index);
  } else {
    log_.Reset(message.snapshot);
    stable_ = on_disk_ = snapshot.index;
  }
  commit_ = snapshot.index;
  new_snapshot_ = installed_ = message.snapshot;
  keep_tail_ = keep_tail;
}

void Core::StepAppendReply(const Message& message) {
  if (!is_leader()) return;
  Peer& from = peer(message.from);
  from.last_heard = now_;
  from.acked_round = std::max(from.acked_round, message.round);
  if (!message.accepted) {
    if (message.rejected <= from.match) return;  // late
    if (from.probing && message.rejected != from.next - 1) return;
    from.next = std::clamp(std::min(message.index, message.rejected),
                           from.match + 1, log_.last_index() + 1);
    from.probing = true;
    SendEntries(message.from);
    return;
  }
  uint64_t match = std::min(message.index, log_.last_index());
  if (options_.bug == Bug::kMatchFromPrev) match = from.next - 1;
  if (match > from.match) {
    from.match = match;
    from.last_progress = now_;
  }
  from.next = std::max(from.next, from.match + 1);
  // An agreement at index 0 says nothing.
  if (message.index > 0 || from.next == 1) from.probing = false;
  CommitAsLeader();
}

void Core::CommitAsLeader() {
  std::vector<uint64_t> matches;
  for (const Peer& peer : peers_) {
    if (peer.match > commit_) matches.push_back(peer.match);
  }
  std::sort(matches.begin(), matches.end(), std::greater<>());
  for (const uint64_t index : matches) {
    uint32_t stored = 0;
    for (NodeId id = 1; id <= options_.nodes; ++id) {
      if (peer(id).match >= index) stored |= Bit(id);
    }
    if (!log_.members().IsQuorum(stored)) continue;
    // Thesis, 3.6.2: entries of older terms are not committed by counting.
    if (log_.term(index) != term() && options_.bug != Bug::kCommitOldTerm) {
      return;
    }
    ASSERT_SOMETIMES(log_.term(commit_ + 1) < term(),
                     "an entry of an older term is committed");
    commit_ = index;
    AfterCommit();
    return;
  }
}

void Core::AfterCommit() {
  const Members members = log_.members();
  if (log_.members_index() > commit_ || commit_ < term_start_) return;
  if (members.is_joint()) {
    AppendOwn(EntryKind::kMembers,
              EncodeMembers({.voters = members.voters, .outgoing = 0}));
    ASSERT_REACHABLE("a joint configuration is left");
  } else if (!members.Contains(options_.id)) {
    ASSERT_REACHABLE("a leader that was removed steps down");
    BecomeFollower(term(), 0);
  }
}

void Core::AnswerReads() {
  if (!is_leader()) return;
  std::vector<PendingRead> waiting;
  for (PendingRead& read : reads_) {
    if (read.round == 0 && commit_ >= term_start_) {
      read.index = commit_;
      read.round = round_ + 1;
      wants_round_ = true;
    }
    uint32_t acked = Bit(options_.id);
    for (NodeId id = 1; id <= options_.nodes; ++id) {
      if (peer(id).acked_round >= read.round) acked |= Bit(id);
    }
    if (read.round != 0 && log_.members().IsQuorum(acked)) {
      ready_reads_.push_back({read.token, read.index});
    } else {
      waiting.push_back(read);
    }
  }
  reads_ = std::move(waiting);
}

}  // namespace moonpool::raft
