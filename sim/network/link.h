// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Link: one direction between two machines. What goes over it takes time to
// leave (bandwidth) and to travel (latency); any of several causes may block
// it. Streams wait behind a blocked link, or break; datagrams wait or are lost.
//
// Invariants:
//  1. A cause that ends by itself has its expiry scheduled exactly while it
//     blocks; opening it earlier leaves no event behind.
//  2. While nothing holds streams back, no End on this link is stuck.
//
// Determinism: each link draws from streams of its own, so traffic on one link
// changes no other; faults draw from a second one, so they change no latency.
// A breakpoint that gives the streams of the network a new seed also lets each
// link draw again when what is on its way arrives (redraw.cc).
#ifndef MOONPOOL_SIM_NETWORK_LINK_H_
#define MOONPOOL_SIM_NETWORK_LINK_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/time/time.h"
#include "providers/random.h"
#include "providers/time.h"
#include "sim/core/rng.h"
#include "sim/network/datagram_faults.h"
#include "sim/network/latency.h"

namespace moonpool::network_internal {

struct End;
struct Fabric;
struct Link;
struct Machine;
class Packet;

// Why a link is blocked; a bit each.
enum Cause : uint32_t {
  kCut = 1 << 0,         // a partition that was asked for
  kRandomCut = 1 << 1,   // a partition by NetworkFaults
  kClog = 1 << 2,        // asked for
  kRandomClog = 1 << 3,  // by NetworkFaults, rolled for a segment
  kSwizzle = 1 << 4,     // by NetworkFaults, driven by SwizzleDriver
  kStall = 1 << 5,       // LinkMode::kStall
  kDrop = 1 << 6,        // LinkMode::kDrop
  kResets = 1 << 7,      // LinkMode::kReset: holds nothing, breaks connections
  kPowerOff = 1 << 8,    // the machine at its end is off
};
inline constexpr uint32_t kLosesDatagrams =
    kCut | kRandomCut | kDrop | kResets | kPowerOff;
inline constexpr uint32_t kMadeByFaults = kRandomCut | kRandomClog | kSwizzle;

// Opens its link when the time has come.
class Expiry final : public TimedEvent {
 public:
  Expiry(Link* link, Cause cause) : link_(link), cause_(cause) {}
  void Fire() override;

 private:
  Link* link_;
  Cause cause_;
};

// Datagrams on one link, in the order they were sent; owns nothing.
struct PacketList {
  Packet* first = nullptr;
  Packet* last = nullptr;
  void Push(Packet* packet);
  void Remove(Packet* packet);
};

struct Link {
  Link(Fabric* fabric, Machine& from, Machine& to);
  Link(const Link&) = delete;
  ~Link();

  bool holds_streams() const { return (blocks & ~uint32_t{kResets}) != 0; }
  bool loses_datagrams() const { return (blocks & kLosesDatagrams) != 0; }
  bool is_cut() const { return (blocks & (kCut | kRandomCut)) != 0; }

  // Blocks it; an infinite duration until Open. If it is blocked by this cause
  // already, the later end holds. Only kCut, kClog and kRandomClog can end by
  // themselves.
  void Close(Cause cause, absl::Duration duration = absl::InfiniteDuration());
  // Ends these causes, and their expiries. If that opens the link, what it held
  // is on its way again.
  void Open(uint32_t causes);
  // Breaks every connection that crosses it.
  void ResetConnections();

  // When all of size bytes given to it now will have left.
  int64_t SentNs(int64_t now_ns, size_t size) {
    int64_t sent_ns = std::max(now_ns, free_at_ns);
    if (size > 0 && ps_per_byte > 0) {
      sent_ns += static_cast<int64_t>(size * ps_per_byte / 1000);
      free_at_ns = sent_ns;
    }
    return sent_ns;
  }
  // One draw, or two.
  int64_t DrawLatencyNs() { return law->DrawNs(random) + extra_ns; }
  const DatagramFaults& datagram_law() const;
  // Draws again, as they are distributed given that nothing has arrived yet,
  // the arrivals of all that is on its way.
  void Redraw();
  void SetBandwidth(uint64_t bits_per_second);
  void SetFaultLatency(int64_t ns) {
    extra_ns += ns - fault_latency_ns;
    fault_latency_ns = ns;
  }

  Fabric* const fabric;
  Machine& from;
  Machine& to;
  RandomStream random;
  RandomStream fault_random;
  uint32_t blocks = 0;
  const LatencyDistribution* law;
  std::optional<LatencyDistribution> own_law;
  int64_t extra_ns = 0;  // pair_latency_ns + fault_latency_ns
  int64_t pair_latency_ns = 0;
  int64_t fault_latency_ns = 0;
  uint64_t ps_per_byte = 0;
  int64_t free_at_ns = 0;
  std::optional<DatagramFaults> datagram_faults;
  PacketList packets;  // in flight or held
  size_t packets_held = 0;
  int64_t last_packet_ns = 0;  // arrival of the last one that keeps its place

 private:
  void RedrawPackets();
  void RedrawSegments(End& end);
  Expiry* FindExpiry(uint32_t cause);
  void Reopen();

  Expiry cut_expiry_;
  Expiry clog_expiry_;
  Expiry random_clog_expiry_;
};

}  // namespace moonpool::network_internal

#endif  // MOONPOOL_SIM_NETWORK_LINK_H_
