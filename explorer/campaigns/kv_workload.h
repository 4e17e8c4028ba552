// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// KvWorkload: one client that sets and gets keys of random servers, and checks
// each read against a KvModel. Its pauses make a run some twenty simulated
// seconds long, so that servers reboot several times.
//
// Determinism: draws a server, an operation, a key (unless it sleeps) and a
// pause for each operation.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_KV_WORKLOAD_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_KV_WORKLOAD_H_

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "explorer/campaigns/kv_model.h"
#include "sim/runner/workload.h"

namespace moonpool {

class KvWorkload final : public Workload {
 public:
  static constexpr int kKeys = 5;
  // Under this name the size of the model is published, as size_t.
  static constexpr char kModelSize[] = "kv_model_size";

  explicit KvWorkload(int operations) : operations_(operations) {}

  absl::string_view name() const override { return "kv-client"; }
  Task<absl::Status> Setup(SimContext& ctx) override;
  Task<absl::Status> Run(SimContext& ctx) override;
  // Reads every key of every server once more.
  Task<absl::Status> Check(SimContext& ctx) override;

 private:
  // One request on a connection of its own. *sent: it may have been received.
  Task<absl::StatusOr<std::string>> Call(SimContext& ctx, std::string server,
                                         std::string request, bool* sent);
  Task<void> Set(SimContext& ctx, std::string server, std::string key,
                 std::string value);
  Task<absl::Status> Get(SimContext& ctx, std::string server, std::string key);
  // As Get, until the server answers.
  Task<absl::Status> GetWithRetries(SimContext& ctx, std::string server,
                                    std::string key);

  const int operations_;
  KvModel model_;
  std::set<std::string> failed_;  // servers whose last call failed
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_KV_WORKLOAD_H_
