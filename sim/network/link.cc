// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/link.h"

#include <vector>

#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/network/connection.h"
#include "sim/network/datagram.h"
#include "sim/network/fabric.h"

namespace moonpool::network_internal {

void Expiry::Fire() { link_->Open(cause_); }

void PacketList::Push(Packet* packet) {
  packet->previous = last;
  packet->next = nullptr;
  (last != nullptr ? last->next : first) = packet;
  last = packet;
}

void PacketList::Remove(Packet* packet) {
  (packet->previous != nullptr ? packet->previous->next : first) = packet->next;
  (packet->next != nullptr ? packet->next->previous : last) = packet->previous;
}

Link::Link(Fabric* fabric, Machine& from, Machine& to)
    : fabric(fabric),
      from(from),
      to(to),
      random(&fabric->world->random(), "network",
             Combine64(HashBytes(from.ip), HashBytes(to.ip)),
             StreamKind::kNetwork),
      fault_random(&fabric->world->random(), "network faults",
                   Combine64(HashBytes(from.ip), HashBytes(to.ip)),
                   StreamKind::kNetwork),
      law(&fabric->law),
      cut_expiry_(this, kCut),
      clog_expiry_(this, kClog),
      random_clog_expiry_(this, kRandomClog) {
  SetBandwidth(fabric->options.bandwidth_bits_per_second);
}

Link::~Link() {
  for (Expiry* expiry : {&cut_expiry_, &clog_expiry_, &random_clog_expiry_}) {
    if (expiry->is_scheduled()) fabric->world->Cancel(*expiry);
  }
  while (packets.first != nullptr) delete packets.first;
}

Expiry* Link::FindExpiry(uint32_t cause) {
  if (cause == kCut) return &cut_expiry_;
  if (cause == kClog) return &clog_expiry_;
  if (cause == kRandomClog) return &random_clog_expiry_;
  return nullptr;
}

void Link::Close(Cause cause, absl::Duration duration) {
  World& world = *fabric->world;
  Expiry* expiry = FindExpiry(cause);
  const bool ends = duration != absl::InfiniteDuration();
  CHECK(!ends || expiry != nullptr) << "this cause does not end by itself";
  const bool was_closed = (blocks & cause) != 0;
  blocks |= cause;
  if (expiry == nullptr) return;
  const int64_t delay_ns = absl::ToInt64Nanoseconds(duration);
  if (was_closed) {
    if (!expiry->is_scheduled()) return;  // until it is opened
    if (ends && expiry->time_ns() >= world.now_ns() + delay_ns) return;
    world.Cancel(*expiry);
  }
  if (ends) world.Schedule(*expiry, delay_ns);
}

void Link::Open(uint32_t causes) {
  if ((blocks & causes) == 0) return;
  for (const Cause cause : {kCut, kClog, kRandomClog}) {
    Expiry* expiry = FindExpiry(cause);
    if ((causes & cause) != 0 && expiry->is_scheduled()) {
      fabric->world->Cancel(*expiry);
    }
  }
  blocks &= ~causes;
  Reopen();
}

void Link::Reopen() {
  if (!holds_streams()) {
    for (End* end = from.first_end; end != nullptr; end = end->next) {
      if (end->link == this) end->connection->Heal(*end);
    }
  }
  if (blocks != 0 || packets_held == 0) return;
  packets_held = 0;
  for (Packet* packet = packets.first; packet != nullptr;
       packet = packet->next) {
    if (!packet->is_scheduled()) packet->Launch();
  }
}

void Link::ResetConnections() {
  // Resetting may delete a connection, and with it a neighbour in the list:
  // each connection is taken once.
  std::vector<Connection*> crossing;
  for (End* end = from.first_end; end != nullptr; end = end->next) {
    Connection* connection = end->connection;
    const bool both = connection->peer(*end).link == end->link;
    if (connection->Crosses(*this) && !(both && end != &connection->client())) {
      crossing.push_back(connection);
    }
  }
  for (Connection* connection : crossing) connection->ResetByNetwork();
}

const DatagramFaults& Link::datagram_law() const {
  return datagram_faults.has_value() ? *datagram_faults
                                     : fabric->datagram_faults;
}

void Link::SetBandwidth(uint64_t bits_per_second) {
  ps_per_byte =
      bits_per_second == 0 ? 0 : uint64_t{8'000'000'000'000} / bits_per_second;
}

}  // namespace moonpool::network_internal
