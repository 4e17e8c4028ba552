// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Cluster: all machines of an iteration, and what can be done to them: booting,
// rebooting, pausing. It is the FaultContext of the iteration's injectors.
// Internal to the runner.
#ifndef MOONPOOL_SIM_RUNNER_CLUSTER_H_
#define MOONPOOL_SIM_RUNNER_CLUSTER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "providers/coro/cancellation.h"
#include "providers/coro/task_set.h"
#include "providers/coro/wait_list.h"
#include "sim/runner/fault_injector.h"
#include "sim/runner/machine.h"

namespace moonpool {

class Cluster final : public FaultContext, private ProcessListener {
 public:
  // delays: what is drawn when a reboot leaves them open.
  Cluster(const Site& site, const RebootDelays& delays,
          CancellationToken chaos_over);
  ~Cluster() override;

  // A machine for the next member of the topology. options is null for a
  // workload; else it outlives the cluster.
  Machine& Add(const Member& member, int index, int count,
               const ProcessOptions* options, const DiskOptions& disk_options);
  // Boots the machine of a member; the first boot of a process takes the
  // instance that was made to learn its name.
  void Boot(Machine& machine, std::unique_ptr<Process> process);

  const std::vector<std::unique_ptr<Machine>>& machines() const {
    return machines_;
  }
  int boots() const;  // of processes
  bool all_up() const { return reboots_.empty() && dead_count() == 0; }
  // Ends all pauses. Reboots under way go on.
  void ResumeAll();
  // Waits for all_up.
  Task<void> WaitUntilAllUp();
  // What processes wait in, for people: "kv-1: main, 2 unnamed".
  std::string LiveTasks() const;
  void TearDown();

  // FaultContext
  Time& time() override { return time_; }
  Random& random() override { return random_; }
  SimNetwork& network() override { return *site_.network; }
  SimDisk& disk(absl::string_view ip) override;
  NodeClock& clock(absl::string_view ip) override;
  const Topology& topology() const override { return *site_.topology; }
  bool is_up(absl::string_view ip) const override;
  int dead_count() const override;
  using FaultContext::Reboot;
  absl::Status Reboot(absl::string_view ip,
                      const RebootOptions& options) override;
  absl::Status Pause(absl::string_view ip,
                     const DurationRange& duration) override;
  absl::Status Resume(absl::string_view ip) override;
  absl::Status SwapDisks(absl::string_view a, absl::string_view b) override;
  Task<absl::Status> WaitUntilUp(absl::string_view ip) override;
  const CancellationToken& chaos_over() const override { return chaos_over_; }

 private:
  struct Program {
    const ProcessOptions* options = nullptr;
    ProcessFactory factory;  // the version that runs from the next boot on
  };

  World& world() override { return *site_.world; }
  void OnExit(Machine& machine) override;
  absl::StatusOr<Machine*> FindProcess(absl::string_view ip) const;
  Machine& Get(absl::string_view ip) const;
  DurationRange grace_period() const {
    return {delays_.grace_period_min, delays_.grace_period_max};
  }
  DurationRange recovery_delay() const {
    return {delays_.recovery_delay_min, delays_.recovery_delay_max};
  }
  DrawnSleep WaitFor(const DurationRange& range) {
    return DrawnSleep(site_.world, &random_, range);
  }
  Task<void> RunReboot(Machine* machine, RebootKind kind, DurationRange grace,
                       DurationRange recovery);
  Task<void> EndGrace(DurationRange grace);
  Task<void> RunRestart(Machine* machine);
  Task<void> ResumeLater(Machine* machine, int incarnation,
                         DurationRange duration);

  const Site site_;
  const RebootDelays delays_;
  SimTime time_;
  RandomStream random_;
  const CancellationToken chaos_over_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<Program> programs_;  // by index of the machine
  std::map<std::string, size_t, std::less<>> by_ip_;
  WaitList boots_waiters_;
  TaskSet reboots_;
  TaskSet pauses_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_CLUSTER_H_
