// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the guide's server that forgets to sync, as it fails.
#include "explorer/testing/simulation_test.h"
#include "sim/guide/durable_server.h"
#include "sim/guide/simulation.h"

namespace moonpool::guide {
namespace {

// [guide:unsynced]
SIMULATION_TEST(Kv, SurvivesCrashes) {
  return KvSimulationWithCrashes<LoggedKvServer>().FailFast().StopAtViolation();
}
// [/guide:unsynced]

}  // namespace
}  // namespace moonpool::guide
