// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Population: who takes part in an iteration, drawn from the configuration:
// counts, client ids, tags, localities, addresses. Internal to the runner.
#ifndef MOONPOOL_SIM_RUNNER_POPULATION_H_
#define MOONPOOL_SIM_RUNNER_POPULATION_H_

#include <memory>
#include <vector>

#include "providers/random.h"
#include "sim/network/sim_network.h"
#include "sim/runner/config.h"
#include "sim/runner/topology.h"

namespace moonpool {

struct Population {
  struct Driver {
    moonpool::Workload* workload = nullptr;
    std::unique_ptr<moonpool::Workload> owned;
    int id = 0;
    int count = 1;  // of its entry
  };
  struct Server {
    std::unique_ptr<Process> first;  // made to learn the name
    const ProcessOptions* options = nullptr;
    int index = 0;  // in its group
    int count = 1;
  };
  // One member for each driver, then one for each server.
  std::vector<Member> members;
  std::vector<Driver> drivers;
  std::vector<Server> servers;
};

// random is of the configuration: the same for every timeline of a seed.
Population DrawPopulation(SimulationBuilder::Config& config, Random& random);

// Sets the distances between the domains of the members.
void PlaceOnNetwork(const Population& population, Random& random,
                    SimNetwork& network);

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_POPULATION_H_
