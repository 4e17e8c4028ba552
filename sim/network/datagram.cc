// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/datagram.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "providers/base/status_macros.h"
#include "sim/network/address.h"

namespace moonpool::network_internal {
namespace {

absl::Status GoneError() {
  return absl::CancelledError("this incarnation of the machine is gone");
}

constexpr int64_t kMaxSlowdown = 10;

}  // namespace

Packet::Packet(Link* link, uint16_t from_port, uint16_t to_port,
               absl::string_view bytes)
    : link_(link), from_port_(from_port), to_port_(to_port), bytes_(bytes) {
  link_->packets.Push(this);
}

Packet::~Packet() {
  if (is_scheduled()) link_->fabric->world->Cancel(*this);
  link_->packets.Remove(this);
}

void Packet::Launch() {
  launched_ns_ = link_->fabric->world->now_ns();
  sent_ns_ = link_->SentNs(launched_ns_, bytes_.size());
  is_late_ = false;
  SetFlight(DrawFlight(&link_->last_packet_ns));
}

Packet::Flight Packet::DrawFlight(int64_t* last_ns) const {
  Flight flight;
  int64_t slowdown = 1;
  const Ratio reorder = link_->datagram_law().reorder;
  if (reorder.num != 0 && link_->fault_random.Chance(reorder)) {
    flight.is_late = true;
    slowdown = link_->fault_random.Range(2, kMaxSlowdown);
  }
  const int64_t flight_ns = sent_ns_ - launched_ns_ + link_->DrawLatencyNs();
  flight.arrival_ns = launched_ns_ + flight_ns * slowdown;
  if (!flight.is_late) {
    flight.arrival_ns = *last_ns = std::max(*last_ns, flight.arrival_ns);
  }
  return flight;
}

void Packet::SetFlight(const Flight& flight) {
  World& world = *link_->fabric->world;
  if (flight.is_late && !is_late_) {
    world.Fault(FaultFamily::kDatagramReorder, link_->from.ip,
                "datagram late to ", link_->to.ip);
  }
  is_late_ = flight.is_late;
  if (is_scheduled()) world.Cancel(*this);
  world.Schedule(*this, flight.arrival_ns - world.now_ns());
}

void Packet::Obstruct() {
  Fabric& fabric = *link_->fabric;
  if (!link_->loses_datagrams() &&
      link_->packets_held < fabric.options.datagram_queue) {
    ++link_->packets_held;
    return;
  }
  Lose();
}

void Packet::Lose() {
  ++link_->fabric->stats.datagrams_lost;
  delete this;
}

void Packet::Fire() {
  if (link_->blocks != 0) {
    Obstruct();
    return;
  }
  Fabric& fabric = *link_->fabric;
  const Ratio loss = link_->datagram_law().loss;
  if (loss.num != 0 && link_->fault_random.Chance(loss)) {
    fabric.world->Fault(FaultFamily::kDatagramLoss, link_->from.ip,
                        "datagram lost to ", link_->to.ip);
    Lose();
    return;
  }
  auto found = link_->to.datagram_ports.find(to_port_);
  if (found == link_->to.datagram_ports.end() ||
      found->second->waiting.size() >= fabric.options.datagram_queue) {
    Lose();
    return;
  }
  ++fabric.stats.datagrams_received;
  fabric.world->Trace(TraceKind::kSegment,
                      Combine64(link_->from.id, link_->to.id),
                      HashBytes(bytes_, to_port_));
  Datagram datagram;
  datagram.from = FormatAddress(link_->from.ip, from_port_);
  datagram.bytes = std::move(bytes_);
  found->second->waiting.push_back(std::move(datagram));
  found->second->readers.WakeAll();
  delete this;
}

void SendDatagram(Link& link, uint16_t from_port, uint16_t to_port,
                  absl::string_view bytes) {
  Fabric& fabric = *link.fabric;
  ++fabric.stats.datagrams_sent;
  int copies = 1;
  const Ratio duplicate = link.datagram_law().duplicate;
  if (duplicate.num != 0 && link.fault_random.Chance(duplicate)) {
    fabric.world->Fault(FaultFamily::kDatagramDuplicate, link.from.ip,
                        "datagram doubled to ", link.to.ip);
    ++copies;
    ++fabric.stats.datagrams_duplicated;
  }
  for (; copies > 0; --copies) {
    auto* packet = new Packet(&link, from_port, to_port, bytes);
    if (link.blocks != 0) {
      packet->Obstruct();
    } else {
      packet->Launch();
    }
  }
}

SimDatagramSocket::SimDatagramSocket(Fabric* fabric, Machine* machine,
                                     uint16_t port)
    : fabric_(fabric), address_(FormatAddress(machine->ip, port)) {
  queue_.machine = machine;
  queue_.port = port;
  CHECK(machine->datagram_ports.emplace(port, &queue_).second);
}

SimDatagramSocket::~SimDatagramSocket() {
  if (queue_.machine != nullptr) {
    queue_.machine->datagram_ports.erase(queue_.port);
  }
}

Task<absl::Status> SimDatagramSocket::SendTo(std::string address,
                                             absl::string_view bytes) {
  if (queue_.machine == nullptr) co_return GoneError();
  if (bytes.size() > kMaxBytes) {
    co_return absl::InvalidArgumentError(
        absl::StrCat("a datagram of ", bytes.size(), " bytes: at most ",
                     kMaxBytes, " fit; send it in pieces or over a Stream"));
  }
  CO_ASSIGN_OR_RETURN(const Address to, fabric_->ResolveAddress(address));
  if (to.port == 0) {
    co_return absl::InvalidArgumentError("cannot send to port 0");
  }
  SendDatagram(fabric_->GetLink(*queue_.machine, fabric_->GetMachine(to.host)),
               queue_.port, to.port, bytes);
  co_return absl::OkStatus();
}

Task<absl::StatusOr<Datagram>> SimDatagramSocket::Receive() {
  while (queue_.machine != nullptr && queue_.waiting.empty()) {
    co_await queue_.readers.Wait();
  }
  if (queue_.machine == nullptr) co_return GoneError();
  Datagram datagram = std::move(queue_.waiting.front());
  queue_.waiting.pop_front();
  co_return std::move(datagram);
}

}  // namespace moonpool::network_internal
