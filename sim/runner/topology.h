// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Topology: who takes part in a simulation, and where. Processes are 10.0.1.1,
// 10.0.1.2… and workloads 10.0.0.1, 10.0.0.2…; roles are tags; failure domains
// are data centres, zones and machines. Every list is in the order of creation.
#ifndef MOONPOOL_SIM_RUNNER_TOPOLOGY_H_
#define MOONPOOL_SIM_RUNNER_TOPOLOGY_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace moonpool {

// A fixed number, or one drawn per seed from [low, high].
struct CountRange {
  CountRange(int count) : low(count), high(count) {}  // NOLINT: 3 is a count
  CountRange(int low, int high) : low(low), high(high) {}
  int low;
  int high;
};

// One tag dimension; process i gets values[i % values.size()].
struct TagDimension {
  std::string key;
  std::vector<std::string> values;
};

enum class DomainLevel { kMachine, kZone, kDatacenter };

// The shape of a cluster; each number is drawn per seed. Processes of the same
// machine share its fate in failures of that machine (each has a disk and an
// address of its own).
struct LocalityOptions {
  CountRange datacenters = 1;
  CountRange zones_per_datacenter = 1;
  CountRange machines_per_zone = 1;
  CountRange processes_per_machine = 1;
  // Added to each segment's latency, per pair of processes, drawn per seed.
  absl::Duration cross_zone_min = absl::Microseconds(500);
  absl::Duration cross_zone_max = absl::Milliseconds(2);
  absl::Duration cross_datacenter_min = absl::Milliseconds(10);
  absl::Duration cross_datacenter_max = absl::Milliseconds(100);
};

// "dc1", "dc1-z2", "dc1-z2-m1"; empty without LocalityOptions.
struct Locality {
  std::string datacenter;
  std::string zone;
  std::string machine;
  const std::string& domain(DomainLevel level) const;
};

struct Member {
  std::string name;  // "kv-2"; without number if it is the only one
  std::string ip;
  bool is_process = true;
  std::map<std::string, std::string> tags;
  Locality locality;
};

class Topology {
 public:
  explicit Topology(std::vector<Member> members);

  const std::vector<Member>& members() const { return members_; }
  const std::vector<std::string>& all_process_ips() const {
    return process_ips_;
  }
  std::vector<std::string> ips_tagged(absl::string_view key,
                                      absl::string_view value) const;
  // Processes only.
  std::vector<std::string> ips_in_domain(DomainLevel level,
                                         absl::string_view id) const;
  // The ids of all domains of a level.
  std::vector<std::string> domains(DomainLevel level) const;
  // Members, except ip itself, that are on the machine of ip.
  std::vector<std::string> peers_on_machine_of(absl::string_view ip) const;
  // Those whose name begins with prefix.
  std::vector<std::string> ips_with_prefix(absl::string_view prefix) const;
  // nullptr if there is none of that address.
  const Member* member(absl::string_view ip) const;
  // The first of that name; empty if there is none.
  std::string ip_of(absl::string_view name) const;

 private:
  std::vector<Member> members_;
  std::vector<std::string> process_ips_;
  std::map<std::string, size_t, std::less<>> by_ip_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_TOPOLOGY_H_
