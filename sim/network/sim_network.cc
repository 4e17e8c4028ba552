// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/sim_network.h"

#include <utility>

#include "providers/base/check.h"
#include "sim/network/connection.h"
#include "sim/network/endpoints.h"
#include "sim/network/fabric.h"

namespace moonpool {

using network_internal::End;
using network_internal::Fabric;
using network_internal::Link;
using network_internal::Machine;
using network_internal::MachineNetwork;

namespace {

void HealLink(Link& link) {
  if (!link.is_blocked) return;
  link.is_blocked = false;
  for (End* end = link.from.first_end; end != nullptr; end = end->next) {
    if (end->link == &link) end->connection->Heal(*end);
  }
}

}  // namespace

SimNetwork::SimNetwork(World* world, const NetworkOptions& options)
    : fabric_(std::make_unique<Fabric>(world, options)) {}

SimNetwork::~SimNetwork() = default;

std::unique_ptr<Network> SimNetwork::MakeProvider(std::string ip) {
  return std::make_unique<MachineNetwork>(fabric_.get(),
                                          &fabric_->GetMachine(ip));
}

void SimNetwork::CrashMachine(absl::string_view ip, bool) {
  CHECK(!fabric_->world->in_teardown());
  network_internal::CrashMachine(fabric_->GetMachine(ip));
}

void SimNetwork::PartitionOneWay(absl::string_view from,
                                 absl::string_view to) {
  Cut(from, to);
  fabric_->world->Tell(from, "cannot send to ", to);
}
void SimNetwork::Cut(absl::string_view from, absl::string_view to) {
  Machine& source = fabric_->GetMachine(from);
  fabric_->GetLink(source, fabric_->GetMachine(to)).is_blocked = true;
}

void SimNetwork::Partition(absl::string_view a, absl::string_view b) {
  Cut(a, b);
  Cut(b, a);
  fabric_->world->Tell(a, "cut off from ", b);
}

void SimNetwork::HealOneWay(absl::string_view from, absl::string_view to) {
  Machine& source = fabric_->GetMachine(from);
  HealLink(fabric_->GetLink(source, fabric_->GetMachine(to)));
}

void SimNetwork::Heal(absl::string_view a, absl::string_view b) {
  HealOneWay(a, b);
  HealOneWay(b, a);
  fabric_->world->Tell(a, "reunited with ", b);
}

void SimNetwork::HealAll() {
  bool was_cut = false;
  for (auto& [machines, link] : fabric_->links) {
    was_cut |= link->is_blocked;
    HealLink(*link);
  }
  if (was_cut) fabric_->world->Tell("network", "healed");
}

bool SimNetwork::IsPartitioned(absl::string_view from,
                               absl::string_view to) const {
  Machine& source = fabric_->GetMachine(from);
  return fabric_->GetLink(source, fabric_->GetMachine(to)).is_blocked;
}

size_t SimNetwork::open_connections() const {
  return fabric_->open_connections;
}

uint64_t SimNetwork::segments_delivered() const {
  return fabric_->segments_delivered;
}

}  // namespace moonpool
