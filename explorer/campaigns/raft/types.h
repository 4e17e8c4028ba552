// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The vocabulary of the raft campaign: entries, memberships, messages, and the
// bugs that can be planted. "The thesis" is D. Ongaro, "Consensus: Bridging
// Theory and Practice", Stanford 2014.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_TYPES_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_TYPES_H_

#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace moonpool::raft {

// One planted fault at a time; kNone is a correct Raft.
enum class Bug : uint8_t {
  kNone,
  kVoteNotPersisted,   // votedFor is not written to the disk
  kTermNotPersisted,   // nor is currentTerm, until an entry has it
  kCommitOldTerm,      // entries of older terms are committed by counting
  kNoLogCheck,         // a vote for anybody, however short their log
  kTruncateAlways,     // an append cuts off what follows it, conflict or not
  kMatchFromPrev,      // any success raises matchIndex to what was sent last
  kSnapshotOverTail,   // a late snapshot replaces a log that is ahead of it
  kStaleRead,          // reads without asking whether one still leads
  kSessionLost,        // snapshots do not hold the client sessions
  kSingleConfig,       // large membership changes without joint consensus
  kEarlyChange,        // membership changes before a commit of this term
  kFsyncIgnored,       // a failed sync counts as done
  kTornTail,           // recovery believes a record with a wrong checksum
  kElectionLivelock,   // the same election time-out on all servers
};
// "commit-old-term"; nullopt if there is no such bug.
std::optional<Bug> FindBug(absl::string_view name);
absl::string_view BugName(Bug bug);
// In the order of the enumerators: "none" first.
std::vector<std::string> BugNames();

// Servers are numbered from 1.
using NodeId = uint8_t;
inline constexpr int kMaxNodes = 16;

// Who votes. While it is joint, decisions need a majority of both sets.
struct Members {
  uint32_t voters = 0;    // bit id - 1
  uint32_t outgoing = 0;  // the old set, while joint
  bool is_joint() const { return outgoing != 0; }
  bool Contains(NodeId id) const {
    return ((voters | outgoing) >> (id - 1) & 1) != 0;
  }
  // Whether the servers in the set agreed decide.
  bool IsQuorum(uint32_t agreed) const {
    return IsMajority(voters, agreed) &&
           (!is_joint() || IsMajority(outgoing, agreed));
  }
  static bool IsMajority(uint32_t set, uint32_t agreed) {
    return 2 * std::popcount(set & agreed) > std::popcount(set);
  }
  friend bool operator==(const Members&, const Members&) = default;
};

enum class EntryKind : uint8_t { kNoop, kCommand, kMembers };

struct Entry {
  uint64_t term = 0;
  EntryKind kind = EntryKind::kNoop;
  std::string data;
  // Hash of this entry and all before it: equal chains, equal histories. Not
  // stored or sent, but computed by whoever appends the entry to a log.
  uint64_t chain = 0;
};
// The chain of an entry that follows an entry with chain previous.
uint64_t ChainOf(uint64_t previous, const Entry& entry);

struct Snapshot {
  uint64_t index = 0;  // the last entry that it covers
  uint64_t term = 0;   // of that entry
  uint64_t chain = 0;  // likewise
  Members members;     // as of that entry
  std::string data;    // of the state machine
};

// What must be on the disk before anybody is told.
struct HardState {
  uint64_t term = 0;
  NodeId vote = 0;  // 0: nobody
  friend bool operator==(const HardState&, const HardState&) = default;
};

enum class MessageKind : uint8_t {
  kAppend,       // AppendEntries; without entries a heartbeat
  kAppendReply,  // also answers kSnapshot
  kVote,         // RequestVote
  kVoteReply,
  kSnapshot,     // InstallSnapshot
};

struct Message {
  MessageKind kind = MessageKind::kAppend;
  NodeId from = 0;
  NodeId to = 0;
  uint64_t term = 0;
  bool pre = false;       // a pre-vote (thesis, 9.6) or its reply
  bool accepted = false;  // replies
  // kAppend: of the entry before the first. kVote: of the candidate's last.
  // kAppendReply: up to here the logs agree; rejected: try from here.
  uint64_t index = 0;
  uint64_t log_term = 0;
  uint64_t rejected = 0;  // kAppendReply: index of the append that failed
  uint64_t commit = 0;    // kAppend
  uint64_t round = 0;     // kAppend, kSnapshot; the reply repeats it
  std::vector<Entry> entries;
  std::shared_ptr<const Snapshot> snapshot;
};

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_TYPES_H_
