// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// NetworkOptions: how the simulated network behaves when no fault is injected.
#ifndef MOONPOOL_SIM_NETWORK_OPTIONS_H_
#define MOONPOOL_SIM_NETWORK_OPTIONS_H_

#include <cstddef>

#include "absl/time/time.h"
#include "providers/random.h"

namespace moonpool {

// Uniform between low and high, both included.
struct LatencyRange {
  absl::Duration low;
  absl::Duration high;
};

// The defaults are FoundationDB's simulated data centre: half a round trip of
// 0.1 to 0.8 ms, and now and then a segment that takes up to 100 ms.
struct NetworkOptions {
  // One way, drawn anew for each segment.
  LatencyRange latency = {absl::Microseconds(100), absl::Microseconds(800)};
  // This share of the segments takes between latency.high and slow_latency.
  Ratio slow_chance = {1, 1000};
  absl::Duration slow_latency = absl::Milliseconds(100);

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
  // A sender gives up when its segments are stuck this long at a partition.
  absl::Duration user_timeout = absl::Seconds(30);
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_NETWORK_OPTIONS_H_
