// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// SimulationBuilder: what a simulation consists of, and running it.
//
//   SimulationReport report = SimulationBuilder()
//       .Processes({.count = {3, 7},
//                   .factory = [] { return std::make_unique<KvServer>(); }})
//       .Workload(std::make_unique<KvWorkload>())
//       .Attrition({.max_dead = 1})
//       .Iterations(100)
//       .Run();
//
// An iteration: make a world from the seed; boot the processes; run all
// set-ups; run all workloads, with chaos (attrition, injectors) until they are
// done or the chaos duration has passed; heal the network and boot who is
// down; run all checks against the live system; tear down and look for leaks.
//
// It fails if a set-up, run, check, process or injector returns an error or
// throws, an ALWAYS assertion or invariant is violated, nothing can happen any
// more though somebody waits, the simulated time or a turn exceeds its budget,
// or something is left after the teardown. A failing iteration never ends the
// run unless FailFast is set.
#ifndef MOONPOOL_SIM_RUNNER_BUILDER_H_
#define MOONPOOL_SIM_RUNNER_BUILDER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sim/core/world.h"
#include "sim/network/sim_network.h"
#include "sim/runner/fault_injector.h"
#include "sim/runner/process.h"
#include "sim/runner/report.h"
#include "sim/runner/state.h"
#include "sim/runner/topology.h"
#include "sim/runner/workload.h"
#include "sim/storage/sim_disk.h"

namespace moonpool {

// A fixed number, or one drawn per seed from [low, high].
struct CountRange {
  CountRange(int count) : low(count), high(count) {}  // NOLINT: 3 is a count
  CountRange(int low, int high) : low(low), high(high) {}
  int low;
  int high;
};

struct ProcessOptions {
  CountRange count = 1;
  std::function<std::unique_ptr<Process>()> factory;
  std::vector<TagDimension> tags;
};

// Called at the moments an explorer needs. Default: nothing.
class IterationHooks {
 public:
  virtual ~IterationHooks() = default;
  // The world is complete; nothing has run and no event has fired yet.
  virtual void OnWorldReady(World& world) { (void)world; }
  // All phases are over; the teardown has not begun.
  virtual void OnFinished(const IterationResult& result) { (void)result; }
};

class SimulationBuilder {
 public:
  using InvariantFunction =
      std::function<void(const StateHandle& state, absl::Duration now)>;

  // Copies share one configuration, so that a chain of setters can be returned.
  SimulationBuilder();

  // The system under test; the last call wins.
  SimulationBuilder& Processes(ProcessOptions options);
  // One workload; the instance is reused by all iterations.
  SimulationBuilder& Workload(std::unique_ptr<moonpool::Workload> workload);
  // count workloads, made anew for each iteration.
  SimulationBuilder& Workloads(
      CountRange count,
      std::function<std::unique_ptr<moonpool::Workload>(int)> factory);
  SimulationBuilder& Attrition(AttritionOptions options);
  SimulationBuilder& Fault(
      std::function<std::unique_ptr<FaultInjector>()> factory);
  // Chaos ends so long after set-up; by default when the workloads are done.
  SimulationBuilder& ChaosDuration(absl::Duration duration);
  // Checked after every turn; violate with the ASSERT_ macros.
  SimulationBuilder& Invariant(std::string name, InvariantFunction check);
  SimulationBuilder& Network(NetworkOptions options);
  SimulationBuilder& Disks(DiskOptions options);
  SimulationBuilder& Order(ReadyOrder order);

  // The seeds of the run: first the explicit ones, then as many derived from
  // the base seed (default 1) as Iterations asks for (default 1 in all).
  SimulationBuilder& Seeds(std::vector<uint64_t> seeds);
  SimulationBuilder& BaseSeed(uint64_t seed);
  SimulationBuilder& Iterations(int count);
  SimulationBuilder& FailFast(bool fail_fast = true);
  // An iteration that needs more simulated time fails. Default: one hour.
  SimulationBuilder& RunTimeBudget(absl::Duration budget);
  // Ends an iteration with the turn in which something was violated.
  SimulationBuilder& StopAtViolation(bool stop = true);

  // Runs all iterations, one after another, in this process.
  SimulationReport Run();
  // Runs one. The iteration's counts are left in the AssertionTable.
  IterationResult RunIteration(uint64_t seed, IterationHooks* hooks = nullptr);
  // The seed of iteration index.
  uint64_t SeedOf(int index) const;

  struct Config;  // builder.cc and iteration.cc only
 private:
  std::shared_ptr<Config> config_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_BUILDER_H_
