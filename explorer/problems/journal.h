// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Journal: what a process must remember beyond a crash: records of integers,
// in their order.
//
//   CO_ASSIGN_OR_RETURN(Journal journal, co_await
//   Journal::Open(ctx.storage())); for (const Words& record :
//   journal.TakeRecovered()) ... CO_RETURN_IF_ERROR(co_await
//   journal.Append({kPromised, ballot}));
//
// For the gentle crashes of the problems: what was not synced is lost from some
// record on. A record is its number of words, then the words.
#ifndef MOONPOOL_EXPLORER_PROBLEMS_JOURNAL_H_
#define MOONPOOL_EXPLORER_PROBLEMS_JOURNAL_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "explorer/problems/post.h"
#include "providers/coro/task.h"
#include "providers/storage.h"

namespace moonpool::problems {

class Journal {
 public:
  // Opens or creates it; what it holds is durable then.
  static Task<absl::StatusOr<Journal>> Open(Storage& storage);

  // What it held, oldest first. Once.
  std::vector<Words> TakeRecovered() { return std::move(recovered_); }
  // Durable when it returns.
  Task<absl::Status> Append(Words record);
  // Not durable before the next Append, whatever a caller may believe.
  Task<absl::Status> AppendUnsynced(Words record);

 private:
  Journal(std::unique_ptr<File> file, std::vector<Words> recovered)
      : file_(std::move(file)), recovered_(std::move(recovered)) {}

  std::unique_ptr<File> file_;
  std::vector<Words> recovered_;
};

}  // namespace moonpool::problems

#endif  // MOONPOOL_EXPLORER_PROBLEMS_JOURNAL_H_
