// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// SimContext: what a process or workload sees of the simulation: its
// providers, its place in the topology, and the request to stop.
#ifndef MOONPOOL_SIM_RUNNER_CONTEXT_H_
#define MOONPOOL_SIM_RUNNER_CONTEXT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "providers/coro/cancellation.h"
#include "providers/providers.h"
#include "sim/chaos/operations.h"
#include "sim/core/node_clock.h"
#include "sim/core/world.h"
#include "sim/runner/state.h"
#include "sim/runner/topology.h"
#include "sim/trace/node_log.h"

namespace moonpool {

// Who can silence the chaos for a while.
class QuietPeriods {
 public:
  virtual ~QuietPeriods() = default;
  virtual Task<absl::Status> QuietPeriod(absl::Duration duration) = 0;
};

class SimContext final : public Providers {
 public:
  struct Parts {
    World* world;
    const Topology* topology;
    StateHandle* state;
    std::string ip;
    int client_id = 0;
    int client_count = 1;
    CancellationToken shutdown;
    TaskSet* task_set;
    EventSink* events = nullptr;
    NodeClock* clock = nullptr;
    QuietPeriods* quiet_periods = nullptr;
    OperationAlphabet operations;
    std::unique_ptr<Network> network;
    std::unique_ptr<Storage> storage;
    RandomStream random;
  };
  explicit SimContext(Parts parts);

  Time& time() override { return time_; }
  Tasks& tasks() override { return tasks_; }
  Network& network() override { return *parts_.network; }
  Random& random() override { return parts_.random; }
  Storage& storage() override { return *parts_.storage; }

  const std::string& my_ip() const { return parts_.ip; }
  // Workloads: the number among the instances of the same entry. Processes:
  // the index of the process.
  int client_id() const { return parts_.client_id; }
  int client_count() const { return parts_.client_count; }
  const std::map<std::string, std::string>& my_tags() const;
  // The address of the first member of that name; empty if there is none.
  std::string peer(absl::string_view name) const {
    return parts_.topology->ip_of(name);
  }
  const Topology& topology() const { return *parts_.topology; }
  // All the others: workloads first, then processes.
  std::vector<Member> peers() const;
  // Asks the chaos to stop: faults and injectors pause, links heal, whoever is
  // down boots. Returns when every process is up; so much later the chaos goes
  // on. At once outside the chaos phase.
  [[clang::coro_wrapper]] Task<absl::Status> QuietPeriod(
      absl::Duration duration) {
    return parts_.quiet_periods->QuietPeriod(duration);
  }
  // Which operations a workload should use in this seed: all of them, unless
  // the chaos profile has Operations.
  const OperationAlphabet& operations() const { return parts_.operations; }

  // What happens here, for people and for invariants on events; it has no
  // effect on the run.
  const NodeLog& log() const { return log_; }

  StateHandle& state() { return *parts_.state; }
  const CancellationToken& shutdown() const { return parts_.shutdown; }
  World& world() { return *parts_.world; }

 private:
  class ContextTasks final : public Tasks {
   public:
    explicit ContextTasks(TaskSet* set) : set_(set) {}

   protected:
    TaskSet& set() override { return *set_; }

   private:
    TaskSet* set_;
  };

  Parts parts_;
  NodeLog log_;
  SimTime time_;
  ContextTasks tasks_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_CONTEXT_H_
