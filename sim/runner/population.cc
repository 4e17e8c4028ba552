// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/population.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"

namespace moonpool {
namespace {

int Resolve(const CountRange& count, Random& random) {
  CHECK(count.low >= 0 && count.low <= count.high)
      << "a count range is empty: " << count.low << ".." << count.high;
  return static_cast<int>(
      random.Range(int64_t{count.low}, int64_t{count.high}));
}

// Workloads have an even third number, processes an odd one.
std::string Address(bool is_process, size_t index) {
  return absl::StrCat("10.0.", index / 250 * 2 + (is_process ? 1 : 0), ".",
                      index % 250 + 1);
}

std::string NameOf(absl::string_view base, int index, int count) {
  return count == 1 ? std::string(base) : absl::StrCat(base, "-", index + 1);
}

// The place of each process of a group; one without localities has none.
std::vector<Locality> DrawPlaces(const ProcessOptions& options,
                                 Random& random) {
  if (!options.locality.has_value()) {
    return std::vector<Locality>(Resolve(options.count, random));
  }
  const LocalityOptions& shape = *options.locality;
  const int datacenters = Resolve(shape.datacenters, random);
  const int zones = Resolve(shape.zones_per_datacenter, random);
  const int machines = Resolve(shape.machines_per_zone, random);
  const int processes = Resolve(shape.processes_per_machine, random);
  std::vector<Locality> places;
  for (int d = 1; d <= datacenters; ++d) {
    for (int z = 1; z <= zones; ++z) {
      for (int m = 1; m <= machines; ++m) {
        Locality place;
        place.datacenter = absl::StrCat("dc", d);
        place.zone = absl::StrCat(place.datacenter, "-z", z);
        place.machine = absl::StrCat(place.zone, "-m", m);
        places.insert(places.end(), processes, place);
      }
    }
  }
  return places;
}

void DrawDrivers(SimulationBuilder::Config& config, Random& random,
                 Population& population) {
  for (SimulationBuilder::Config::WorkloadEntry& entry : config.workloads) {
    const int count = Resolve(entry.count, random);
    for (int i = 0; i < count; ++i) {
      Population::Driver driver;
      if (entry.instance == nullptr) driver.owned = entry.factory(i);
      driver.workload =
          entry.instance ? entry.instance.get() : driver.owned.get();
      driver.id = entry.client_id.is_range()
                      ? Resolve(entry.client_id.range(), random)
                      : entry.client_id.base() + i;
      driver.count = count;
      Member member;
      member.name = NameOf(driver.workload->name(), i, count);
      member.ip = Address(false, population.drivers.size());
      member.is_process = false;
      population.members.push_back(std::move(member));
      population.drivers.push_back(std::move(driver));
    }
  }
}

void DrawServers(const SimulationBuilder::Config& config, Random& random,
                 Population& population) {
  for (const ProcessOptions& options : config.processes) {
    const std::vector<Locality> places = DrawPlaces(options, random);
    const int count = static_cast<int>(places.size());
    for (int i = 0; i < count; ++i) {
      Population::Server server;
      server.first = options.factory();
      server.options = &options;
      server.index = i;
      server.count = count;
      Member member;
      member.name = NameOf(server.first->name(), i, count);
      member.ip = Address(true, population.servers.size());
      member.locality = places[i];
      for (const TagDimension& dimension : options.tags) {
        member.tags[dimension.key] =
            dimension.values[i % dimension.values.size()];
      }
      population.members.push_back(std::move(member));
      population.servers.push_back(std::move(server));
    }
  }
}

}  // namespace

Population DrawPopulation(SimulationBuilder::Config& config, Random& random) {
  Population population;
  DrawDrivers(config, random, population);
  DrawServers(config, random, population);
  return population;
}

void PlaceOnNetwork(const Population& population, Random& random,
                    SimNetwork& network) {
  for (const Member& member : population.members) {
    network.AddName(member.name, member.ip);
  }
  const size_t drivers = population.drivers.size();
  for (size_t i = 0; i < population.servers.size(); ++i) {
    const Population::Server& server = population.servers[i];
    if (!server.options->locality.has_value()) continue;
    const LocalityOptions& shape = *server.options->locality;
    const Member& a = population.members[drivers + i];
    for (size_t j = 0; j < i; ++j) {
      if (population.servers[j].options != server.options) continue;
      const Member& b = population.members[drivers + j];
      absl::Duration distance;
      if (a.locality.datacenter != b.locality.datacenter) {
        distance = random.Range(shape.cross_datacenter_min,
                                shape.cross_datacenter_max);
      } else if (a.locality.zone != b.locality.zone) {
        distance = random.Range(shape.cross_zone_min, shape.cross_zone_max);
      } else {
        continue;
      }
      network.SetPairLatency(a.ip, b.ip, distance);
      network.SetPairLatency(b.ip, a.ip, distance);
    }
  }
}

}  // namespace moonpool
