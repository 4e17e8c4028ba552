// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Datagrams: a Packet for each copy that travels, a DatagramQueue for each
// bound port, and the provider's class over it.
//
// Between two machines datagrams keep their order unless a fault makes one
// late. A clogged or stalled link holds them back; any other trouble, on
// leaving or on arriving, loses them. Nobody listening is no error.
//
// Whether one gets lost by a fault is rolled when it would arrive, not before:
// so a branch of a search that begins while it is on its way decides it anew.
#ifndef MOONPOOL_SIM_NETWORK_DATAGRAM_H_
#define MOONPOOL_SIM_NETWORK_DATAGRAM_H_

#include <cstdint>
#include <deque>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "providers/coro/task.h"
#include "providers/coro/wait_list.h"
#include "providers/network.h"
#include "providers/time.h"
#include "sim/network/fabric.h"
#include "sim/network/link.h"

namespace moonpool::network_internal {

class Packet final : public TimedEvent {
 public:
  // Puts itself into the link's list.
  Packet(Link* link, uint16_t from_port, uint16_t to_port,
         absl::string_view bytes);
  Packet(const Packet&) = delete;
  ~Packet();

  // Schedules the arrival. REQUIRES: not scheduled.
  void Launch();
  // Draws its fate, as of when it was launched: a late one takes up to ten
  // times as long and gives up its place in the order; the others do not arrive
  // before last_ns, which is then when this one does.
  struct Flight {
    int64_t arrival_ns = 0;
    bool is_late = false;
  };
  Flight DrawFlight(int64_t* last_ns) const;
  // REQUIRES: it is launched, and flight.arrival_ns is not in the past.
  void SetFlight(const Flight& flight);
  // May delete the packet.
  void Fire() override;
  // The link is blocked: waits for it, or is lost. May delete the packet.
  void Obstruct();

  Packet* previous = nullptr;
  Packet* next = nullptr;

 private:
  void Lose();  // deletes it

  Link* const link_;
  const uint16_t from_port_;
  const uint16_t to_port_;
  std::string bytes_;
  int64_t launched_ns_ = 0;
  int64_t sent_ns_ = 0;  // all of it has left the sender
  bool is_late_ = false;
};

// Lives in its socket; machine is null once that machine has crashed.
struct DatagramQueue {
  Machine* machine = nullptr;
  uint16_t port = 0;
  std::deque<Datagram> waiting;
  WaitList readers;
};

// Sends it, doubled if a fault says so.
void SendDatagram(Link& link, uint16_t from_port, uint16_t to_port,
                  absl::string_view bytes);

class SimDatagramSocket final : public DatagramSocket {
 public:
  // REQUIRES: the port is free.
  SimDatagramSocket(Fabric* fabric, Machine* machine, uint16_t port);
  SimDatagramSocket(const SimDatagramSocket&) = delete;
  ~SimDatagramSocket() override;

  Task<absl::Status> SendTo(std::string address,
                            absl::string_view bytes) override;
  Task<absl::StatusOr<Datagram>> Receive() override;
  const std::string& local_address() const override { return address_; }

 private:
  Fabric* fabric_;
  std::string address_;
  DatagramQueue queue_;
};

}  // namespace moonpool::network_internal

#endif  // MOONPOOL_SIM_NETWORK_DATAGRAM_H_
