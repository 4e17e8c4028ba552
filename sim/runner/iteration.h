// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Iteration: one run of a simulation from a seed, phase by phase. Internal to
// the runner; builder.h and phases.h say what an iteration is.
#ifndef MOONPOOL_SIM_RUNNER_ITERATION_H_
#define MOONPOOL_SIM_RUNNER_ITERATION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/chaos/buggify.h"
#include "sim/chaos/plan.h"
#include "sim/runner/chaos_driver.h"
#include "sim/runner/cluster.h"
#include "sim/runner/config.h"
#include "sim/runner/machine.h"
#include "sim/runner/population.h"
#include "sim/trace/event_sink.h"

namespace moonpool {

class Iteration final : private QuietPeriods {
 public:
  Iteration(SimulationBuilder::Config* config, uint64_t seed,
            IterationHooks* hooks);
  ~Iteration() override;

  // Runs all phases; call it once.
  IterationResult Run();

 private:
  struct Client {
    moonpool::Workload* workload = nullptr;
    Machine* machine = nullptr;
    bool is_busy = false;
  };
  using Step = Task<absl::Status> (moonpool::Workload::*)(SimContext&);

  void Build();
  void RunPhases();
  // Runs one step of all workloads to its end. False: the iteration is over.
  bool RunStep(const char* phase, Step step);
  void EnterPhase(const char* phase) {
    if (hooks_ != nullptr) hooks_->OnPhase(phase);
  }
  void Spawn(absl::string_view phase, Step step);
  Task<void> RunClient(Client* client, absl::string_view phase, Step step);
  bool clients_are_done() const;
  // Turns until done() holds. False: the iteration is over.
  template <typename Done>
  bool TurnUntil(absl::string_view phase, Done done);
  bool AfterTurn();
  // Within the budget of simulated time and the liveness deadline.
  bool IsInTime() {
    return __builtin_expect(world_.now_ns() <= deadline_ns_, 1) ||
           ExplainDeadline();
  }
  bool ExplainDeadline();
  void SetLivenessDeadline(std::optional<absl::Duration> deadline);

  // Chaos: what the profile drew (driver_), attrition and injectors.
  Task<void> RunChaosPhase();
  void StartChaos();
  void EndChaos();
  void Heal();
  Task<void> RunInjector(FaultInjector* injector);
  Task<void> AskToStopLater(absl::Duration delay);

  // QuietPeriods
  Task<absl::Status> QuietPeriod(absl::Duration duration) override;
  Task<void> RunQuietPeriod(absl::Duration duration,
                            std::shared_ptr<WaitList> reached);

  std::string Unfinished() const;
  IterationResult Collect() const;
  void TearDown();

  SimulationBuilder::Config* config_;
  IterationHooks* hooks_;
  const uint64_t seed_;
  const size_t live_frames_before_;
  World world_;
  EventSink events_;
  std::vector<Subscription> subscriptions_;
  SimTime time_;
  ChaosPlan plan_;
  Buggify buggify_;
  Buggify::Scope buggify_scope_;
  std::unique_ptr<SimNetwork> network_;
  Population population_;
  std::optional<Topology> topology_;
  StateHandle state_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<ChaosDriver> driver_;
  std::vector<Client> clients_;
  CancellationSource chaos_;
  bool chaos_running_ = false;
  bool chaos_ended_ = false;
  int quiet_periods_ = 0;  // under way
  // When the system must have come to rest; unset while chaos may go on.
  std::optional<absl::Duration> liveness_deadline_;
  // The earlier of that and the budget of simulated time.
  int64_t deadline_ns_ = 0;
  std::vector<std::unique_ptr<FaultInjector>> injectors_;
  TaskSet chaos_tasks_;   // attrition, injectors
  TaskSet engine_tasks_;  // phases, quiet periods
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_ITERATION_H_
