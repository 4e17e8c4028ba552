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

void Packet::Launch(int64_t slowdown) {
  World& world = *link_->fabric->world;
  int64_t arrival_ns = link_->ArrivalNs(world.now_ns(), bytes_.size());
  if (slowdown > 1) {
    arrival_ns += (arrival_ns - world.now_ns()) * (slowdown - 1);
  } else {
    arrival_ns = std::max(arrival_ns, link_->last_packet_ns);
    link_->last_packet_ns = arrival_ns;
  }
  world.Schedule(*this, arrival_ns - world.now_ns());
}

void Packet::Obstruct() {
  Fabric& fabric = *link_->fabric;
  if (!link_->loses_datagrams() &&
      link_->packets_held < fabric.options.datagram_queue) {
    ++link_->packets_held;
    return;
  }
  ++fabric.stats.datagrams_lost;
  delete this;
}

void Packet::Fire() {
  if (link_->blocks != 0) {
    Obstruct();
    return;
  }
  Fabric& fabric = *link_->fabric;
  auto found = link_->to.datagram_ports.find(to_port_);
  if (found == link_->to.datagram_ports.end() ||
      found->second->waiting.size() >= fabric.options.datagram_queue) {
    ++fabric.stats.datagrams_lost;
    delete this;
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
  const DatagramFaults& faults = link.datagram_faults.has_value()
                                     ? *link.datagram_faults
                                     : fabric.datagram_faults;
  auto roll = [&](Ratio chance, FaultFamily family, absl::string_view what) {
    if (chance.num == 0 || !link.fault_random.Chance(chance)) return false;
    fabric.world->Fault(family, link.from.ip, what, link.to.ip);
    return true;
  };
  ++fabric.stats.datagrams_sent;
  if (roll(faults.loss, FaultFamily::kDatagramLoss, "datagram lost to ")) {
    ++fabric.stats.datagrams_lost;
    return;
  }
  int copies = 1;
  if (roll(faults.duplicate, FaultFamily::kDatagramDuplicate,
           "datagram doubled to ")) {
    ++copies;
    ++fabric.stats.datagrams_duplicated;
  }
  for (; copies > 0; --copies) {
    auto* packet = new Packet(&link, from_port, to_port, bytes);
    if (link.blocks != 0) {
      packet->Obstruct();
    } else if (roll(faults.reorder, FaultFamily::kDatagramReorder,
                    "datagram late to ")) {
      packet->Launch(link.fault_random.Range(2, kMaxSlowdown));
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
