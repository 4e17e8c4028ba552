// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// NetworkOptions: how the simulated network behaves when no fault is injected.
#ifndef MOONPOOL_SIM_NETWORK_OPTIONS_H_
#define MOONPOOL_SIM_NETWORK_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "providers/random.h"
#include "sim/network/latency.h"

namespace moonpool {

// The defaults are FoundationDB's simulated data centre: half a round trip of
// 0.1 to 0.8 ms, and now and then a segment that takes up to 100 ms.
struct NetworkOptions {
  // One way, drawn anew for each segment.
  LatencyRange latency = {absl::Microseconds(100), absl::Microseconds(800)};
  // This share of the segments takes between latency.high and slow_latency.
  Ratio slow_chance = {1, 1000};
  absl::Duration slow_latency = absl::Milliseconds(100);
  // If set, instead of the three above.
  std::optional<LatencyDistribution> latency_distribution;
  // Of each direction between two machines: payload takes that long to leave,
  // one segment or datagram after another. Zero: no limit.
  uint64_t bandwidth_bits_per_second = 1'000'000'000;

  // Bytes that wait at the sender for the window to open; more block Write.
  size_t send_buffer_bytes = 256 * 1024;
  // Bytes on their way or unread. REQUIRES: >= max_segment_bytes.
  size_t receive_window_bytes = 256 * 1024;
  size_t max_segment_bytes = 64 * 1024;
  // Connections that wait for Accept, for each listener; further SYNs are
  // dropped and sent again after 1 s, 2 s, 4 s.
  int backlog = 128;

  // A handshake without an answer gives up after this long.
  absl::Duration connect_timeout = absl::Seconds(5);
  // A sender gives up when its segments are stuck this long at a partition, a
  // clog, or a machine without power.
  absl::Duration user_timeout = absl::Seconds(30);

  // Datagrams that wait for Receive, for each socket, and that a clog holds
  // back, for each direction between two machines; further ones are lost.
  size_t datagram_queue = 256;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_NETWORK_OPTIONS_H_
