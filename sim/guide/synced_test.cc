// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the guide's server that syncs keeps what it acknowledged, and the
// simulation shows it everything that it should.
#include "explorer/testing/simulation_test.h"
#include "sim/guide/durable_server.h"
#include "sim/guide/simulation.h"

namespace moonpool::guide {
namespace {

// [guide:survives]
SIMULATION_TEST(Kv, SurvivesCrashes, .misses_fail = true) {
  return KvSimulationWithCrashes<SyncedKvServer>();
}
// [/guide:survives]

}  // namespace
}  // namespace moonpool::guide
