// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/sim_network.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_join.h"
#include "providers/base/check.h"
#include "sim/network/address.h"
#include "sim/network/chaos.h"
#include "sim/network/connection.h"
#include "sim/network/endpoints.h"
#include "sim/network/fabric.h"
#include "sim/network/link.h"

namespace moonpool {

using network_internal::Fabric;
using network_internal::Link;
using network_internal::Machine;
using network_internal::MachineNetwork;
using network_internal::PartitionDriver;
using network_internal::SwizzleDriver;

namespace {

constexpr uint32_t kCuts =
    network_internal::kCut | network_internal::kRandomCut;
constexpr uint32_t kClogs = network_internal::kClog |
                            network_internal::kRandomClog |
                            network_internal::kSwizzle;
constexpr uint32_t kModes = network_internal::kStall | network_internal::kDrop |
                            network_internal::kResets;

}  // namespace

SimNetwork::SimNetwork(World* world, const NetworkOptions& options)
    : fabric_(std::make_unique<Fabric>(world, options)),
      partitions_(std::make_unique<PartitionDriver>(fabric_.get())),
      swizzle_(std::make_unique<SwizzleDriver>(fabric_.get())) {}

SimNetwork::~SimNetwork() = default;

std::unique_ptr<Network> SimNetwork::MakeProvider(std::string ip) {
  Machine& machine = fabric_->GetMachine(ip);
  machine.exists = true;
  if (machine.is_off) {
    machine.is_off = false;
    for (auto& [machines, link] : fabric_->links) {
      if (&link->to == &machine) link->Open(network_internal::kPowerOff);
    }
  }
  return std::make_unique<MachineNetwork>(fabric_.get(), &machine);
}

void SimNetwork::AddName(std::string name, std::string ip) {
  CHECK(network_internal::IsHostName(name)) << "not a host name: " << name;
  CHECK(network_internal::IsIpv4(ip)) << "not an IPv4 address: " << ip;
  fabric_->names[std::move(name)] = std::move(ip);
}

void SimNetwork::CrashMachine(absl::string_view ip, bool power_loss) {
  CHECK(!fabric_->world->in_teardown());
  Machine& machine = fabric_->GetMachine(ip);
  network_internal::CrashMachine(machine, power_loss);
  if (!power_loss || machine.is_off) return;
  machine.is_off = true;
  for (auto& [machines, link] : fabric_->links) {
    if (&link->to == &machine) link->Close(network_internal::kPowerOff);
  }
}

Link& SimNetwork::GetLink(absl::string_view from, absl::string_view to) const {
  Machine& source = fabric_->GetMachine(from);
  return fabric_->GetLink(source, fabric_->GetMachine(to));
}

// --- Partitions -------------------------------------------------------------

void SimNetwork::Cut(const std::vector<std::string>& from,
                     const std::vector<std::string>& to,
                     absl::Duration duration) {
  for (const std::string& source : from) {
    for (const std::string& target : to) {
      GetLink(source, target).Close(network_internal::kCut, duration);
    }
  }
}

void SimNetwork::PartitionOneWay(absl::string_view from, absl::string_view to,
                                 absl::Duration duration) {
  GetLink(from, to).Close(network_internal::kCut, duration);
  fabric_->world->Fault(FaultFamily::kPartition, from, "cannot send to ", to);
}

void SimNetwork::Partition(absl::string_view a, absl::string_view b,
                           absl::Duration duration) {
  GetLink(a, b).Close(network_internal::kCut, duration);
  GetLink(b, a).Close(network_internal::kCut, duration);
  fabric_->world->Fault(FaultFamily::kPartition, a, "cut off from ", b);
}

void SimNetwork::PartitionSets(const std::vector<std::string>& a,
                               const std::vector<std::string>& b,
                               absl::Duration duration) {
  Cut(a, b, duration);
  Cut(b, a, duration);
  fabric_->world->Fault(FaultFamily::kPartition, absl::StrJoin(a, ", "),
                        "cut off from ", absl::StrJoin(b, ", "));
}

void SimNetwork::PartitionSetsOneWay(const std::vector<std::string>& from,
                                     const std::vector<std::string>& to,
                                     absl::Duration duration) {
  Cut(from, to, duration);
  fabric_->world->Fault(FaultFamily::kPartition, absl::StrJoin(from, ", "),
                        "cannot send to ", absl::StrJoin(to, ", "));
}

void SimNetwork::Isolate(absl::string_view ip, absl::Duration duration) {
  Machine& machine = fabric_->GetMachine(ip);
  for (auto& [other_ip, other] : fabric_->machines) {
    if (other.get() == &machine) continue;
    fabric_->GetLink(machine, *other).Close(network_internal::kCut, duration);
    fabric_->GetLink(*other, machine).Close(network_internal::kCut, duration);
  }
  machine.isolated_until_ns = std::max(
      machine.isolated_until_ns,
      duration == absl::InfiniteDuration()
          ? std::numeric_limits<int64_t>::max()
          : fabric_->world->now_ns() + absl::ToInt64Nanoseconds(duration));
  fabric_->world->Fault(FaultFamily::kPartition, ip, "isolated");
}

void SimNetwork::HealOneWay(absl::string_view from, absl::string_view to) {
  GetLink(from, to).Open(kCuts);
}

void SimNetwork::Heal(absl::string_view a, absl::string_view b) {
  HealOneWay(a, b);
  HealOneWay(b, a);
  fabric_->world->Tell(a, "reunited with ", b);
}

void SimNetwork::HealSets(const std::vector<std::string>& a,
                          const std::vector<std::string>& b) {
  for (const std::string& one : a) {
    for (const std::string& other : b) {
      HealOneWay(one, other);
      HealOneWay(other, one);
    }
  }
  fabric_->world->Tell(absl::StrJoin(a, ", "), "reunited with ",
                       absl::StrJoin(b, ", "));
}

void SimNetwork::Rejoin(absl::string_view ip) {
  Machine& machine = fabric_->GetMachine(ip);
  machine.isolated_until_ns = 0;
  for (auto& [machines, link] : fabric_->links) {
    if (&link->from == &machine || &link->to == &machine) link->Open(kCuts);
  }
  fabric_->world->Tell(ip, "rejoins");
}

void SimNetwork::HealAll() {
  bool was_blocked = false;
  for (auto& [ip, machine] : fabric_->machines) {
    machine->isolated_until_ns = 0;
  }
  for (auto& [machines, link] : fabric_->links) {
    constexpr uint32_t kAll = kCuts | kClogs | kModes;
    was_blocked |= (link->blocks & kAll) != 0;
    link->Open(kAll);
    link->datagram_faults.reset();
  }
  if (was_blocked) fabric_->world->Tell("network", "healed");
}

bool SimNetwork::IsPartitioned(absl::string_view from,
                               absl::string_view to) const {
  return GetLink(from, to).is_cut();
}

// --- Links ------------------------------------------------------------------

void SimNetwork::SetLatency(absl::string_view from, absl::string_view to,
                            const LatencyDistribution& latency) {
  Link& link = GetLink(from, to);
  link.own_law = latency;
  link.law = &*link.own_law;
}

void SimNetwork::SetPairLatency(absl::string_view from, absl::string_view to,
                                absl::Duration extra) {
  CHECK(extra >= absl::ZeroDuration()) << "a negative latency";
  Link& link = GetLink(from, to);
  const int64_t ns = absl::ToInt64Nanoseconds(extra);
  link.extra_ns += ns - link.pair_latency_ns;
  link.pair_latency_ns = ns;
}

void SimNetwork::SetBandwidth(absl::string_view from, absl::string_view to,
                              uint64_t bits_per_second) {
  GetLink(from, to).SetBandwidth(bits_per_second);
}

void SimNetwork::Clog(absl::string_view from, absl::string_view to,
                      absl::Duration duration) {
  GetLink(from, to).Close(network_internal::kClog, duration);
  fabric_->world->Fault(FaultFamily::kClog, from, "clogged towards ", to);
}

void SimNetwork::Unclog(absl::string_view from, absl::string_view to) {
  GetLink(from, to).Open(kClogs);
  fabric_->world->Tell(from, "unclogged towards ", to);
}

void SimNetwork::SetMode(absl::string_view from, absl::string_view to,
                         LinkMode mode) {
  Link& link = GetLink(from, to);
  const auto cause = mode == LinkMode::kStall  ? network_internal::kStall
                     : mode == LinkMode::kDrop ? network_internal::kDrop
                                               : network_internal::kResets;
  // The new mode first: what the old one held must not slip through.
  if (mode != LinkMode::kOpen) link.Close(cause);
  link.Open(mode == LinkMode::kOpen ? kModes
                                    : kModes & ~static_cast<uint32_t>(cause));
  switch (mode) {
    case LinkMode::kOpen:
      fabric_->world->Tell(from, "link is open to ", to);
      return;
    case LinkMode::kStall:
      fabric_->world->Fault(FaultFamily::kClog, from, "stalled towards ", to);
      return;
    case LinkMode::kDrop:
      fabric_->world->Fault(FaultFamily::kPartition, from, "drops all to ", to);
      return;
    case LinkMode::kReset:
      fabric_->world->Fault(FaultFamily::kPartition, from,
                            "resets connections to ", to);
      link.ResetConnections();
      return;
  }
}

void SimNetwork::SetDatagramFaults(absl::string_view from, absl::string_view to,
                                   const DatagramFaults& faults) {
  GetLink(from, to).datagram_faults = faults;
}

// --- Faults and figures -----------------------------------------------------

void SimNetwork::SetFaults(const NetworkFaults& faults) {
  // First the rates, so that what is sent again now does not roll for the old.
  fabric_->SetFaults(faults);
  partitions_->Stop();
  swizzle_->Stop();
  for (auto& [machines, link] : fabric_->links) {
    link->Open(network_internal::kMadeByFaults);
  }
  partitions_->Start();
  swizzle_->Start();
}

size_t SimNetwork::open_connections() const {
  return fabric_->open_connections;
}

const NetworkStats& SimNetwork::stats() const { return fabric_->stats; }

}  // namespace moonpool
