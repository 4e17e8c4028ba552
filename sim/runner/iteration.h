// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Iteration: one run of a simulation from a seed, phase by phase. Internal to
// the runner; builder.h says what an iteration is.
#ifndef MOONPOOL_SIM_RUNNER_ITERATION_H_
#define MOONPOOL_SIM_RUNNER_ITERATION_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/runner/config.h"
#include "sim/runner/machine.h"

namespace moonpool {

class Iteration final : private FaultContext {
 public:
  Iteration(SimulationBuilder::Config* config, uint64_t seed,
            IterationHooks* hooks);
  ~Iteration() override;

  // Runs all phases; call it once.
  IterationResult Run();

 private:
  struct Client {
    moonpool::Workload* workload;
    std::unique_ptr<moonpool::Workload> owned;
    std::unique_ptr<Machine> machine;
    int id = 0;  // among the workloads of its entry
    int count = 1;
    bool is_busy = false;
  };
  using Step = Task<absl::Status> (moonpool::Workload::*)(SimContext&);

  // FaultContext
  Time& time() override { return time_; }
  Random& random() override { return fault_random_; }
  SimNetwork& network() override { return *network_; }
  SimDisk& disk(absl::string_view ip) override;
  const std::vector<std::string>& process_ips() const override;
  int dead_count() const override;
  bool is_up(absl::string_view ip) const override;
  absl::Status Reboot(absl::string_view ip, RebootKind kind) override;
  const CancellationToken& chaos_over() const override {
    return chaos_.token();
  }

  void Build();
  void RunPhases();
  // Runs one step of all workloads to its end. False: the iteration is over.
  bool RunStep(absl::string_view phase, Step step);
  Task<void> RunClient(Client* client, absl::string_view phase, Step step);
  // Turns until done() holds. False: the iteration is over.
  template <typename Done>
  bool TurnUntil(absl::string_view phase, Done done);
  bool AfterTurn();
  void StartChaos();
  void EndChaos();
  Task<void> EndChaosLater(absl::Duration delay);
  Task<void> RunInjector(FaultInjector* injector);
  Task<void> RunAttrition();
  Task<void> RunReboot(Machine* machine, RebootKind kind, absl::Duration grace,
                       absl::Duration recovery);
  Machine* FindProcess(absl::string_view ip) const;
  std::string Unfinished() const;
  IterationResult Collect() const;
  void TearDown();

  SimulationBuilder::Config* config_;
  IterationHooks* hooks_;
  const uint64_t seed_;
  const size_t live_frames_before_;
  World world_;
  SimTime time_;
  RandomStream fault_random_;
  std::unique_ptr<SimNetwork> network_;
  std::optional<Topology> topology_;
  StateHandle state_;
  std::vector<std::unique_ptr<Process>> first_processes_;  // until they boot
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<Client> clients_;
  CancellationSource chaos_;
  bool chaos_running_ = false;
  std::vector<std::unique_ptr<FaultInjector>> injectors_;
  TaskSet engine_tasks_;  // reboots under way
  TaskSet chaos_tasks_;   // attrition, injectors
  TaskSet chaos_timer_;   // ends chaos after its duration
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_ITERATION_H_
