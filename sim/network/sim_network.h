// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// SimNetwork: the simulated network of a world. TCP between IP addresses:
// handshakes, ports, back-pressure, a latency for each segment, FIN and RST,
// partitions. A stream never has a hole: a partition delays bytes or breaks the
// connection.
//
//   SimNetwork network(&world, NetworkOptions());
//   std::unique_ptr<Network> a = network.MakeProvider("10.0.1.1");
//   network.Partition("10.0.1.1", "10.0.1.2");
//
// Single-threaded. Determinism: draws from one stream "network" for each
// ordered pair of machines; iterates in the order of creation.
// Lifetime: the world must outlive it. Streams and listeners may outlive it and
// are inert then; if frames still hold them, destroy those first all the same.
#ifndef MOONPOOL_SIM_NETWORK_SIM_NETWORK_H_
#define MOONPOOL_SIM_NETWORK_SIM_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "providers/network.h"
#include "sim/core/world.h"
#include "sim/network/faults.h"
#include "sim/network/options.h"
#include <vector>

namespace moonpool {

namespace network_internal {
struct Fabric;
}  // namespace network_internal

class SimNetwork {
 public:
  SimNetwork(World* world, const NetworkOptions& options);
  SimNetwork(const SimNetwork&) = delete;
  ~SimNetwork();

  // The Network of one incarnation of the process at ip. REQUIRES: ip is IPv4
  // text.
  std::unique_ptr<Network> MakeProvider(std::string ip);

  // The process at ip dies without a farewell. Its listeners and connections
  // are gone at once; bytes it had not sent are lost, segments on their way
  // still arrive; each peer gets a RST one latency later, or after the
  // partition between them heals. The objects of the dead incarnation become
  // inert; waiting operations wake and give Cancelled, should their frames
  // still run. Until a new incarnation binds, connecting to ip is refused.
  // REQUIRES: not inside a World::TeardownScope (the RSTs are scheduled).
  void CrashMachine(absl::string_view ip, bool power_loss = false);
  void SetFaults(const NetworkFaults&) {}
  void PartitionSets(const std::vector<std::string>&, const std::vector<std::string>&, absl::Duration) {}
  void AddName(absl::string_view, absl::string_view) {}
  void SetPairLatency(absl::string_view, absl::string_view, absl::Duration) {}

  // Blocks from -> to. Segments of every kind, those in flight included, do
  // not arrive while it is blocked; senders keep them and send them again, in
  // order, when it is healed. One-way: acknowledgements have no segments of
  // their own, so the other direction goes on until its window is full.
  void PartitionOneWay(absl::string_view from, absl::string_view to);
  // Blocks both directions.
  void Partition(absl::string_view a, absl::string_view b);
  // Opens both directions.
  void Heal(absl::string_view a, absl::string_view b);
  void HealOneWay(absl::string_view from, absl::string_view to);
  void HealAll();
  bool IsPartitioned(absl::string_view from, absl::string_view to) const;

  // Connections that somebody can still observe, those in handshake included.
  size_t open_connections() const;
  // Segments of every kind that reached the other machine.
  uint64_t segments_delivered() const;

 private:
  void Cut(absl::string_view from, absl::string_view to);

  std::unique_ptr<network_internal::Fabric> fabric_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_NETWORK_SIM_NETWORK_H_
