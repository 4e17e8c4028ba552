// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the guide's server in a calm world but for partial reads and writes.
// Method: Bazel runs it, with message_naive.cc (naive_test) and message.cc.
#include "explorer/testing/simulation_test.h"
#include "sim/guide/kv_server.h"
#include "sim/guide/simulation.h"

namespace moonpool::guide {
namespace {

// [guide:test]
SIMULATION_TEST(Kv, GetsWhatWasSet) {
  return KvSimulation<KvServer>().FailFast().StopAtViolation();
}
// [/guide:test]

}  // namespace
}  // namespace moonpool::guide
