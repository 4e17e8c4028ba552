// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The network's part of a plan.
#include <algorithm>

#include "sim/chaos/draw.h"

namespace moonpool::chaos_internal {

void PlanDraw::DrawNetworkEnvironment() {
  RandomStream random = Fixed("chaos.network");
  NetworkOptions& network = plan_->network.emplace();
  // Half a round trip: from a good data centre to two far zones.
  network.latency.low = DrawMicros(random, 50, 999);
  network.latency.high =
      std::max(network.latency.low, DrawMicros(random, 200, 1999));
  // One third of the seeds has no slow segments at all.
  const bool bimodal = random.Chance({2, 3});
  network.slow_chance =
      bimodal ? DrawRatio(random, 1, 9, 1000) : Ratio{.num = 0, .den = 1};
  network.slow_latency = network.latency.high * random.Range(2, 50);
  network.max_segment_bytes = random.Chance({1, 2}) ? 1460 : size_t{64} * 1024;
  network.receive_window_bytes = size_t{64} * 1024
                                 << random.Below(5);  // to 1 MiB
  network.send_buffer_bytes = size_t{16} * 1024 << random.Below(7);
  network.user_timeout = absl::Seconds(random.Range(1, 30));
}

void PlanDraw::DrawNetwork() {
  DrawClogs();
  DrawPartitions();
  DrawCloses();
  DrawDatagrams();
  NetworkFaults& faults = plan_->network_faults;
  if (has(FaultFamily::kBitFlip)) {
    RandomStream random = StreamOf(FaultFamily::kBitFlip);
    faults.bit_flip_chance = DrawRatio(random, 10, 190, 1000000);
    faults.bit_flip_cooldown = DrawMillis(random, 0, 99);
  }
  if (has(FaultFamily::kPairLatency)) {
    RandomStream random = StreamOf(FaultFamily::kPairLatency);
    faults.max_pair_latency = DrawMillis(random, 1, is_mild() ? 5 : 99);
  }
  if (has(FaultFamily::kPartialIo)) {
    RandomStream random = StreamOf(FaultFamily::kPartialIo);
    faults.partial_io_chance = DrawRatio(random, 1, is_mild() ? 5 : 25, 100);
    faults.partial_read_max_bytes =
        static_cast<size_t>(random.Range(100, 1999));
    faults.partial_write_max_bytes =
        static_cast<size_t>(random.Range(100, 1999));
  }
}

void PlanDraw::DrawClogs() {
  if (!has(FaultFamily::kClog)) return;
  NetworkFaults& faults = plan_->network_faults;
  RandomStream random = StreamOf(FaultFamily::kClog);
  faults.clog_chance = DrawRatio(random, 1, 19, 100);
  faults.clog_duration.low = DrawMillis(random, 50, 300);
  faults.clog_duration.high =
      std::max(faults.clog_duration.low, DrawMillis(random, 100, 500));
  if (random.Chance({1, 2})) {
    faults.swizzle_interval = DrawMillis(random, 5000, 60000);
  }
  RandomStream knobs = Fixed("chaos.knobs.clog");
  if (HasSpike(FaultFamily::kClog, knobs)) {
    faults.clog_chance = DrawRatio(knobs, 50, 100, 100);
  }
}

void PlanDraw::DrawPartitions() {
  if (!has(FaultFamily::kPartition)) return;
  NetworkFaults& faults = plan_->network_faults;
  RandomStream random = StreamOf(FaultFamily::kPartition);
  if (is_mild()) {
    faults.partition_interval = DrawMillis(random, 20000, 60000);
    faults.partition_duration = {absl::Milliseconds(50),
                                 absl::Milliseconds(300)};
    faults.partition_strategy = PartitionStrategy::kIsolateSingle;
    return;
  }
  faults.partition_interval = DrawMillis(random, 2000, 60000);
  faults.partition_duration.low = DrawMillis(random, 100, 999);
  faults.partition_duration.high =
      std::max(faults.partition_duration.low, DrawMillis(random, 500, 2999));
  faults.partition_strategy = static_cast<PartitionStrategy>(random.Below(3));
  faults.partition_one_way = DrawRatio(random, 0, 50, 100);
  // The seed project's spike is 30 to 80 % at each event: cut nearly always.
  RandomStream knobs = Fixed("chaos.knobs.partition");
  if (HasSpike(FaultFamily::kPartition, knobs)) {
    faults.partition_interval = DrawMillis(knobs, 100, 1000);
  }
}

void PlanDraw::DrawCloses() {
  NetworkFaults& faults = plan_->network_faults;
  if (has(FaultFamily::kRandomClose)) {
    RandomStream random = StreamOf(FaultFamily::kRandomClose);
    faults.random_close_chance = DrawRatio(random, 1, 99, 1000000);
    faults.random_close_cooldown = DrawMillis(random, 1000, 9999);
    faults.random_close_explicit = DrawRatio(random, 20, 39, 100);
    RandomStream knobs = Fixed("chaos.knobs.close");
    if (HasSpike(FaultFamily::kRandomClose, knobs)) {
      faults.random_close_chance = DrawRatio(knobs, 10, 100, 1000);
    }
  }
  if (has(FaultFamily::kConnectFailure)) {
    RandomStream random = StreamOf(FaultFamily::kConnectFailure);
    faults.connect_failure_mode = random.Chance({1, 2})
                                      ? ConnectFailureMode::kAlwaysFail
                                      : ConnectFailureMode::kProbabilistic;
    // The seed project's 40 to 59 %, of the quarter of the connects at which
    // its buggify site fires.
    faults.connect_failure_chance = DrawRatio(random, 40, 59, 400);
  }
}

void PlanDraw::DrawDatagrams() {
  // The ranges of TigerBeetle's simulator.
  NetworkFaults& faults = plan_->network_faults;
  if (has(FaultFamily::kDatagramLoss)) {
    RandomStream random = StreamOf(FaultFamily::kDatagramLoss);
    faults.datagram_loss = DrawRatio(random, 1, 30, 100);
  }
  if (has(FaultFamily::kDatagramDuplicate)) {
    RandomStream random = StreamOf(FaultFamily::kDatagramDuplicate);
    faults.datagram_duplicate = DrawRatio(random, 1, 50, 100);
  }
  if (has(FaultFamily::kDatagramReorder)) {
    RandomStream random = StreamOf(FaultFamily::kDatagramReorder);
    faults.datagram_reorder = DrawRatio(random, 1, 30, 100);
  }
}

}  // namespace moonpool::chaos_internal
