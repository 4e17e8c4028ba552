// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// CraftLog: one server's log and snapshot on disk, in one file:
//
//   first index | snapshot, if any | entry | entry | ...
//
// Entries are appended in place; a snapshot, which also drops entries, writes
// a new file and renames it over the old one, so that the two never disagree.
// Nothing counts before the method that wrote it has returned OK.
//
// A power cut may leave a part of the entries of the last append, even half an
// entry: Open cuts that off. There are no checksums: our disks keep a prefix.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_LOG_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_LOG_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "explorer/campaigns/craft_message.h"
#include "providers/coro/task.h"
#include "providers/storage.h"

namespace moonpool::craft {

struct Snapshot {
  raft_index index = 0;
  raft_term term = 0;
  raft_index configuration_index = 0;
  std::vector<Server> servers;
  std::string data;
};

class CraftLog {
 public:
  // Lifetime: storage must outlive the log.
  explicit CraftLog(Storage* storage) : storage_(storage) {}

  // Reads what is on the disk; makes an empty log if there is nothing.
  Task<absl::Status> Open();
  Task<absl::Status> Append(std::vector<Entry> entries);
  // Drops the entries from index on.
  Task<absl::Status> Truncate(raft_index index);
  // Keeps `trailing` entries before the snapshot's index, and those after it;
  // no entry at all if trailing is 0 (the snapshot came from a leader).
  Task<absl::Status> PutSnapshot(Snapshot snapshot, unsigned trailing);

  // What is durable.
  raft_index first_index() const { return first_index_; }
  raft_index end_index() const { return first_index_ + entries_.size(); }
  const std::vector<Entry>& entries() const { return entries_; }
  // REQUIRES: first_index() <= index < end_index().
  raft_term term(raft_index index) const {
    return entries_[index - first_index_].term;
  }
  const std::optional<Snapshot>& snapshot() const { return snapshot_; }

 private:
  std::string EncodeHead() const;
  bool DecodeHead(ByteReader& reader);
  // Entries until one is incomplete.
  void DecodeEntries(ByteReader& reader);

  Storage* storage_;
  std::unique_ptr<File> file_;
  raft_index first_index_ = 1;
  std::optional<Snapshot> snapshot_;
  std::vector<Entry> entries_;
  uint64_t entries_offset_ = 0;  // in the file
  // Where each entry ends, from entries_offset_.
  std::vector<uint64_t> ends_;
};

}  // namespace moonpool::craft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_LOG_H_
