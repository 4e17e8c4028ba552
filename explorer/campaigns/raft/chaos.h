// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// RaftChaos: cuts links between servers (clients reach all of them), makes them
// slow, and reboots servers. Its mood changes every few seconds: which of these
// it does, how often, how slow the links are, and how often syncs fail. So any
// stretch of a run can become any kind of trouble, whatever the beginning was.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_CHAOS_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_CHAOS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "explorer/campaigns/cut_links.h"
#include "sim/runner/fault_injector.h"

namespace moonpool::raft {

struct ChaosOptions {
  bool partitions = true;
  bool crashes = true;
  // Power cuts tear writes, and syncs fail.
  bool disk_faults = false;
  int calm = 1;  // its deeds are so many times rarer
  int max_dead = 1;
  // The first so many servers may get sectors that cannot be read any more.
  int may_corrupt = 0;
};

class RaftChaos final : public FaultInjector {
 public:
  // links: told of what is cut. Lifetime: shared, outside the world.
  RaftChaos(const ChaosOptions& options, std::shared_ptr<CutLinks> links)
      : options_(options), links_(std::move(links)) {
    *links_ = CutLinks{.chaos = true};
  }
  absl::string_view name() const override { return "raft-chaos"; }
  Task<absl::Status> Inject(FaultContext& ctx) override;

 private:
  struct Mood {
    bool partitions = false;
    bool crashes = false;
    absl::Duration pause;  // at most so long between two of its deeds
    bool fast_restarts = false;
  };

  Mood DrawMood(FaultContext& ctx) const;
  static void DrawDiskFaults(FaultContext& ctx);
  void Crash(FaultContext& ctx, const Mood& mood) const;

  const ChaosOptions options_;
  const std::shared_ptr<CutLinks> links_;
};

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_CHAOS_H_
