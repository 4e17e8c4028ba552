// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Journal: what one server has on its disk, in one file: hard state, snapshot
// and log, as checksummed records in the order in which they were written.
//
//   CO_ASSIGN_OR_RETURN(Journal journal, co_await Journal::Open(options));
//   Core core(..., journal.hard_state(), journal.TakeLog(), ...);
//   CO_RETURN_IF_ERROR(co_await journal.Write(ready));  // now durable
//
// After an error the journal is of no use: nobody knows what the disk holds
// (a failed sync is never repeated). Open another one, which reads what is
// there.
//
// Opening writes everything it has read to a new file, syncs that, renames it
// over the old one and syncs the directory. So what a recovered server shows
// is durable, also if an earlier process failed to sync it or was stopped
// before it could. The same happens when the file has grown large.
//
// What a crash may leave is a torn tail, after the last sync: it is cut off.
// A bad record before that is damage of durable data. Plain Raft cannot mend
// it, as votes and entries that others count on may be gone: Open gives
// DataLoss, and the server must stay away from the cluster. To tell the two
// apart each record says up to where the file had been synced when it was
// written, and Open looks for records behind a bad one. Damage in what was
// written last looks like a torn tail and cannot be told from it.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_JOURNAL_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_JOURNAL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "explorer/campaigns/raft/core.h"
#include "explorer/campaigns/raft/log.h"
#include "explorer/campaigns/raft/types.h"
#include "providers/coro/task.h"
#include "providers/storage.h"

namespace moonpool::raft {

// What the records of a file amount to.
struct JournalContents {
  HardState hard_state;
  std::shared_ptr<const Snapshot> snapshot;  // null: none
  std::vector<Entry> entries;                // after the snapshot
  bool torn = false;                         // something was cut off
};

class Journal {
 public:
  static constexpr char kPath[] = "raft.journal";
  // Larger files are written anew at the next write.
  static constexpr uint64_t kRotateBytes = 8 * 1024;

  struct Options {
    Storage* storage = nullptr;
    // The members of a cluster that has no entries yet.
    Members first_members;
    Bug bug = Bug::kNone;
  };

  // Errors: DataLoss with a message that begins with kDamaged if durable data
  // is damaged; else those of the disk, and trying again may help.
  static Task<absl::StatusOr<Journal>> Open(Options options);
  static constexpr absl::string_view kDamaged = "the journal is damaged";
  static bool IsDamage(const absl::Status& status);

  const HardState& hard_state() const { return contents_.hard_state; }
  bool was_torn() const { return contents_.torn; }
  // The recovered log. Once.
  Log TakeLog();
  // Makes what ready holds durable. core: where it came from, for when the
  // file is written anew.
  Task<absl::Status> Write(const Ready& ready, const Core& core);

  // The bytes of a file, for tests: of all that ready holds, to be appended at
  // offset, when the file had been synced up to synced.
  static void EncodeReady(const Ready& ready, uint64_t offset, uint64_t synced,
                          std::string& bytes);
  // DataLoss if what cannot be read had been synced.
  static absl::StatusOr<JournalContents> Decode(absl::string_view bytes,
                                                Bug bug = Bug::kNone);

 private:
  explicit Journal(Options options) : options_(options) {}
  // Replaces the file by one with these bytes.
  Task<absl::Status> Replace(std::string bytes);
  Task<absl::Status> Sync(File& file);

  Options options_;
  std::unique_ptr<File> file_;
  uint64_t size_ = 0;  // of the file, all of it durable
  JournalContents contents_;
};

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_JOURNAL_H_
