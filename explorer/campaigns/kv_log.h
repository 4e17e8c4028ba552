// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// KvLog: the write-ahead log of a durable key-value server: sets in the order
// in which they were applied.
//
//   CO_ASSIGN_OR_RETURN(KvLog log, co_await KvLog::Open(ctx.storage()));
//   for (const KvLog::Record& record : log.TakeRecovered()) ...
//   CO_RETURN_IF_ERROR(co_await log.Append(std::move(batch)));  // now durable
//
// A record is its length (u32), the checksum of its payload (u64), and the
// payload. A power cut may leave the last records missing or cut short: what
// follows the first bad record is cut off when the log is opened, so that new
// records never stand behind garbage.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_KV_LOG_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_KV_LOG_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "providers/coro/task.h"
#include "providers/storage.h"

namespace moonpool {

class KvLog {
 public:
  struct Record {
    std::string key;
    std::string value;
    friend bool operator==(const Record&, const Record&) = default;
  };
  static constexpr char kPath[] = "kv.log";

  // Opens or creates the log, reads what it holds, and makes that durable:
  // what a server shows to anybody may not vanish in the next crash.
  static Task<absl::StatusOr<KvLog>> Open(Storage& storage);

  // What the log held when it was opened, oldest first. Once.
  std::vector<Record> TakeRecovered() { return std::move(recovered_); }
  // Appends the records and syncs. REQUIRES: not called again before it has
  // returned.
  Task<absl::Status> Append(std::vector<Record> records);

  static void Encode(const Record& record, std::string& bytes);
  // Decodes records up to the first bad one; returns the bytes they take.
  static size_t Decode(absl::string_view bytes, std::vector<Record>& records);

 private:
  KvLog(std::unique_ptr<File> file, std::vector<Record> recovered)
      : file_(std::move(file)), recovered_(std::move(recovered)) {}

  std::unique_ptr<File> file_;
  std::vector<Record> recovered_;
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_KV_LOG_H_
