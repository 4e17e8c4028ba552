// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/fabric.h"

#include <algorithm>

#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/network/address.h"
#include "sim/network/connection.h"
#include "sim/network/endpoints.h"

namespace moonpool::network_internal {

Link::Link(World* world, Machine& from, const Machine& to)
    : from(from),
      random(&world->random(), "network",
             Combine64(HashBytes(from.ip), HashBytes(to.ip))) {}

uint16_t Machine::PickEphemeralPort() {
  constexpr int kPorts = 65536 - kFirstEphemeralPort;
  for (int i = 0; i < kPorts; ++i) {
    if (next_port < kFirstEphemeralPort) next_port = kFirstEphemeralPort;
    const uint16_t port = next_port++;
    if (!IsPortInUse(port)) return port;
  }
  return 0;
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
    : world(world), options(options) {
  CHECK(absl::ZeroDuration() <= options.latency.low);
  CHECK(options.latency.low <= options.latency.high);
  CHECK_GT(options.slow_chance.den, 0u);
  CHECK_GT(options.send_buffer_bytes, 0u);
  CHECK_GT(options.max_segment_bytes, 0u);
  CHECK(options.max_segment_bytes <= options.receive_window_bytes)
      << "a full segment would never fit into the window";
  CHECK(options.max_segment_bytes <= uint32_t{1} << 30);
  CHECK_GT(options.backlog, 0);
  low_ns_ = static_cast<uint64_t>(
      absl::ToInt64Nanoseconds(options.latency.low));
  span_ns_ = static_cast<uint64_t>(absl::ToInt64Nanoseconds(
                 options.latency.high - options.latency.low)) + 1;
  CHECK(options.slow_chance.den < (uint64_t{1} << 63) / span_ns_);
}

Fabric::~Fabric() {
  for (auto& [ip, machine] : machines) {
    for (auto& [port, queue] : machine->listeners) {
      for (End* end : queue->established) end->handle = false;
      queue->established.clear();
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

Link& Fabric::GetLink(Machine& from, const Machine& to) {
  std::unique_ptr<Link>& slot = links[std::make_pair(from.id, to.id)];
  if (slot == nullptr) slot = std::make_unique<Link>(world, from, to);
  return *slot;
}

int64_t Fabric::DrawLatencyNs(Link& link) const {
  // One draw decides both whether the segment is slow and how long it takes.
  const Ratio slow = options.slow_chance;
  const uint64_t value = link.random.Below(slow.den * span_ns_);
  if (value < slow.num * span_ns_) {
    const absl::Duration slowest =
        std::max(options.slow_latency, options.latency.high);
    return absl::ToInt64Nanoseconds(
        link.random.Range(options.latency.high, slowest));
  }
  return static_cast<int64_t>(low_ns_ + value % span_ns_);
}

}  // namespace moonpool::network_internal
