// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// NetworkFaults: the random trouble of a network. Plain data; the default is
// none at all. A chaos profile fills it for a seed, SimNetwork::SetFaults
// starts it and SetFaults(NetworkFaults()) ends it.
#ifndef MOONPOOL_SIM_NETWORK_FAULTS_H_
#define MOONPOOL_SIM_NETWORK_FAULTS_H_

#include <cstddef>

#include "absl/time/time.h"
#include "providers/random.h"
#include "sim/network/options.h"

namespace moonpool {

enum class ConnectFailureMode {
  kNone,
  kAlwaysFail,     // a failing connect is refused
  kProbabilistic,  // one in two is refused, the others are never answered
};

enum class PartitionStrategy {
  kRandom,         // each machine on either side with 1/2
  kUniformSize,    // the size of one side uniform, then its members
  kIsolateSingle,  // one machine against all others
};

struct NetworkFaults {
  // A link holds everything back; rolled for each segment sent on it.
  Ratio clog_chance = {0, 1};
  LatencyRange clog_duration = {absl::Milliseconds(100),
                                absl::Milliseconds(300)};
  // Swizzle: clog the links of a random half of the machines one after
  // another, then unclog them in another random order. Mean time between two
  // (exponential); infinite: never.
  absl::Duration swizzle_interval = absl::InfiniteDuration();

  // Mean time between two random partitions (exponential), whatever the rate
  // of events; infinite: never. While one lasts no other begins.
  absl::Duration partition_interval = absl::InfiniteDuration();
  LatencyRange partition_duration = {absl::Milliseconds(200), absl::Seconds(2)};
  PartitionStrategy partition_strategy = PartitionStrategy::kRandom;
  // Share of the partitions that cut one direction only.
  Ratio partition_one_way = {0, 1};

  // For each data segment delivered. k flips with probability 2^-k, within
  // [min, max].
  Ratio bit_flip_chance = {0, 1};
  int bit_flip_min = 1;
  int bit_flip_max = 32;
  absl::Duration bit_flip_cooldown = absl::ZeroDuration();

  // For each read and write of a connection: one third closes the receiving
  // side only, one third the sending side only, one third both. Explicit ones
  // show as a reset at once (a write fails only if its own side is closed),
  // silent ones at the next operation.
  Ratio random_close_chance = {0, 1};
  absl::Duration random_close_cooldown = absl::Seconds(5);
  Ratio random_close_explicit = {3, 10};

  ConnectFailureMode connect_failure_mode = ConnectFailureMode::kNone;
  Ratio connect_failure_chance = {0, 1};

  // A read returns less than is there, a write is sent in pieces.
  Ratio partial_io_chance = {0, 1};
  size_t partial_read_max_bytes = 1000;
  size_t partial_write_max_bytes = 1000;

  // Each ordered pair of machines is further apart by a constant of up to
  // this, drawn once a run.
  absl::Duration max_pair_latency = absl::ZeroDuration();

  // Datagrams only; a stream never loses, doubles or reorders bytes.
  Ratio datagram_loss = {0, 1};  // rolled when it would arrive
  Ratio datagram_duplicate = {0, 1};
  Ratio datagram_reorder = {0, 1};  // takes up to ten times as long
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_NETWORK_FAULTS_H_
