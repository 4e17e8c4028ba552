// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Process: a server of the system under test. The simulation may kill it at
// any await; a fresh instance is made at every boot, so members hold only what
// may be lost. What must survive goes through ctx.storage().
#ifndef MOONPOOL_SIM_RUNNER_PROCESS_H_
#define MOONPOOL_SIM_RUNNER_PROCESS_H_

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "providers/coro/task.h"
#include "sim/runner/context.h"
#include "sim/runner/topology.h"

namespace moonpool {

class Process {
 public:
  virtual ~Process() = default;
  virtual absl::string_view name() const = 0;
  // Runs the server until ctx.shutdown() is cancelled. An error, or an
  // exception that leaves it, is a failure of the iteration (see
  // ProcessOptions::expected_exit). Returning OK early leaves the machine idle
  // until its next reboot.
  virtual Task<absl::Status> Run(SimContext& ctx) = 0;
};

using ProcessFactory = std::function<std::unique_ptr<Process>()>;

// A group of like processes.
struct ProcessOptions {
  CountRange count = 1;
  ProcessFactory factory;
  std::vector<TagDimension> tags;
  // The shape of the group in place of count.
  std::optional<LocalityOptions> locality;
  // A supervisor: a process that returns is booted again after a recovery
  // delay.
  bool restart_on_exit = false;
  // Which results of Run, besides OK, are no failures: a server that gives up
  // when its disk fails, say. Use it with restart_on_exit.
  std::function<bool(const absl::Status&)> expected_exit;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_PROCESS_H_
