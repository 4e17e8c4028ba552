// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Client: sends bursts of changes to the only server, several at once on one
// connection, and checks what it reads against a Model. Whenever the
// connection ends it makes a new one and asks for everything: that must be the
// acknowledged changes and a prefix of those in doubt.
//
// Determinism: draws for each burst the number of changes, for each change a
// key, its kind and the size of its value, then a key to read and a pause.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_WORKLOAD_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_WORKLOAD_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "explorer/campaigns/wal/model.h"
#include "explorer/campaigns/wal/protocol.h"
#include "explorer/campaigns/wal/witness.h"
#include "providers/network.h"
#include "sim/runner/workload.h"

namespace moonpool::wal {

class Client final : public Workload {
 public:
  static constexpr uint64_t kKeys = 6;

  // both_damaged: both copies of the store may be.
  Client(int bursts, bool both_damaged)
      : bursts_(bursts), both_damaged_(both_damaged) {}

  absl::string_view name() const override { return "wal-client"; }
  Task<absl::Status> Setup(SimContext& ctx) override;
  Task<absl::Status> Run(SimContext& ctx) override;
  // Asks for everything once more.
  Task<absl::Status> Check(SimContext& ctx) override;

 private:
  // Connects, and finds out what has become of the changes in doubt.
  Task<absl::Status> Connect(SimContext& ctx);
  Task<absl::Status> Burst(SimContext& ctx);
  Task<absl::StatusOr<std::string>> ReadReply();
  Change DrawChange(Random& random);
  void CheckDump(const State& found);

  const int bursts_;
  const bool both_damaged_;
  Model model_;
  std::shared_ptr<Witness> witness_;
  std::unique_ptr<Stream> stream_;
  uint64_t changes_ = 0;
  // The store says that data is lost, or it may have been: nothing that is
  // read from now on means anything.
  bool is_over_ = false;
};

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_WORKLOAD_H_
