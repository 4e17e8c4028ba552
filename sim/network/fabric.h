// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The parts that connections share: machines, the links between them, and the
// queues of those who listen. Owned by SimNetwork; single-threaded.
//
// Determinism: each link (an ordered pair of machines) draws its latencies from
// its own stream, so traffic on one link changes no other.
#ifndef MOONPOOL_SIM_NETWORK_FABRIC_H_
#define MOONPOOL_SIM_NETWORK_FABRIC_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/strings/string_view.h"
#include "providers/coro/wait_list.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"
#include "sim/network/options.h"
#include "sim/network/segment.h"

namespace moonpool::network_internal {

class MachineNetwork;
struct Machine;

// One direction between two machines.
struct Link {
  Link(World* world, Machine& from, const Machine& to);
  Machine& from;
  RandomStream random;
  bool is_blocked = false;
};

// A bound port: who waits to be accepted, who waits to accept. Lives in its
// Listener; machine is null once that machine has crashed.
struct ListenQueue {
  uint64_t id = 0;
  Machine* machine = nullptr;
  uint16_t port = 0;
  int half_open = 0;  // handshakes that hold a place of the backlog
  std::deque<End*> established;
  WaitList acceptors;
};

// What an IP address stands for, through all incarnations of its process.
struct Machine {
  uint32_t id = 0;
  std::string ip;
  uint16_t next_port = 0;
  absl::btree_set<uint16_t> client_ports;
  absl::btree_map<uint16_t, ListenQueue*> listeners;
  // Ends of connections, oldest first, linked through End::next.
  End* first_end = nullptr;
  End* last_end = nullptr;
  // Providers, linked through MachineNetwork::next.
  MachineNetwork* first_provider = nullptr;

  bool IsPortInUse(uint16_t port) const {
    return client_ports.contains(port) || listeners.contains(port);
  }
  // The next free port from kFirstEphemeralPort on; 0 if all are in use.
  uint16_t PickEphemeralPort();
  void AddEnd(End* end);
  void RemoveEnd(End* end);
};

inline constexpr uint16_t kFirstEphemeralPort = 32768;

struct Fabric {
  Fabric(World* world, const NetworkOptions& options);
  Fabric(const Fabric&) = delete;
  ~Fabric();

  // Both are made at first use. REQUIRES: ip is IPv4 text.
  Machine& GetMachine(absl::string_view ip);
  Link& GetLink(Machine& from, const Machine& to);
  // One draw, or two for a slow segment.
  int64_t DrawLatencyNs(Link& link) const;

  World* const world;
  const NetworkOptions options;
  SegmentPool pool;
  uint64_t next_connection_id = 1;
  uint64_t next_listener_id = 1;
  size_t open_connections = 0;
  uint64_t segments_delivered = 0;
  absl::btree_map<std::string, std::unique_ptr<Machine>> machines;
  absl::btree_map<std::pair<uint32_t, uint32_t>, std::unique_ptr<Link>> links;

 private:
  uint64_t low_ns_;
  uint64_t span_ns_;
};

}  // namespace moonpool::network_internal

#endif  // MOONPOOL_SIM_NETWORK_FABRIC_H_
