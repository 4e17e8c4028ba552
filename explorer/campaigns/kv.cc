// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/kv.h"

#include <memory>

#include "absl/time/time.h"
#include "explorer/campaigns/kv_server.h"
#include "explorer/campaigns/kv_workload.h"
#include "providers/base/check.h"
#include "sim/assertions/assertions.h"

namespace moonpool {
namespace {

void CheckModelSize(const StateHandle& state, size_t size_max) {
  const size_t* size = state.Get<size_t>(KvWorkload::kModelSize);
  if (size == nullptr) return;  // before the first operation
  ASSERT_ALWAYS(*size <= size_max, "model stays small", {"size", *size});
}

}  // namespace

SimulationBuilder MakeKvSimulation(const KvOptions& options) {
  CHECK_GE(options.servers, 1);
  CHECK_LE(options.servers, 250);
  CHECK_GE(options.operations, 0);
  const size_t size_max =
      static_cast<size_t>(options.servers) * KvWorkload::kKeys;
  SimulationBuilder builder;
  builder
      .Processes({.count = options.servers,
                  .factory =
                      [durable = options.durable] {
                        return std::make_unique<KvServer>(durable);
                      }})
      .Workloads(1,
                 [operations = options.operations](int) {
                   return std::make_unique<KvWorkload>(operations);
                 })
      .Attrition({.max_dead = 1,
                  .prob_graceful = 0.4,
                  .prob_crash = 0.6,
                  .prob_wipe = 0})
      .Invariant("model stays small",
                 [size_max](const StateHandle& state, absl::Duration) {
                   CheckModelSize(state, size_max);
                 });
  return builder;
}

}  // namespace moonpool
