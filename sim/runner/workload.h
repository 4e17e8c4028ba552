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
#include "sim/runner/topology.h"

namespace moonpool {

// How the instances of one entry get their client ids.
class ClientId {
 public:
  // base, base + 1, …
  static ClientId Fixed(int base) { return ClientId(base, base, false); }
  // Each drawn per seed from [low, high]; not unique.
  static ClientId Random(int low, int high) {
    return ClientId(low, high, true);
  }
  bool is_range() const { return is_range_; }
  int base() const { return range_.low; }
  const CountRange& range() const { return range_; }

 private:
  ClientId(int low, int high, bool is_range)
      : range_(low, high), is_range_(is_range) {}
  CountRange range_;
  bool is_range_;
};

class Workload {
 public:
  virtual ~Workload() = default;
  virtual absl::string_view name() const = 0;
  // All set-ups run concurrently with the freshly booted processes. A workload
  // instance may serve several iterations: reset it here.
  virtual Task<absl::Status> Setup(SimContext& ctx);
  virtual Task<absl::Status> Run(SimContext& ctx) = 0;
  // After all workloads have run, chaos is over, every process is up again and
  // the quiet time has passed.
  virtual Task<absl::Status> Check(SimContext& ctx);
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_WORKLOAD_H_
