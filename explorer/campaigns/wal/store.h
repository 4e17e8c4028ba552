// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Store: a key-value store that keeps what it acknowledged through crashes and
// a faulty disk, or says that it cannot. It knows nothing but
// providers/storage.h.
//
//   Stats stats;
//   CO_ASSIGN_OR_RETURN(std::unique_ptr<Store> store,
//                       co_await Store::Open(&storage, options, &stats));
//   CO_RETURN_IF_ERROR(co_await store->Commit(changes));  // durable, in order
//   store->state().find("key");
//
// Two directories, a and b, hold the same: a header, a checkpoint, the segments
// of the log. A commit is durable in both before it returns; whatever is
// replaced (header, checkpoint) is replaced in a first and is durable there
// before b is touched.
//
// Invariants:
//  1. Each Open begins a new epoch: it writes all it found into new checkpoints
//     and starts an empty log. So the tail of the old log is dead for good, a
//     damaged copy is mended, and nothing is shown that only the page cache
//     has: after a failed sync nothing else would be safe.
//  2. No sector that holds an acknowledged record is written again before both
//     copies have a checkpoint that covers it.
//  3. After any error the store is dead: nothing more is acknowledged. Open
//     another one.
//
// What is promised: as long as the disk loses, misplaces or damages what only
// one of the copies holds, all that was acknowledged is there, and of the rest
// a prefix. If both copies are hit between the beginning of one Open and the
// end of the next, data may be lost: Open says DataLoss where that can be
// known. Data never comes back changed.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_STORE_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "explorer/campaigns/wal/format.h"
#include "explorer/campaigns/wal/io.h"
#include "explorer/campaigns/wal/log.h"
#include "explorer/campaigns/wal/options.h"
#include "explorer/campaigns/wal/recovery.h"
#include "providers/coro/task.h"
#include "providers/storage.h"

namespace moonpool::wal {

class Store {
 public:
  // DataLoss: something acknowledged is gone. Other errors: try again.
  // Lifetime: storage and stats must outlive the store.
  static Task<absl::StatusOr<std::unique_ptr<Store>>> Open(
      Storage* storage, const Options& options, Stats* stats);
  Store(const Store&) = delete;

  // Makes the changes durable, then applies them, all in this order. After an
  // error a prefix of them may be there when the store is opened again.
  // REQUIRES: not called again before it has returned, or after an error.
  Task<absl::Status> Commit(const std::vector<Change>& changes);

  const State& state() const { return state_; }
  // How many changes were ever committed.
  uint64_t sequence() const { return sequence_; }

 private:
  Store(Storage* storage, const Options& options, Stats* stats)
      : options_(options), io_(storage, options.bug, stats) {}

  Task<absl::Status> BeginEpoch(Image image);
  Task<absl::Status> WriteHeader(Header header);
  Task<absl::Status> WriteCheckpoints();
  // Replaces a file of one copy by a new one, file, as a whole and durably;
  // without sync_first its contents are not synced.
  Task<absl::Status> Replace(size_t copy, absl::string_view name,
                             const std::string& bytes, bool sync_first,
                             std::unique_ptr<File>& file);
  Task<absl::Status> CommitAlive(const std::vector<Change>& changes);

  const Options options_;
  Io io_;
  State state_;
  uint64_t sequence_ = 0;
  uint64_t epoch_ = 0;
  std::optional<Log> log_;
  bool is_dead_ = false;
};

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_STORE_H_
