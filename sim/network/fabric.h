// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The parts that connections share: machines, the links between them, names,
// and the queues of those who listen. Owned by SimNetwork; single-threaded.
#ifndef MOONPOOL_SIM_NETWORK_FABRIC_H_
#define MOONPOOL_SIM_NETWORK_FABRIC_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "providers/coro/wait_list.h"
#include "sim/core/world.h"
#include "sim/network/address.h"
#include "sim/network/datagram_faults.h"
#include "sim/network/faults.h"
#include "sim/network/latency.h"
#include "sim/network/link.h"
#include "sim/network/options.h"
#include "sim/network/segment.h"
#include "sim/network/stats.h"

namespace moonpool::network_internal {

struct DatagramQueue;
class MachineNetwork;

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
  absl::btree_map<uint16_t, DatagramQueue*> datagram_ports;
  // It had a provider once; others are mere addresses.
  bool exists = false;
  // Lost its power; on again when it boots (its next provider is made).
  bool is_off = false;
  // Links that are made before this moment are cut from the start.
  int64_t isolated_until_ns = 0;
  // Ends of connections, oldest first, linked through End::next.
  End* first_end = nullptr;
  End* last_end = nullptr;
  // Providers, linked through MachineNetwork::next.
  MachineNetwork* first_provider = nullptr;

  bool IsPortInUse(uint16_t port) const {
    return client_ports.contains(port) || listeners.contains(port);
  }
  // The next port from kFirstEphemeralPort on that is free, among those of
  // streams or of datagrams; 0 if all are in use.
  uint16_t PickEphemeralPort();
  uint16_t PickDatagramPort();
  void AddEnd(End* end);
  void RemoveEnd(End* end);
};

inline constexpr uint16_t kFirstEphemeralPort = 32768;

struct Fabric final : private ReseedListener {
  Fabric(World* world, const NetworkOptions& options);
  Fabric(const Fabric&) = delete;
  ~Fabric() override;

  // Both are made at first use. REQUIRES: ip is IPv4 text.
  Machine& GetMachine(absl::string_view ip);
  Link& GetLink(Machine& from, Machine& to);
  // InvalidArgument if malformed, NotFound if it is an unknown name.
  absl::StatusOr<std::string> ResolveHost(absl::string_view host) const;
  // An address whose host is an IP address.
  absl::StatusOr<Address> ResolveAddress(absl::string_view text) const;

  // Takes the rates over; what goes on by itself is the drivers' matter.
  void SetFaults(const NetworkFaults& next);

  void CountInFlight() {
    if (++stats.segments_in_flight > stats.max_segments_in_flight) {
      stats.max_segments_in_flight = stats.segments_in_flight;
    }
  }

  World* const world;
  const NetworkOptions options;
  const LatencyDistribution law;
  SegmentPool pool;
  uint64_t next_connection_id = 1;
  uint64_t next_listener_id = 1;
  size_t open_connections = 0;
  NetworkStats stats;
  NetworkFaults faults;
  DatagramFaults datagram_faults;
  bool faulty_streams = false;  // reads, writes or segments roll for a fault
  int64_t next_bit_flip_ns = 0;
  int64_t next_random_close_ns = 0;
  absl::btree_map<std::string, std::string> names;
  absl::btree_map<std::string, std::unique_ptr<Machine>> machines;
  absl::btree_map<std::pair<uint32_t, uint32_t>, std::unique_ptr<Link>> links;

 private:
  void OnReseed(StreamKinds kinds) override;
  void ApplyPairLatency(Link& link);
};

}  // namespace moonpool::network_internal

#endif  // MOONPOOL_SIM_NETWORK_FABRIC_H_
