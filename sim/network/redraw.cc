// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What is on its way when a search branches would otherwise bind all its
// futures, as the next fault would (sim/core/drawn_wait.h): the letter that has
// to be slow is always fast. So it draws its arrival again, by rejection: like
// any other letter of its age, until it is one that has not arrived yet. Who
// finds none in a few tries keeps what it has, which is such a draw, too.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/network/connection.h"
#include "sim/network/datagram.h"
#include "sim/network/fabric.h"
#include "sim/network/link.h"

namespace moonpool::network_internal {
namespace {
constexpr int kTries = 8;
}  // namespace

void Fabric::OnReseed(StreamKinds kinds) {
  if ((kinds & KindBit(StreamKind::kNetwork)) == 0) return;
  for (auto& [machines, link] : links) link->Redraw();
}

void Link::Redraw() {
  RedrawPackets();
  for (End* end = from.first_end; end != nullptr; end = end->next) {
    if (end->link == this && !end->stuck) RedrawSegments(*end);
  }
}

// All at once, for whether one is late decides how long the next ones wait.
void Link::RedrawPackets() {
  const int64_t now_ns = fabric->world->now_ns();
  std::vector<Packet*> flying;
  for (Packet* packet = packets.first; packet != nullptr;
       packet = packet->next) {
    if (packet->is_scheduled()) flying.push_back(packet);
  }
  std::vector<Packet::Flight> flights(flying.size());
  for (int i = 0; i < kTries && !flying.empty(); ++i) {
    int64_t last_ns = 0;
    bool have_none_arrived = true;
    for (size_t k = 0; k < flying.size() && have_none_arrived; ++k) {
      flights[k] = flying[k]->DrawFlight(&last_ns);
      have_none_arrived = flights[k].arrival_ns > now_ns;
    }
    if (!have_none_arrived) continue;
    for (size_t k = 0; k < flying.size(); ++k) flying[k]->SetFlight(flights[k]);
    last_packet_ns = last_ns;
    return;
  }
}

// One that waits behind another may well have been fast: only the first one's
// arrival tells something of what it drew.
void Link::RedrawSegments(End& end) {
  World& world = *fabric->world;
  const int64_t now_ns = world.now_ns();
  int64_t arrival_ns = 0;
  for (Segment* s = end.in_flight.first(); s != nullptr; s = s->next) {
    if (!s->is_scheduled()) continue;  // about to be, and draws just now
    const int tries = arrival_ns == 0 ? kTries : 1;
    int64_t own_ns = 0;
    for (int i = 0; i < tries && own_ns <= now_ns; ++i) {
      own_ns = s->sent_ns + DrawLatencyNs();
    }
    // None: what it has. That may be this very moment.
    if (tries > 1 && own_ns <= now_ns) own_ns = s->time_ns();
    arrival_ns = std::max(arrival_ns, own_ns);
    world.Cancel(*s);
    world.Schedule(*s, arrival_ns - now_ns);
  }
  if (arrival_ns != 0) end.last_arrival_ns = arrival_ns;
}

}  // namespace moonpool::network_internal
