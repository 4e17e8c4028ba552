// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstdint>

#include "absl/container/btree_set.h"
#include "sim/network/connection.h"

namespace moonpool::network_internal {

void Connection::Crash(End& end, bool power_loss) {
  const EndState before = end.state;
  if (before == EndState::kUnborn || before == EndState::kCrashed) return;
  End& other = peer(end);
  // A handshake that never ended leaves no trace at the other side.
  if (before == EndState::kConnecting ||
      (&end == &client_ && other.state == EndState::kHalfOpen)) {
    Abandon();
  }
  ReleaseBacklog(end);
  // The reborn machine may answer the SYN when it is sent again.
  const bool starts_over = power_loss && other.state == EndState::kConnecting;
  end.state = starts_over ? EndState::kUnborn : EndState::kCrashed;
  end.vanished = power_loss && !starts_over;
  StopAlarm(end);
  StopKeepalive(end);
  DropUnsent(end);
  fabric_->pool.FreeAll(end.received);
  // What is on its way still arrives; what waits to be sent again does not.
  if (end.stuck) DropInFlight(end);
  const bool other_waits = other.state == EndState::kConnecting ||
                           other.state == EndState::kHalfOpen ||
                           other.state == EndState::kOpen;
  // An earlier RST counts as unsent if it was among those just dropped.
  const bool reset_under_way = end.reset_sent && !end.in_flight.empty();
  if (power_loss) {
    end.reset_sent = reset_under_way;
  } else if (other_waits && !reset_under_way) {
    SendControl(end, SegmentKind::kReset);
  }
  end.readers.WakeAll();
  end.writers.WakeAll();
}

void Connection::ResetByNetwork() {
  if (server_.state == EndState::kUnborn ||
      server_.state == EndState::kHalfOpen) {
    const bool connecting = client_.state == EndState::kConnecting;
    Abandon();
    Break(client_, connecting ? RefusedError() : ResetError(client_));
  } else {
    Break(client_, ResetError(client_));
    Break(server_, ResetError(server_));
  }
  for (End* end : {&client_, &server_}) {
    DropInFlight(*end);
    end->reset_sent = true;
  }
  DeleteIfUnobserved();
}

// --- Faults that are rolled for ---------------------------------------------

void Connection::RollClog(End& end) {
  const NetworkFaults& faults = fabric_->faults;
  Link& link = *end.link;
  if (faults.clog_chance.num == 0 || (link.blocks & kRandomClog) != 0 ||
      !link.fault_random.Chance(faults.clog_chance)) {
    return;
  }
  link.Close(kRandomClog, link.fault_random.Range(faults.clog_duration.low,
                                                  faults.clog_duration.high));
  fabric_->world->Fault(FaultFamily::kClog, link.from.ip, "clogged towards ",
                        link.to.ip);
}

size_t Connection::RollPartialWrite(End& end, size_t size) {
  const NetworkFaults& faults = fabric_->faults;
  RandomStream& random = end.link->fault_random;
  if (size <= 1 || faults.partial_io_chance.num == 0 ||
      !random.Chance(faults.partial_io_chance)) {
    return size;
  }
  const size_t part =
      1 + random.Below(std::min(size, faults.partial_write_max_bytes));
  if (part < size) {
    fabric_->world->Fault(FaultFamily::kPartialIo, end.machine->ip,
                          "partial write to ", peer(end).address);
  }
  return part;
}

size_t Connection::RollPartialRead(End& end, size_t size) {
  const NetworkFaults& faults = fabric_->faults;
  if (faults.partial_io_chance.num == 0) return size;
  size_t available = 0;
  for (Segment* s = end.received.first(); s != nullptr && available < size;
       s = s->next) {
    available += s->unread().size();
  }
  available = std::min(available, size);
  RandomStream& random = end.link->fault_random;
  if (available <= 1 || !random.Chance(faults.partial_io_chance)) return size;
  const size_t part =
      1 + random.Below(std::min(available, faults.partial_read_max_bytes));
  if (part < available) {
    fabric_->world->Fault(FaultFamily::kPartialIo, end.machine->ip,
                          "partial read from ", peer(end).address);
  }
  return part;
}

void Connection::RollBitFlips(Segment& segment) {
  const NetworkFaults& faults = fabric_->faults;
  World& world = *fabric_->world;
  if (faults.bit_flip_chance.num == 0 ||
      world.now_ns() < fabric_->next_bit_flip_ns) {
    return;
  }
  Link& link = *segment.sender->link;
  RandomStream& random = link.fault_random;
  if (!random.Chance(faults.bit_flip_chance)) return;
  fabric_->next_bit_flip_ns =
      world.now_ns() + absl::ToInt64Nanoseconds(faults.bit_flip_cooldown);
  const uint64_t bits = uint64_t{segment.size} * 8;
  const int drawn = 1 + std::countl_zero(random.Next());
  const uint64_t count = std::min<uint64_t>(
      bits, static_cast<uint64_t>(
                std::clamp(drawn, faults.bit_flip_min, faults.bit_flip_max)));
  // Different bits: Floyd's sampling (Bentley and Floyd 1987).
  absl::btree_set<uint64_t> chosen;
  for (uint64_t last = bits - count; last < bits; ++last) {
    const uint64_t bit = random.Below(last + 1);
    if (!chosen.insert(bit).second) chosen.insert(last);
  }
  for (const uint64_t bit : chosen) {
    segment.data()[bit / 8] ^= static_cast<char>(1 << bit % 8);
  }
  world.Fault(FaultFamily::kBitFlip, link.from.ip,
              "bits flipped on the way to ", link.to.ip);
}

Connection::Roll Connection::RollRandomClose(End& end, bool is_write) {
  const NetworkFaults& faults = fabric_->faults;
  World& world = *fabric_->world;
  RandomStream& random = end.link->fault_random;
  if (faults.random_close_chance.num == 0 || end.state != EndState::kOpen ||
      world.now_ns() < fabric_->next_random_close_ns ||
      !random.Chance(faults.random_close_chance)) {
    return Roll::kNothing;
  }
  fabric_->next_random_close_ns =
      world.now_ns() + absl::ToInt64Nanoseconds(faults.random_close_cooldown);
  enum Side { kReceiving, kSending, kBoth };
  const auto side = static_cast<Side>(random.Below(3));
  const bool is_explicit = random.Chance(faults.random_close_explicit);
  // A silent one lets a reader have what has already arrived.
  if (side == kReceiving) BreakReceiving(end, is_explicit);
  if (side == kSending) BreakSending(end);
  if (side == kBoth) {
    if (is_explicit) fabric_->pool.FreeAll(end.received);
    Reset(end, ResetError(end));
  }
  constexpr absl::string_view kWhat[] = {"receiving side closed from ",
                                         "sending side closed to ",
                                         "connection closed to "};
  world.Fault(FaultFamily::kRandomClose, end.machine->ip, kWhat[side],
              peer(end).address);
  // A write that failed although its bytes still can be sent would be followed
  // by a FIN: a clean end of half the stream, which TCP never shows.
  if (is_write && side == kReceiving) return Roll::kNothing;
  if (is_explicit) return Roll::kFails;
  return is_write ? Roll::kSwallows : Roll::kNothing;
}

void Connection::BreakReceiving(End& end, bool drop_received) {
  end.receive_broken = true;
  if (drop_received) {
    const size_t dropped = fabric_->pool.FreeAll(end.received);
    if (dropped > 0) Credit(peer(end), dropped);
  }
  end.readers.WakeAll();
}

void Connection::BreakSending(End& end) {
  end.send_broken = true;
  DropUnsent(end);
  end.writers.WakeAll();
}

}  // namespace moonpool::network_internal
