// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/topology.h"

namespace moonpool {

Topology::Topology(std::vector<Member> members)
    : members_(std::move(members)) {
  for (const Member& member : members_) {
    if (member.is_process) process_ips_.push_back(member.ip);
  }
}

std::vector<std::string> Topology::ips_tagged(absl::string_view key,
                                              absl::string_view value) const {
  std::vector<std::string> ips;
  for (const Member& member : members_) {
    auto it = member.tags.find(std::string(key));
    if (it != member.tags.end() && it->second == value) {
      ips.push_back(member.ip);
    }
  }
  return ips;
}

const Member* Topology::member(absl::string_view ip) const {
  for (const Member& member : members_) {
    if (member.ip == ip) return &member;
  }
  return nullptr;
}

std::string Topology::ip_of(absl::string_view name) const {
  for (const Member& member : members_) {
    if (member.name == name) return member.ip;
  }
  return "";
}

}  // namespace moonpool
