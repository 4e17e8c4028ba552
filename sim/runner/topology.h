// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Topology: who takes part in a simulation. Processes are 10.0.1.1, 10.0.1.2…
// and workloads 10.0.0.1, 10.0.0.2…; roles are tags.
#ifndef MOONPOOL_SIM_RUNNER_TOPOLOGY_H_
#define MOONPOOL_SIM_RUNNER_TOPOLOGY_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace moonpool {

// One tag dimension; process i gets values[i % values.size()].
struct TagDimension {
  std::string key;
  std::vector<std::string> values;
};

struct Member {
  std::string name;  // "kv-2"; without number if it is the only one
  std::string ip;
  bool is_process = true;
  std::map<std::string, std::string> tags;
};

class Topology {
 public:
  explicit Topology(std::vector<Member> members);

  const std::vector<Member>& members() const { return members_; }
  const std::vector<std::string>& all_process_ips() const {
    return process_ips_;
  }
  // In the order of the processes.
  std::vector<std::string> ips_tagged(absl::string_view key,
                                      absl::string_view value) const;
  // nullptr if there is none of that address.
  const Member* member(absl::string_view ip) const;
  // The first of that name; empty if there is none.
  std::string ip_of(absl::string_view name) const;

 private:
  std::vector<Member> members_;
  std::vector<std::string> process_ips_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_TOPOLOGY_H_
