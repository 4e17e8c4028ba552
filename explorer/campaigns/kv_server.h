// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// KvServer: an unreplicated key-value store behind TCP. In memory only, it
// forgets everything at a crash although it acknowledged it: the bug of this
// campaign. Durable, it logs and syncs each set before it shows it to anybody.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_KV_SERVER_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_KV_SERVER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "explorer/campaigns/kv_log.h"
#include "explorer/campaigns/kv_protocol.h"
#include "providers/coro/wait_list.h"
#include "providers/network.h"
#include "sim/runner/process.h"

namespace moonpool {

class KvServer final : public Process {
 public:
  explicit KvServer(bool durable) : durable_(durable) {}

  absl::string_view name() const override { return "kv"; }
  Task<absl::Status> Run(SimContext& ctx) override;

 private:
  Task<absl::Status> Recover(SimContext& ctx);
  Task<void> Serve(std::unique_ptr<Stream> stream);
  // Returns once the set may be acknowledged.
  Task<void> Set(std::string key, std::string value);
  // Logs, then applies what Set queued, in that order, until the disk fails.
  Task<absl::Status> WriteLog();

  const bool durable_;
  std::map<std::string, std::string> store_;  // gone at the next crash

  // Durable only. Sets are numbered in the order of their arrival; the log and
  // the store take them in that order, as many at once as wait.
  std::optional<KvLog> log_;
  absl::Status log_status_;
  std::vector<KvLog::Record> queue_;
  uint64_t queued_ = 0;   // how many were ever put into queue_
  uint64_t applied_ = 0;  // how many of them are durable and in store_
  WaitList queue_filled_;
  WaitList batch_applied_;
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_KV_SERVER_H_
