// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Machine: one simulated host and the process that runs on it, through all its
// incarnations. Internal to the runner.
#ifndef MOONPOOL_SIM_RUNNER_MACHINE_H_
#define MOONPOOL_SIM_RUNNER_MACHINE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "providers/coro/task_set.h"
#include "sim/network/sim_network.h"
#include "sim/runner/context.h"
#include "sim/runner/process.h"
#include "sim/storage/sim_disk.h"

namespace moonpool {

// Records a failure of the iteration: the same kind and message are the same
// bug.
void ReportFailure(absl::string_view kind, absl::string_view message,
                   absl::string_view details = "");

// What every machine of an iteration shares.
struct Site {
  World* world;
  SimNetwork* network;
  const Topology* topology;
  StateHandle* state;
  DiskOptions disk_options;
};

class Machine {
 public:
  enum class State { kUp, kStopping, kDown };

  Machine(const Site& site, std::string name, std::string ip, int index,
          int count);
  Machine(const Machine&) = delete;
  ~Machine();

  const std::string& name() const { return name_; }
  const std::string& ip() const { return ip_; }
  State state() const { return state_; }
  int boots() const { return incarnation_; }
  TaskSet& tasks() { return *tasks_; }
  SimContext& context() { return *context_; }
  SimDisk& disk() { return disk_; }

  // A new incarnation: fresh context, then the process (if there is one: the
  // machine of a workload has none) as a task. REQUIRES: not up.
  void Boot(std::unique_ptr<Process> process);
  // Asks the process to stop: state kStopping.
  void RequestStop();
  // Waits until the process's main task is done.
  [[clang::coro_wrapper]] Task<absl::Status> Stopped() { return main_.Join(); }
  // Ends what still runs, connections with FIN, nothing on disk lost.
  void StopGracefully();
  // Power cut, and optionally an empty disk afterwards.
  void Crash(bool wipe);
  // At the end of an iteration: as Crash, but the disk keeps everything.
  void TearDown();

 private:
  void MakeContext();
  Task<void> RunProcess();
  void DestroyProcess();

  const Site site_;
  const std::string name_;
  const std::string ip_;
  const int index_;
  const int count_;
  SimDisk disk_;
  State state_ = State::kDown;
  int incarnation_ = 0;
  std::unique_ptr<CancellationSource> shutdown_;
  std::unique_ptr<SimContext> context_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<TaskSet> tasks_;  // destroyed before what they refer to
  JoinHandle main_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_MACHINE_H_
