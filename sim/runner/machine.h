// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Machine: one simulated host and the process that runs on it, through all its
// incarnations. Internal to the runner.
#ifndef MOONPOOL_SIM_RUNNER_MACHINE_H_
#define MOONPOOL_SIM_RUNNER_MACHINE_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "providers/coro/task_set.h"
#include "sim/chaos/operations.h"
#include "sim/core/node_clock.h"
#include "sim/network/sim_network.h"
#include "sim/runner/context.h"
#include "sim/runner/process.h"
#include "sim/storage/sim_disk.h"
#include "sim/trace/event_sink.h"

namespace moonpool {

// Records a failure of the iteration: the same kind and message are the same
// bug.
void ReportFailure(absl::string_view kind, absl::string_view message,
                   absl::string_view details = "");

class Machine;

// Hears when a process comes to its end by itself.
class ProcessListener {
 public:
  virtual ~ProcessListener() = default;
  virtual void OnExit(Machine& machine) = 0;
};

// What every machine of an iteration shares.
struct Site {
  World* world;
  SimNetwork* network;
  const Topology* topology;
  StateHandle* state;
  EventSink* events;
  QuietPeriods* quiet_periods;
  OperationAlphabet operations;
};

class Machine {
 public:
  enum class State { kUp, kStopping, kDown };

  // owner identifies its coroutines to the executor; not 0.
  Machine(const Site& site, const Member& member, int index, int count,
          uint32_t owner, const DiskOptions& disk_options);
  Machine(const Machine&) = delete;
  ~Machine();

  const std::string& name() const { return name_; }
  const std::string& ip() const { return ip_; }
  State state() const { return state_; }
  bool is_paused() const { return paused_; }
  bool is_up() const { return state_ == State::kUp && !paused_; }
  int boots() const { return incarnation_; }
  TaskSet& tasks() { return *tasks_; }
  SimContext& context() { return *context_; }
  SimDisk& disk() { return disk_; }
  NodeClock& clock() { return clock_; }
  uint32_t owner() const { return owner_; }
  // Those of its tasks that have not ended, by name.
  std::string LiveTasks() const;

  // A new incarnation: fresh context, then the process (if there is one: the
  // machine of a workload has none) as a task. REQUIRES: not up.
  void Boot(std::unique_ptr<Process> process, const ProcessOptions* options,
            ProcessListener* listener);
  // Asks the process to stop: state kStopping.
  void RequestStop();
  // Waits until the process's main task is done.
  [[clang::coro_wrapper]] Task<absl::Status> Stopped() { return main_.Join(); }
  // Ends what still runs, connections with FIN, nothing on disk lost.
  void StopGracefully();
  // Kills it. With a power loss nobody resets its connections.
  enum class CrashKind { kCrash, kWipe, kPowerLoss };
  void Crash(CrashKind kind);
  // Its tasks do not run until Resume. REQUIRES: is_up().
  void Pause();
  void Resume();
  // At the end of an iteration: as Crash, but the disk keeps everything.
  void TearDown();

 private:
  void MakeContext();
  Task<void> RunProcess(const ProcessOptions* options,
                        ProcessListener* listener);
  void DestroyProcess();

  const Site site_;
  const std::string name_;
  const std::string ip_;
  const int index_;
  const int count_;
  const uint32_t owner_;
  SimDisk disk_;
  NodeClock clock_;
  State state_ = State::kDown;
  bool paused_ = false;
  int incarnation_ = 0;
  std::unique_ptr<CancellationSource> shutdown_;
  std::unique_ptr<SimContext> context_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<TaskSet> tasks_;  // destroyed before what they refer to
  JoinHandle main_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_MACHINE_H_
