// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Workload: a test driver and oracle. It survives reboots of the system under
// test; it is never killed.
#ifndef MOONPOOL_SIM_RUNNER_WORKLOAD_H_
#define MOONPOOL_SIM_RUNNER_WORKLOAD_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "providers/coro/task.h"
#include "sim/runner/context.h"

namespace moonpool {

class Workload {
 public:
  virtual ~Workload() = default;
  virtual absl::string_view name() const = 0;
  // All set-ups run concurrently with the freshly booted processes. A workload
  // instance may serve several iterations: reset it here.
  virtual Task<absl::Status> Setup(SimContext& ctx);
  virtual Task<absl::Status> Run(SimContext& ctx) = 0;
  // After all workloads have run, chaos is over and every process is up again.
  virtual Task<absl::Status> Check(SimContext& ctx);
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_WORKLOAD_H_
