// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Log: a server's replicated log in memory: a snapshot, and the entries after
// it. The newest membership in it is in force, committed or not (thesis, 4.1).
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_LOG_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_LOG_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "explorer/campaigns/raft/types.h"

namespace moonpool::raft {

class Log {
 public:
  // REQUIRES: snapshot is not null; index 0 is the empty one, which holds the
  // first members.
  explicit Log(std::shared_ptr<const Snapshot> snapshot);

  const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }
  uint64_t base_index() const { return snapshot_->index; }
  uint64_t last_index() const { return snapshot_->index + entries_.size(); }
  uint64_t last_term() const { return term(last_index()); }
  // REQUIRES (both): base_index() <= index <= last_index().
  uint64_t term(uint64_t index) const;
  uint64_t chain(uint64_t index) const;
  bool Holds(uint64_t index) const {
    return base_index() <= index && index <= last_index();
  }
  // REQUIRES: base_index() < index <= last_index().
  const Entry& at(uint64_t index) const {
    return entries_[index - base_index() - 1];
  }
  // The first index after the snapshot from which on all terms up to index are
  // the same. REQUIRES: as at().
  uint64_t FirstOfTerm(uint64_t index) const;

  const Members& members() const { return members_.back().members; }
  uint64_t members_index() const { return members_.back().index; }
  // As of index. REQUIRES: index >= base_index().
  const Members& MembersAt(uint64_t index) const;

  // Computes the entry's chain.
  void Append(Entry entry);
  // Drops what follows index. REQUIRES: index >= base_index().
  void TruncateAfter(uint64_t index);
  // Replaces the entries that the snapshot covers. REQUIRES: it ends within
  // the log.
  void Compact(std::shared_ptr<const Snapshot> snapshot);
  // Replaces everything.
  void Reset(std::shared_ptr<const Snapshot> snapshot);

 private:
  struct Change {
    uint64_t index;
    Members members;
  };
  std::shared_ptr<const Snapshot> snapshot_;
  std::deque<Entry> entries_;
  // The snapshot's, then that of each kMembers entry.
  std::vector<Change> members_;
};

// The data of a kMembers entry, and back.
std::string EncodeMembers(const Members& members);
Members DecodeMembers(absl::string_view data);

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_LOG_H_
