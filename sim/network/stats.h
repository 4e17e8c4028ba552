// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// NetworkStats: what a network has carried since its beginning.
#ifndef MOONPOOL_SIM_NETWORK_STATS_H_
#define MOONPOOL_SIM_NETWORK_STATS_H_

#include <cstdint>

namespace moonpool {

struct NetworkStats {
  uint64_t connections_opened = 0;    // connects begun
  uint64_t connections_accepted = 0;  // that reached an accept queue
  uint64_t connections_reset = 0;     // ends broken: reset, refused, timed out
  uint64_t segments = 0;              // of every kind, arrived
  uint64_t bytes = 0;                 // of streams, arrived
  uint64_t segments_in_flight = 0;    // now, those held back included
  uint64_t max_segments_in_flight = 0;
  uint64_t datagrams_sent = 0;      // given to SendTo
  uint64_t datagrams_received = 0;  // put into a socket's queue
  uint64_t datagrams_duplicated = 0;
  // By faults, partitions, full queues, or because nobody listened.
  uint64_t datagrams_lost = 0;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_NETWORK_STATS_H_
