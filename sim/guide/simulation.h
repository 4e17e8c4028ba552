// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The guide's simulation, for each of its servers.
#ifndef MOONPOOL_SIM_GUIDE_SIMULATION_H_
#define MOONPOOL_SIM_GUIDE_SIMULATION_H_

#include <memory>

#include "absl/time/time.h"
#include "sim/assertions/assertions.h"
#include "sim/chaos/profile.h"
#include "sim/guide/counters.h"
#include "sim/guide/kv_client.h"
#include "sim/runner/builder.h"

namespace moonpool::guide {

// [guide:builder]
inline void AcknowledgedIsMade(const StateHandle& state, absl::Duration) {
  ASSERT_ALWAYS_LESS_THAN_OR_EQUAL_TO(CountOf(state, kSetsAcknowledged),
                                      CountOf(state, kSetsMade),
                                      "a set is acknowledged after it is made");
}

template <typename Server>
SimulationBuilder KvSimulation() {
  return SimulationBuilder()
      .Processes({.count = {1, 3},
                  .factory = [] { return std::make_unique<Server>(); },
                  .tags = {{"role", {"store"}}}})
      .Workloads({1, 3}, [](int) { return std::make_unique<KvClient>(); })
      .Chaos(ChaosProfile::Swarm().Only({FaultFamily::kPartialIo}))
      .Invariant("acknowledged is made", AcknowledgedIsMade)
      .Iterations(200);
}
// [/guide:builder]

// [guide:crashes]
template <typename Server>
SimulationBuilder KvSimulationWithCrashes() {
  return KvSimulation<Server>()
      .Chaos(ChaosProfile::Swarm()
                 .Without({FaultFamily::kBitFlip})
                 .Without(FaultSurface::kStorage))
      .Attrition({.max_dead = 1,
                  .prob_graceful = 0.4,
                  .prob_crash = 0.6,
                  .prob_wipe = 0});
}
// [/guide:crashes]

}  // namespace moonpool::guide

#endif  // MOONPOOL_SIM_GUIDE_SIMULATION_H_
