// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// SimulationBuilder: what a simulation consists of, and running it.
//
//   SimulationReport report = SimulationBuilder()
//       .Processes({.count = {3, 7},
//                   .factory = [] { return std::make_unique<KvServer>(); }})
//       .Workload(std::make_unique<KvWorkload>())
//       .Chaos(ChaosProfile::Swarm())
//       .Attrition({.max_dead = 1})
//       .Iterations(100)
//       .Run();
//
// An iteration: make a world from the seed; boot the processes; run all
// set-ups; run all workloads, with chaos (the profile's faults, attrition,
// injectors) until they are done or the chaos duration has passed; heal
// everything and boot who is down; stay quiet for a while; run all checks
// against the live system; tear down and look for leaks. See PhaseConfig.
//
// It fails if a set-up, run, check, process or injector returns an error or
// throws, an ALWAYS assertion or invariant is violated, nothing can happen any
// more though somebody waits, the workloads do not end though chaos is over, the
// simulated time or a turn exceeds its budget, or something is left after the
// teardown. A failing iteration never ends the run unless FailFast is set.
#ifndef MOONPOOL_SIM_RUNNER_BUILDER_H_
#define MOONPOOL_SIM_RUNNER_BUILDER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sim/chaos/profile.h"
#include "sim/core/world.h"
#include "sim/network/sim_network.h"
#include "sim/runner/attrition.h"
#include "sim/runner/fault_injector.h"
#include "sim/runner/invariant.h"
#include "sim/runner/iteration_control.h"
#include "sim/runner/phases.h"
#include "sim/runner/process.h"
#include "sim/runner/report.h"
#include "sim/runner/state.h"
#include "sim/runner/topology.h"
#include "sim/runner/workload.h"
#include "sim/storage/sim_disk.h"
#include "sim/trace/event_sink.h"

namespace moonpool {

// Called at the moments an explorer needs. Default: nothing.
class IterationHooks {
 public:
  virtual ~IterationHooks() = default;
  // Before OnWorldReady: whoever wants to hear of events subscribes here, or
  // sets a ring that outlives the iteration.
  virtual void OnEventsReady(EventSink& sink) { (void)sink; }
  // The world is complete; nothing has run and no event has fired yet.
  virtual void OnWorldReady(World& world) { (void)world; }
  // Before the code under test does something new: "build" (factories),
  // "boot", "set-up", "run", "recovery", "quiet", "check", "teardown". The
  // text is a literal.
  virtual void OnPhase(const char* phase) { (void)phase; }
  // All phases are over; the teardown has not begun.
  virtual void OnFinished(const IterationResult& result) { (void)result; }
};

class SimulationBuilder {
 public:
  using InvariantFunction =
      std::function<void(const StateHandle& state, absl::Duration now)>;
  using EventFunction = std::function<void(const TraceEvent& event)>;
  using WorkloadFactory =
      std::function<std::unique_ptr<moonpool::Workload>(int)>;

  // Copies share one configuration, so that a chain of setters can be returned.
  SimulationBuilder();

  // The system under test; each call adds a group of processes.
  SimulationBuilder& Processes(ProcessOptions options);
  // One workload; the instance is reused by all iterations.
  SimulationBuilder& Workload(std::unique_ptr<moonpool::Workload> workload,
                              ClientId id = ClientId::Fixed(0));
  // count workloads, made anew for each iteration.
  SimulationBuilder& Workloads(CountRange count, WorkloadFactory factory,
                               ClientId id = ClientId::Fixed(0));

  // Random faults of network, clocks, storage and code, and the shape of the
  // environment, drawn per seed. Default: none at all.
  SimulationBuilder& Chaos(ChaosProfile profile);
  SimulationBuilder& Attrition(AttritionOptions options);
  SimulationBuilder& Fault(
      std::function<std::unique_ptr<FaultInjector>()> factory);
  SimulationBuilder& Phases(PhaseConfig phases);
  // Chaos ends so long after set-up; by default when the workloads are done.
  SimulationBuilder& ChaosDuration(absl::Duration duration);
  // Checked after every turn; violate with the ASSERT_ macros.
  SimulationBuilder& Invariant(std::string name, InvariantFunction check);
  SimulationBuilder& Invariant(std::unique_ptr<moonpool::Invariant> invariant);
  // Called at each event of that name, of an application (ctx.log()) or of the
  // world ("crash"): an invariant on events. Violate with the ASSERT_ macros.
  SimulationBuilder& OnEvent(std::string name, EventFunction check);
  // The environment without faults. They replace what the chaos profile draws
  // for it.
  SimulationBuilder& Network(NetworkOptions options);
  SimulationBuilder& Disks(DiskOptions options);
  SimulationBuilder& Order(ReadyOrder order);
  // Called with the seed before each iteration.
  SimulationBuilder& BeforeIteration(std::function<void(uint64_t)> hook);

  // The seeds of the run: first the explicit ones, then as many as the
  // iteration control asks for, derived from the base seed (default 1).
  SimulationBuilder& Seeds(std::vector<uint64_t> seeds);
  SimulationBuilder& BaseSeed(uint64_t seed);

  // How many iterations; the last call wins.
  SimulationBuilder& Control(IterationControl control);
  SimulationBuilder& Iterations(int count) {
    return Control(IterationControl::FixedCount(count));
  }
  SimulationBuilder& TimeLimit(absl::Duration wall_time) {
    return Control(IterationControl::TimeLimit(wall_time));
  }
  SimulationBuilder& UntilAllSometimesReached(int max_iterations) {
    return Control(IterationControl::UntilAllSometimesReached(max_iterations));
  }
  SimulationBuilder& UntilCoverageStable(int plateau_seeds,
                                         int max_iterations) {
    return Control(
        IterationControl::UntilCoverageStable(plateau_seeds, max_iterations));
  }

  SimulationBuilder& FailFast(bool fail_fast = true);
  // An iteration that needs more simulated time fails. Default: one hour.
  SimulationBuilder& RunTimeBudget(absl::Duration budget);
  // An iteration of Run that needs more real time ends the program with the
  // seed and what was running: a task loops without awaiting. Default: 1 min.
  SimulationBuilder& WallClockLimit(absl::Duration limit);
  // Ends an iteration with the turn in which something was violated.
  SimulationBuilder& StopAtViolation(bool stop = true);

  // Runs all iterations, one after another, in this process.
  SimulationReport Run();
  // Runs one. The iteration's counts are left in the AssertionTable.
  IterationResult RunIteration(uint64_t seed, IterationHooks* hooks = nullptr);
  // The seed of iteration index.
  uint64_t SeedOf(int index) const;
  uint64_t base_seed() const;

  struct Config;  // the runner's own
 private:
  std::shared_ptr<Config> config_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_BUILDER_H_
