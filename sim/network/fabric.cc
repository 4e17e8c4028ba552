// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/fabric.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/core/rng.h"
#include "sim/network/address.h"
#include "sim/network/connection.h"
#include "sim/network/datagram.h"
#include "sim/network/endpoints.h"

namespace moonpool::network_internal {

namespace {

LatencyDistribution LawOf(const NetworkOptions& options) {
  if (options.latency_distribution.has_value()) {
    return *options.latency_distribution;
  }
  const absl::Duration high = options.latency.high;
  return LatencyDistribution::Bimodal(
      options.latency, {high, std::max(high, options.slow_latency)},
      options.slow_chance);
}

template <typename InUse>
uint16_t PickPort(uint16_t& next, InUse in_use) {
  constexpr int kPorts = 65536 - kFirstEphemeralPort;
  for (int i = 0; i < kPorts; ++i) {
    if (next < kFirstEphemeralPort) next = kFirstEphemeralPort;
    const uint16_t port = next++;
    if (!in_use(port)) return port;
  }
  return 0;
}

}  // namespace

uint16_t Machine::PickEphemeralPort() {
  return PickPort(next_port,
                  [this](uint16_t port) { return IsPortInUse(port); });
}

uint16_t Machine::PickDatagramPort() {
  return PickPort(next_port, [this](uint16_t port) {
    return datagram_ports.contains(port);
  });
}

void Machine::AddEnd(End* end) {
  end->previous = last_end;
  end->next = nullptr;
  (last_end != nullptr ? last_end->next : first_end) = end;
  last_end = end;
}

void Machine::RemoveEnd(End* end) {
  (end->previous != nullptr ? end->previous->next : first_end) = end->next;
  (end->next != nullptr ? end->next->previous : last_end) = end->previous;
}

Fabric::Fabric(World* world, const NetworkOptions& options)
    : world(world), options(options), law(LawOf(options)) {
  world->AddReseedListener(this);
  CHECK_GT(options.send_buffer_bytes, 0u);
  CHECK_GT(options.max_segment_bytes, 0u);
  CHECK(options.max_segment_bytes <= options.receive_window_bytes)
      << "a full segment would never fit into the window";
  CHECK(options.max_segment_bytes <= uint32_t{1} << 30);
  CHECK_GT(options.backlog, 0);
  CHECK_GT(options.datagram_queue, 0u);
}

Fabric::~Fabric() {
  world->RemoveReseedListener(this);
  for (auto& [ip, machine] : machines) {
    for (auto& [port, queue] : machine->listeners) {
      for (End* end : queue->established) end->handle = false;
      queue->established.clear();
      queue->machine = nullptr;
    }
    for (auto& [port, queue] : machine->datagram_ports) {
      queue->machine = nullptr;
    }
    while (machine->first_provider != nullptr) {
      machine->first_provider->Detach();
    }
  }
  for (auto& [ip, machine] : machines) {
    while (machine->first_end != nullptr) {
      machine->first_end->connection->Orphan();
    }
  }
}

Machine& Fabric::GetMachine(absl::string_view ip) {
  std::unique_ptr<Machine>& slot = machines[std::string(ip)];
  if (slot == nullptr) {
    CHECK(IsIpv4(ip)) << "not an IPv4 address: " << ip;
    slot = std::make_unique<Machine>();
    slot->id = static_cast<uint32_t>(machines.size());
    slot->ip = std::string(ip);
  }
  return *slot;
}

Link& Fabric::GetLink(Machine& from, Machine& to) {
  std::unique_ptr<Link>& slot = links[std::make_pair(from.id, to.id)];
  if (slot != nullptr) return *slot;
  slot = std::make_unique<Link>(this, from, to);
  if (to.is_off) slot->Close(kPowerOff);
  const int64_t until_ns =
      &from == &to ? 0 : std::max(from.isolated_until_ns, to.isolated_until_ns);
  if (until_ns == std::numeric_limits<int64_t>::max()) {
    slot->Close(kCut);
  } else if (until_ns > world->now_ns()) {
    slot->Close(kCut, absl::Nanoseconds(until_ns - world->now_ns()));
  }
  ApplyPairLatency(*slot);
  return *slot;
}

absl::StatusOr<std::string> Fabric::ResolveHost(absl::string_view host) const {
  if (IsIpv4(host)) return std::string(host);
  if (!IsHostName(host)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", host, "\" is neither an IPv4 address nor a host name"));
  }
  auto found = names.find(host);
  if (found == names.end()) {
    return absl::NotFoundError(absl::StrCat("unknown host name ", host));
  }
  return found->second;
}

absl::StatusOr<Address> Fabric::ResolveAddress(absl::string_view text) const {
  absl::StatusOr<Address> address = ParseAddress(text);
  if (!address.ok() || IsIpv4(address->host)) return address;
  absl::StatusOr<std::string> ip = ResolveHost(address->host);
  if (!ip.ok()) return ip.status();
  address->host = *std::move(ip);
  return address;
}

void Fabric::SetFaults(const NetworkFaults& next) {
  faults = next;
  datagram_faults = {.loss = next.datagram_loss,
                     .duplicate = next.datagram_duplicate,
                     .reorder = next.datagram_reorder};
  faulty_streams = next.clog_chance.num > 0 || next.bit_flip_chance.num > 0 ||
                   next.random_close_chance.num > 0 ||
                   next.partial_io_chance.num > 0;
  CHECK(next.bit_flip_min >= 1 && next.bit_flip_min <= next.bit_flip_max);
  CHECK(next.partial_read_max_bytes > 0 && next.partial_write_max_bytes > 0);
  CHECK(next.max_pair_latency >= absl::ZeroDuration());
  for (auto& [machines, link] : links) ApplyPairLatency(*link);
}

void Fabric::ApplyPairLatency(Link& link) {
  const int64_t max_ns = absl::ToInt64Nanoseconds(faults.max_pair_latency);
  if (max_ns == 0 || &link.from == &link.to) {
    link.SetFaultLatency(0);
    return;
  }
  // From the root seed alone: the same in every fork, and whenever it is asked.
  RandomStream random(&world->random(), "pair latency",
                      Combine64(HashBytes(link.from.ip), HashBytes(link.to.ip)),
                      RandomStream::Kind::kFixed);
  const int64_t ns = random.Range(0, max_ns);
  if (ns == link.fault_latency_ns) return;
  link.SetFaultLatency(ns);
  world->Fault(FaultFamily::kPairLatency, link.from.ip, "far from ",
               link.to.ip);
}

}  // namespace moonpool::network_internal
