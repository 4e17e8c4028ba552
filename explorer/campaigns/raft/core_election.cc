// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Elections: thesis, 3.4 and 9.6.
#include "explorer/campaigns/raft/core.h"
#include "sim/assertions/assertions.h"

namespace moonpool::raft {

void Core::ResetElectionTimer() {
  const absl::Duration delay =
      options_.bug == Bug::kElectionLivelock
          ? options_.election_min
          : random_->Range(options_.election_min, options_.election_max);
  election_due_ = now_ + delay;
}

void Core::BecomeFollower(uint64_t term, NodeId leader) {
  if (term > hard_state_.term) hard_state_ = {.term = term, .vote = 0};
  // A follower's time-out goes on: only a leader or a vote renews it.
  if (is_leader()) ResetElectionTimer();
  role_ = Role::kFollower;
  leader_ = leader;
  reads_.clear();
  ready_reads_.clear();
}

void Core::Campaign(bool pre) {
  ASSERT_SOMETIMES(role_ == Role::kCandidate, "an election has no winner");
  if (!pre) {
    hard_state_ = {.term = term() + 1, .vote = options_.id};
  }
  role_ = pre ? Role::kPreCandidate : Role::kCandidate;
  leader_ = 0;
  granted_ = answered_ = Bit(options_.id);
  ResetElectionTimer();
  RequestVotes();
  CountVotes();
}

void Core::RequestVotes() {
  const bool pre = role_ == Role::kPreCandidate;
  for (NodeId id = 1; id <= options_.nodes; ++id) {
    if (id == options_.id || !log_.members().Contains(id)) continue;
    if ((answered_ & Bit(id)) != 0) continue;
    Reply({.kind = MessageKind::kVote,
           .to = id,
           .term = term() + 1,  // of a pre-vote; Reply sets the others'
           .pre = pre,
           .index = log_.last_index(),
           .log_term = log_.last_term()});
  }
  heartbeat_due_ = now_ + options_.heartbeat;
}

void Core::CountVotes() {
  if (!log_.members().IsQuorum(granted_)) return;
  if (role_ == Role::kPreCandidate) {
    Campaign(/*pre=*/false);
  } else if (role_ == Role::kCandidate) {
    BecomeLeader();
  }
}

void Core::BecomeLeader() {
  role_ = Role::kLeader;
  leader_ = options_.id;
  for (Peer& peer : peers_) {
    peer = {.next = log_.last_index() + 1,
            .last_heard = now_,
            .last_progress = now_};
  }
  peer(options_.id).match = stable_;
  term_start_ = log_.last_index() + 1;
  round_ = 0;
  reads_.clear();
  ready_reads_.clear();
  // So that entries of older terms can be committed (thesis, 6.4).
  AppendOwn(EntryKind::kNoop, "");
  for (NodeId id = 1; id <= options_.nodes; ++id) {
    if (id != options_.id) SendEntries(id);
  }
  heartbeat_due_ = now_ + options_.heartbeat;
}

void Core::CheckQuorum() {
  uint32_t heard = Bit(options_.id);
  for (NodeId id = 1; id <= options_.nodes; ++id) {
    if (now_ - peer(id).last_heard < options_.election_max) heard |= Bit(id);
  }
  if (log_.members().IsQuorum(heard)) return;
  ASSERT_REACHABLE("a leader steps down without a quorum");
  BecomeFollower(term(), 0);
}

void Core::StepVote(const Message& message) {
  const bool is_up_to_date =
      message.log_term > log_.last_term() ||
      (message.log_term == log_.last_term() &&
       message.index >= log_.last_index());
  Message reply = {.kind = MessageKind::kVoteReply,
                   .to = message.from,
                   .term = message.term,
                   .pre = message.pre};
  if (message.pre) {
    reply.accepted = message.term > term() && is_up_to_date;
    if (!reply.accepted) reply.term = term();
    Reply(std::move(reply));
    return;
  }
  if (message.term == term() &&
      (is_up_to_date || options_.bug == Bug::kNoLogCheck) &&
      (hard_state_.vote == 0 || hard_state_.vote == message.from)) {
    reply.accepted = true;
    hard_state_.vote = message.from;
    ResetElectionTimer();
  }
  ASSERT_SOMETIMES(message.term == term() && !is_up_to_date,
                   "a candidate's log is behind");
  Reply(std::move(reply));
}

void Core::StepVoteReply(const Message& message) {
  const Role wanted = message.pre ? Role::kPreCandidate : Role::kCandidate;
  if (role_ != wanted) return;
  if (message.pre && message.accepted && message.term != term() + 1) return;
  answered_ |= Bit(message.from);
  if (!message.accepted) return;
  granted_ |= Bit(message.from);
  CountVotes();
}

}  // namespace moonpool::raft
