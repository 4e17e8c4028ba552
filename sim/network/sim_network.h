// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// SimNetwork: the simulated network of a world: TCP, datagrams and names.
// Handshakes, ports, back-pressure, a latency for each segment, bandwidth, FIN
// and RST, partitions, faults. A stream never has a hole: trouble delays bytes
// or breaks the connection.
//
//   SimNetwork network(&world, NetworkOptions());
//   std::unique_ptr<Network> a = network.MakeProvider("10.0.1.1");
//   network.Partition("10.0.1.1", "10.0.1.2", absl::Seconds(1));
//
// Machines are IPv4 texts here, never names; a machine comes into being when it
// is first spoken of. Durations are simulated time.
//
// Single-threaded. Determinism: draws from two streams of each ordered pair of
// machines; iterates in the order of creation, or of addresses.
// Lifetime: the world must outlive it. Streams, listeners and sockets may
// outlive it and are inert then; if frames still hold them, destroy those first
// all the same.
#ifndef MOONPOOL_SIM_NETWORK_SIM_NETWORK_H_
#define MOONPOOL_SIM_NETWORK_SIM_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "providers/network.h"
#include "sim/core/world.h"
#include "sim/network/datagram_faults.h"
#include "sim/network/faults.h"
#include "sim/network/latency.h"
#include "sim/network/options.h"
#include "sim/network/stats.h"

namespace moonpool {

namespace network_internal {
struct Fabric;
struct Link;
class PartitionDriver;
class SwizzleDriver;
}  // namespace network_internal

// What a link does with what is sent on it.
enum class LinkMode {
  kOpen,
  kStall,  // keeps everything, and delivers it when it is open again
  kDrop,   // loses datagrams; streams send again when it is open again
  kReset,  // loses datagrams; connections over it are reset
};

class SimNetwork {
 public:
  SimNetwork(World* world, const NetworkOptions& options);
  SimNetwork(const SimNetwork&) = delete;
  ~SimNetwork();

  // The Network of one incarnation of the process at ip. A machine without
  // power is on again.
  std::unique_ptr<Network> MakeProvider(std::string ip);

  // Names, as Resolve and addresses know them. Adding one again moves it.
  // REQUIRES: a name begins with a letter; then letters, digits, '-', '_', '.'.
  void AddName(std::string name, std::string ip);

  // The process at ip dies without a farewell. Its listeners, connections and
  // sockets are gone at once; bytes it had not sent are lost, segments on their
  // way still arrive. The objects of the dead incarnation become inert; waiting
  // operations wake and give Cancelled, should their frames still run.
  //
  // Without power_loss the kernel lives on: each peer gets a RST one latency
  // later, or when the partition between them ends, and until a new incarnation
  // binds, connecting to ip is refused. With power_loss nobody hears of it
  // (half-open connections): whatever is sent to ip waits until it boots again
  // (MakeProvider), which then answers with a RST, or until a time-out of the
  // sender; datagrams are lost; a peer that only reads waits for ever unless it
  // has SetKeepalive.
  // REQUIRES: not inside a World::TeardownScope (the RSTs are scheduled).
  void CrashMachine(absl::string_view ip, bool power_loss = false);

  // --- Partitions -----------------------------------------------------------
  //
  // Block links: from -> to, or both ways. Segments of every kind, those in
  // flight included, do not arrive meanwhile; senders keep them and send them
  // again, in order, when it ends. Datagrams are lost. One-way: as
  // acknowledgements have no segments of their own, the other direction goes on
  // until its window is full.
  // A partition with a duration ends by itself, unless another of the same
  // links lasts longer; healed earlier it leaves no event behind.
  void PartitionOneWay(absl::string_view from, absl::string_view to,
                       absl::Duration duration = absl::InfiniteDuration());
  void Partition(absl::string_view a, absl::string_view b,
                 absl::Duration duration = absl::InfiniteDuration());
  // Every machine of one set from every machine of the other.
  void PartitionSets(const std::vector<std::string>& a,
                     const std::vector<std::string>& b,
                     absl::Duration duration = absl::InfiniteDuration());
  void PartitionSetsOneWay(const std::vector<std::string>& from,
                           const std::vector<std::string>& to,
                           absl::Duration duration = absl::InfiniteDuration());
  // One machine from all others, those unknown as yet included.
  void Isolate(absl::string_view ip,
               absl::Duration duration = absl::InfiniteDuration());

  // End partitions, random ones included, of these links; other trouble stays.
  void HealOneWay(absl::string_view from, absl::string_view to);
  void Heal(absl::string_view a, absl::string_view b);
  void HealSets(const std::vector<std::string>& a,
                const std::vector<std::string>& b);
  // Ends Isolate, and all partitions of this machine.
  void Rejoin(absl::string_view ip);
  // Ends every partition, clog, mode and datagram fault of every link. Latency,
  // bandwidth and machines without power stay as they are.
  void HealAll();
  bool IsPartitioned(absl::string_view from, absl::string_view to) const;

  // --- Links: the ordered pair from -> to
  // -------------------------------------

  // Instead of the options' law, for what is sent from now on.
  void SetLatency(absl::string_view from, absl::string_view to,
                  const LatencyDistribution& latency);
  // A constant on top of every latency; replaces the previous one.
  void SetPairLatency(absl::string_view from, absl::string_view to,
                      absl::Duration extra);
  // Zero: no limit.
  void SetBandwidth(absl::string_view from, absl::string_view to,
                    uint64_t bits_per_second);
  // Holds everything back, datagrams too, for a while.
  void Clog(absl::string_view from, absl::string_view to,
            absl::Duration duration = absl::InfiniteDuration());
  // Ends clogs, random ones included.
  void Unclog(absl::string_view from, absl::string_view to);
  // Independent of partitions and clogs.
  void SetMode(absl::string_view from, absl::string_view to, LinkMode mode);
  // Instead of the rates of SetFaults, until HealAll.
  void SetDatagramFaults(absl::string_view from, absl::string_view to,
                         const DatagramFaults& faults);

  // --- Faults
  // -----------------------------------------------------------------

  // Ends the faults of the previous call, clogs and partitions that they made
  // included, and starts these. SetFaults(NetworkFaults()) leaves no event and
  // no trouble behind that was not asked for.
  void SetFaults(const NetworkFaults& faults);

  // --- What is there
  // ----------------------------------------------------------

  // Connections that somebody can still observe, those in handshake included.
  size_t open_connections() const;
  // Segments of every kind that reached the other machine.
  uint64_t segments_delivered() const { return stats().segments; }
  const NetworkStats& stats() const;

 private:
  network_internal::Link& GetLink(absl::string_view from,
                                  absl::string_view to) const;
  void Cut(const std::vector<std::string>& from,
           const std::vector<std::string>& to, absl::Duration duration);

  std::unique_ptr<network_internal::Fabric> fabric_;
  std::unique_ptr<network_internal::PartitionDriver> partitions_;
  std::unique_ptr<network_internal::SwizzleDriver> swizzle_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_NETWORK_SIM_NETWORK_H_
