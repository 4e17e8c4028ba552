// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/wal/wal.h"

#include <memory>

#include "absl/time/time.h"
#include "explorer/campaigns/wal/server.h"
#include "explorer/campaigns/wal/workload.h"
#include "providers/base/check.h"

namespace moonpool::wal {
namespace {

// An Open takes some 20 ms, a commit about 5: crashes hit both, and every run
// sees several of them.
const AttritionOptions& Attrition() {
  static const auto* const options = new AttritionOptions{
    .max_dead = 1,
    .prob_graceful = 0.1,
    .prob_crash = 0.9,
    .prob_wipe = 0,
    .delays = {.recovery_delay_min = absl::Milliseconds(1),
               .recovery_delay_max = absl::Milliseconds(5),
               .grace_period_min = absl::Milliseconds(1),
               .grace_period_max = absl::Milliseconds(5)},
    .interval_min = absl::Milliseconds(5),
    .interval_max = absl::Milliseconds(120),
  };
  return *options;
}

}  // namespace

SimulationBuilder MakeSimulation(const CampaignOptions& options) {
  CHECK_GE(options.bursts, 0);
  SimulationBuilder builder;
  builder
      .Processes({.count = 1,
                  .factory =
                      [store = options.store] {
                        return std::make_unique<Server>(store);
                      }})
      .Workloads(1, [bursts = options.bursts,
                     both = options.damage == Damage::kBothCopies](
                        int) { return std::make_unique<Client>(bursts, both); })
      .Attrition(Attrition())
      .Fault([errors = options.errors, damage = options.damage] {
        return std::make_unique<DiskTrouble>(errors, damage);
      });
  return builder;
}

}  // namespace moonpool::wal
