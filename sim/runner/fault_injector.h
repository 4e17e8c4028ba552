// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// FaultInjector: the user's own faults, run while chaos lasts.
#ifndef MOONPOOL_SIM_RUNNER_FAULT_INJECTOR_H_
#define MOONPOOL_SIM_RUNNER_FAULT_INJECTOR_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "providers/coro/cancellation.h"
#include "providers/random.h"
#include "providers/time.h"
#include "sim/network/sim_network.h"
#include "sim/runner/process.h"
#include "sim/storage/sim_disk.h"

namespace moonpool {

// What an injector may do. Outlives every injector of its iteration.
class FaultContext {
 public:
  virtual ~FaultContext() = default;
  virtual Time& time() = 0;
  virtual Random& random() = 0;
  virtual SimNetwork& network() = 0;
  virtual SimDisk& disk(absl::string_view ip) = 0;
  virtual const std::vector<std::string>& process_ips() const = 0;
  virtual int dead_count() const = 0;
  virtual bool is_up(absl::string_view ip) const = 0;
  // Starts a reboot, with delays drawn from the attrition options' ranges.
  // A process that is not up is left alone: FailedPrecondition.
  virtual absl::Status Reboot(absl::string_view ip, RebootKind kind) = 0;
  // Cancelled when chaos ends.
  virtual const CancellationToken& chaos_over() const = 0;
};

class FaultInjector {
 public:
  virtual ~FaultInjector() = default;
  virtual absl::string_view name() const = 0;
  // Runs from the end of set-up until it returns or chaos ends (then it is
  // destroyed). An error is a failure of the iteration.
  virtual Task<absl::Status> Inject(FaultContext& ctx) = 0;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_FAULT_INJECTOR_H_
