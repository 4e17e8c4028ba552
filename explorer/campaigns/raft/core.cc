// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The frame of the state machine: time, messages by term, and what is to be
// written. Elections and replication have files of their own.
#include "explorer/campaigns/raft/core.h"

#include <algorithm>
#include <utility>

#include "providers/base/check.h"
#include "sim/assertions/assertions.h"

namespace moonpool::raft {

Core::Core(const CoreOptions& options, const HardState& hard_state, Log log,
           Random* random, absl::Duration now)
    : options_(options),
      random_(random),
      now_(now),
      hard_state_(hard_state),
      written_(hard_state),
      log_(std::move(log)),
      stable_(log_.last_index()),
      on_disk_(log_.last_index()),
      commit_(log_.base_index()),
      leader_seen_(-absl::InfiniteDuration()),
      peers_(static_cast<size_t>(options.nodes)) {
  CHECK(options.id >= 1 && options.id <= options.nodes);
  CHECK_LE(options.nodes, kMaxNodes);
  // The term of an entry is one that this server has been in.
  hard_state_.term = std::max(hard_state_.term, log_.last_term());
  ResetElectionTimer();
}

void Core::Tick(absl::Duration now) {
  now_ = std::max(now_, now);
  if (is_leader()) {
    if (now_ >= heartbeat_due_) Heartbeat();
  } else if (now_ >= election_due_) {
    if (may_campaign()) {
      Campaign(options_.pre_vote);
    } else {
      ResetElectionTimer();
    }
  } else if (role_ != Role::kFollower && now_ >= heartbeat_due_) {
    RequestVotes();
  }
}

absl::Duration Core::next_tick() const {
  if (is_leader()) return heartbeat_due_;
  if (role_ == Role::kFollower) return election_due_;
  return std::min(election_due_, heartbeat_due_);
}

void Core::Step(const Message& message) {
  if (message.from > options_.nodes || message.to != options_.id) return;
  const bool is_request = message.kind != MessageKind::kAppendReply &&
                          message.kind != MessageKind::kVoteReply;
  // Who hears from a leader helps nobody to depose it (thesis, 4.2.3).
  if (options_.pre_vote && message.kind == MessageKind::kVote &&
      (is_leader() || now_ - leader_seen_ < options_.election_min)) {
    return;
  }
  const bool future = message.pre && (is_request || message.accepted);
  if (message.term > term() && !future) {
    const bool is_leader = message.kind == MessageKind::kAppend ||
                           message.kind == MessageKind::kSnapshot;
    BecomeFollower(message.term, is_leader ? message.from : 0);
  }
  if (message.term < term() && !is_request) return;
  switch (message.kind) {
    case MessageKind::kAppend:
      StepAppend(message);
      break;
    case MessageKind::kSnapshot:
      StepSnapshot(message);
      break;
    case MessageKind::kAppendReply:
      StepAppendReply(message);
      break;
    case MessageKind::kVote:
      StepVote(message);
      break;
    case MessageKind::kVoteReply:
      StepVoteReply(message);
      break;
  }
}

std::optional<uint64_t> Core::Propose(std::string command) {
  if (!is_leader()) return std::nullopt;
  AppendOwn(EntryKind::kCommand, std::move(command));
  return log_.last_index();
}

bool Core::ChangeMembers(uint32_t voters) {
  const Members& now = log_.members();
  if (!is_leader() || voters == 0 || voters == now.voters || now.is_joint() ||
      log_.members_index() > commit_) {
    return false;
  }
  ASSERT_SOMETIMES(commit_ < term_start_,
                   "a change of members comes before a commit of the term");
  if (commit_ < term_start_ && options_.bug != Bug::kEarlyChange) return false;
  const bool is_direct = std::popcount(voters ^ now.voters) == 1 ||
                         options_.bug == Bug::kSingleConfig;
  const Members next = {.voters = voters,
                        .outgoing = is_direct ? 0 : now.voters};
  AppendOwn(EntryKind::kMembers, EncodeMembers(next));
  return true;
}

bool Core::Read(uint64_t token) {
  if (!is_leader()) return false;
  if (options_.bug == Bug::kStaleRead) {
    ready_reads_.push_back({token, commit_});
  } else {
    reads_.push_back({.token = token});
  }
  return true;
}

std::vector<ReadyRead> Core::TakeReads() {
  AnswerReads();
  return std::exchange(ready_reads_, {});
}

bool Core::has_ready() const {
  if (!messages_.empty() || !replies_.empty() || wants_round_ ||
      hard_state_ != written_ || new_snapshot_ != nullptr ||
      stable_ != log_.last_index() || on_disk_ != stable_) {
    return true;
  }
  return false;
}

Ready Core::TakeReady() {
  AnswerReads();
  if (is_leader()) {
    if (wants_round_) SendRound();
    for (NodeId id = 1; id <= options_.nodes; ++id) {
      if (id == options_.id || peer(id).probing) continue;
      while (peer(id).next <= log_.last_index() && !peer(id).probing) {
        SendEntries(id);
      }
    }
  }
  wants_round_ = false;
  Ready ready;
  if (hard_state_ != written_ && options_.bug != Bug::kTermNotPersisted) {
    ready.hard_state = hard_state_;
    if (options_.bug == Bug::kVoteNotPersisted) ready.hard_state->vote = 0;
    if (options_.bug == Bug::kVoteNotPersisted &&
        hard_state_.term == written_.term) {
      ready.hard_state.reset();
    }
  }
  ready.snapshot = std::exchange(new_snapshot_, nullptr);
  ready.keep_tail = keep_tail_;
  if (on_disk_ > stable_) ready.truncate_after = stable_;
  ready.first_entry = stable_ + 1;
  for (uint64_t i = stable_ + 1; i <= log_.last_index(); ++i) {
    ready.entries.push_back(log_.at(i));
  }
  ready.replies = std::exchange(replies_, {});
  ready.messages = std::exchange(messages_, {});
  if (hard_state_ != written_) {
    // Nobody may hear of a term before the disk has it.
    for (Message& message : ready.messages) {
      ready.replies.push_back(std::move(message));
    }
    ready.messages.clear();
  }
  return ready;
}

void Core::OnPersisted() {
  written_ = hard_state_;
  stable_ = on_disk_ = log_.last_index();
  if (!is_leader()) return;
  peer(options_.id).match = stable_;
  CommitAsLeader();
}

void Core::Compact(uint64_t index, std::string data) {
  CHECK(log_.Holds(index) && index <= commit_ && index <= stable_);
  if (index == log_.base_index()) return;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->index = index;
  snapshot->term = log_.term(index);
  snapshot->chain = log_.chain(index);
  snapshot->members = log_.MembersAt(index);
  snapshot->data = std::move(data);
  log_.Compact(snapshot);
  new_snapshot_ = std::move(snapshot);
  keep_tail_ = true;
}

std::shared_ptr<const Snapshot> Core::TakeInstalled() {
  return std::exchange(installed_, nullptr);
}

void Core::Truncate(uint64_t index) {
  log_.TruncateAfter(index);
  stable_ = std::min(stable_, index);
}

void Core::Send(Message message) {
  message.from = options_.id;
  message.term = term();
  messages_.push_back(std::move(message));
}

void Core::Reply(Message message) {
  message.from = options_.id;
  if (!message.pre) message.term = term();
  replies_.push_back(std::move(message));
}

}  // namespace moonpool::raft
