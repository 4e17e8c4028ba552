// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/topology.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace moonpool {

const std::string& Locality::domain(DomainLevel level) const {
  switch (level) {
    case DomainLevel::kMachine:
      return machine;
    case DomainLevel::kZone:
      return zone;
    case DomainLevel::kDatacenter:
      return datacenter;
  }
  return machine;
}

Topology::Topology(std::vector<Member> members)
    : members_(std::move(members)) {
  for (size_t i = 0; i < members_.size(); ++i) {
    by_ip_.emplace(members_[i].ip, i);
    if (members_[i].is_process) process_ips_.push_back(members_[i].ip);
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

std::vector<std::string> Topology::ips_in_domain(DomainLevel level,
                                                 absl::string_view id) const {
  std::vector<std::string> ips;
  for (const Member& member : members_) {
    if (member.is_process && member.locality.domain(level) == id) {
      ips.push_back(member.ip);
    }
  }
  return ips;
}

std::vector<std::string> Topology::domains(DomainLevel level) const {
  std::vector<std::string> ids;
  for (const Member& member : members_) {
    const std::string& id = member.locality.domain(level);
    if (id.empty()) continue;
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

std::vector<std::string> Topology::peers_on_machine_of(
    absl::string_view ip) const {
  std::vector<std::string> ips;
  const Member* self = member(ip);
  if (self == nullptr || self->locality.machine.empty()) return ips;
  for (const std::string& other :
       ips_in_domain(DomainLevel::kMachine, self->locality.machine)) {
    if (other != ip) ips.push_back(other);
  }
  return ips;
}

std::vector<std::string> Topology::ips_with_prefix(
    absl::string_view prefix) const {
  std::vector<std::string> ips;
  for (const Member& member : members_) {
    if (absl::StartsWith(member.name, prefix)) ips.push_back(member.ip);
  }
  return ips;
}

const Member* Topology::member(absl::string_view ip) const {
  auto it = by_ip_.find(ip);
  return it == by_ip_.end() ? nullptr : &members_[it->second];
}

std::string Topology::ip_of(absl::string_view name) const {
  for (const Member& member : members_) {
    if (member.name == name) return member.ip;
  }
  return "";
}

}  // namespace moonpool
