// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// FaultInjector: the user's own faults, run while chaos lasts.
#ifndef MOONPOOL_SIM_RUNNER_FAULT_INJECTOR_H_
#define MOONPOOL_SIM_RUNNER_FAULT_INJECTOR_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "providers/coro/cancellation.h"
#include "providers/coro/task.h"
#include "providers/random.h"
#include "providers/time.h"
#include "sim/core/drawn_wait.h"
#include "sim/core/node_clock.h"
#include "sim/network/sim_network.h"
#include "sim/runner/reboot.h"
#include "sim/runner/topology.h"
#include "sim/storage/sim_disk.h"

namespace moonpool {

// What an injector may do: everything. Outlives every injector of its
// iteration. Addresses that no process has are NotFound.
class FaultContext {
 public:
  virtual ~FaultContext() = default;

  // The world's own clock, which no fault touches.
  virtual Time& time() = 0;
  virtual Random& random() = 0;
  // Waits for a time between low and high, uniform. Better than to sleep for a
  // time that was drawn: a search that branches meanwhile draws the rest again.
  //   co_await ctx.WaitBetween(absl::Seconds(1), absl::Seconds(5));
  DrawnSleep WaitBetween(absl::Duration low, absl::Duration high) {
    return DrawnSleep(&world(), &random(), {low, high});
  }
  virtual SimNetwork& network() = 0;
  // REQUIRES: a process, or a workload, has this address.
  virtual SimDisk& disk(absl::string_view ip) = 0;
  virtual NodeClock& clock(absl::string_view ip) = 0;
  virtual const Topology& topology() const = 0;
  const std::vector<std::string>& process_ips() const {
    return topology().all_process_ips();
  }

  // A process is up from its boot until it is asked to stop or dies, except
  // while it is paused. Those not up are dead.
  virtual bool is_up(absl::string_view ip) const = 0;
  virtual int dead_count() const = 0;
  std::vector<std::string> up_ips() const;
  std::vector<std::string> dead_ips() const;

  // Starts a reboot. A process that is down or stopping is left alone:
  // FailedPrecondition.
  virtual absl::Status Reboot(absl::string_view ip,
                              const RebootOptions& options) = 0;
  absl::Status Reboot(absl::string_view ip, RebootKind kind) {
    return Reboot(ip, RebootOptions{.kind = kind});
  }
  // A uniform one of those that are up; FailedPrecondition if none is.
  absl::Status RebootRandom(RebootKind kind);
  // All that are up; returns how many.
  int RebootTagged(absl::string_view key, absl::string_view value,
                   RebootKind kind);
  int RebootDomain(DomainLevel level, absl::string_view id, RebootKind kind);
  int RebootAll(RebootKind kind);

  // The process does not run for so long (a stopped container, a long garbage
  // collection); its kernel still answers and its clock goes on.
  // FailedPrecondition if it is not up.
  virtual absl::Status Pause(absl::string_view ip,
                             const DurationRange& duration) = 0;
  virtual absl::Status Resume(absl::string_view ip) = 0;

  // Two machines that are down come back with each other's disks.
  // FailedPrecondition if one is not down.
  virtual absl::Status SwapDisks(absl::string_view a, absl::string_view b) = 0;

  // Waits until the process at ip is up.
  virtual Task<absl::Status> WaitUntilUp(absl::string_view ip) = 0;
  // Restarts every process gracefully with another program, one after another,
  // each so long after the previous one is up again.
  Task<absl::Status> RollingRestart(ProcessFactory factory,
                                    absl::Duration between);

  // Cuts those with the tag, or in the domain, off from all other members, both
  // ways; FaultContext::network().HealAll() reunites them.
  void PartitionTagged(absl::string_view key, absl::string_view value,
                       absl::Duration duration = absl::InfiniteDuration());
  void PartitionDomain(DomainLevel level, absl::string_view id,
                       absl::Duration duration = absl::InfiniteDuration());

  // Cancelled when chaos ends.
  virtual const CancellationToken& chaos_over() const = 0;

 private:
  virtual World& world() = 0;
  int RebootEach(const std::vector<std::string>& ips, RebootKind kind);
  void CutOff(const std::vector<std::string>& ips, absl::Duration duration);
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
