// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what is set for a link (latency, bandwidth, clogs, modes, partitions
// with a duration) has its effect on that link alone, and ends without a trace.
// Method: times and bytes as the peer sees them; the laws over many draws.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/core/rng.h"
#include "sim/network/sim_network.h"
#include "sim/network/test_net.h"

namespace moonpool {
namespace {

constexpr char kThirdIp[] = "10.0.1.3";

// --- Latency and bandwidth
// ----------------------------------------------------

TEST(Latency, UniformStaysInItsRangeAndFillsIt) {
  World world(WorldOptions{.seed = 1});
  RandomStream random(&world.random(), "test");
  const auto law = LatencyDistribution::Uniform(
      {absl::Nanoseconds(1000), absl::Nanoseconds(1999)});
  int counts[10] = {};
  for (int i = 0; i < 100000; ++i) {
    const int64_t ns = law.DrawNs(random);
    ASSERT_GE(ns, 1000);
    ASSERT_LE(ns, 1999);
    ++counts[(ns - 1000) / 100];
  }
  for (int count : counts) EXPECT_NEAR(count, 10000, 400);
  EXPECT_EQ(world.random().draws(), 100000u);
}

TEST(Latency, ExponentialHasItsMeanAndItsTail) {
  World world(WorldOptions{.seed = 1});
  RandomStream random(&world.random(), "test");
  const auto law = LatencyDistribution::Exponential(absl::Microseconds(50),
                                                    absl::Microseconds(100));
  int64_t sum = 0;
  int beyond[4] = {};  // 1, 2, 3, 4 times the mean
  for (int i = 0; i < 100000; ++i) {
    const int64_t ns = law.DrawNs(random) - 50000;
    ASSERT_GE(ns, 0);
    sum += ns;
    for (int k = 0; k < 4; ++k) beyond[k] += ns > 100000 * (k + 1) ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(sum) / 100000, 100000, 1500);
  const int expected[] = {36788, 13534, 4979, 1832};  // 100000 * e^-k
  for (int k = 0; k < 4; ++k) EXPECT_NEAR(beyond[k], expected[k], 600);
  EXPECT_EQ(world.random().draws(), 100000u);
}

TEST(Latency, BimodalHasItsShareOfSlowOnes) {
  World world(WorldOptions{.seed = 1});
  RandomStream random(&world.random(), "test");
  const auto law = LatencyDistribution::Bimodal(
      {absl::Nanoseconds(10), absl::Nanoseconds(20)},
      {absl::Nanoseconds(1000), absl::Nanoseconds(2000)}, Ratio{1, 20});
  int slow = 0;
  for (int i = 0; i < 100000; ++i) {
    const int64_t ns = law.DrawNs(random);
    ASSERT_TRUE((ns >= 10 && ns <= 20) || (ns >= 1000 && ns <= 2000)) << ns;
    if (ns >= 1000) ++slow;
  }
  EXPECT_NEAR(slow, 5000, 300);
  EXPECT_EQ(world.random().draws(), 100000u + static_cast<uint64_t>(slow));
}

// How long it takes until the server reads what the client wrote.
absl::Duration OneWay(TestNet& net, Pair& pair, absl::string_view bytes) {
  const absl::Duration start = net.world.now();
  Draining draining(net, pair.server.get());
  Writing writing(net, pair.client.get(), bytes);
  while (draining.got.size() < bytes.size() && net.world.Turn()) {
  }
  EXPECT_TRUE(draining.got == bytes);
  return draining.at - start;
}

TEST(LinkControl, LatencyIsOverriddenInOneDirection) {
  TestNet net;
  Pair pair(net);
  net.Run();
  net.network.SetLatency(kClientIp, kServerIp,
                         LatencyDistribution::Uniform(
                             {absl::Milliseconds(20), absl::Milliseconds(20)}));
  Reading server(net, pair.server.get());
  Writing up(net, pair.client.get(), "up");
  const absl::Duration start = net.world.now();
  net.Run();
  EXPECT_GE(server.at - start, absl::Milliseconds(20));
  EXPECT_LE(server.at - start, absl::Milliseconds(21));
  Reading client(net, pair.client.get());
  Writing down(net, pair.server.get(), "down");
  const absl::Duration second = net.world.now();
  net.Run();
  EXPECT_LT(client.at - second, absl::Milliseconds(1));
}

TEST(LinkControl, PairLatencyComesOnTopAndIsReplaced) {
  TestNet net;
  net.network.SetPairLatency(kClientIp, kServerIp, absl::Milliseconds(70));
  net.network.SetPairLatency(kClientIp, kServerIp, absl::Milliseconds(50));
  net.network.SetPairLatency(kServerIp, kClientIp, absl::Milliseconds(5));
  auto listener = Listen(net);
  const absl::Duration start = net.world.now();
  Connecting connecting(net);
  net.Run();
  EXPECT_GE(connecting.at - start, absl::Milliseconds(55));
  EXPECT_LE(connecting.at - start, absl::Milliseconds(57));
  EXPECT_EQ(net.world.faults().total(), 0u);
}

TEST(LinkControl, BandwidthDelaysByTheBytes) {
  struct Case {
    uint64_t bits;
    absl::Duration low, high;
  };
  const std::string bytes = Pattern(100000);
  // 100 kB: 0.8 ms at 1 Gbit/s, 80 ms at 10 Mbit/s.
  for (const Case& c :
       {Case{1'000'000'000, absl::Microseconds(900), absl::Microseconds(1600)},
        Case{10'000'000, absl::Milliseconds(80), absl::Milliseconds(81)},
        Case{0, absl::Microseconds(100), absl::Microseconds(800)}}) {
    TestNet net;
    Pair pair(net);
    net.Run();
    net.network.SetBandwidth(kClientIp, kServerIp, c.bits);
    const absl::Duration took = OneWay(net, pair, bytes);
    EXPECT_GE(took, c.low) << c.bits;
    EXPECT_LE(took, c.high) << c.bits;
  }
}

TEST(LinkControl, ConnectionsShareTheBandwidthOfTheirLink) {
  TestNet net;
  Pair one(net);
  Connecting connecting(net);
  Accepting accepting(net, one.listener.get());
  net.Run();
  net.network.SetBandwidth(kClientIp, kServerIp, 8'000'000);  // 1 MB/s
  const std::string bytes = Pattern(50000);
  const absl::Duration start = net.world.now();
  Draining first(net, one.server.get());
  Draining second(net, (*accepting.result)->stream.get());
  Writing a(net, one.client.get(), bytes);
  Writing b(net, (*connecting.result)->get(), bytes);
  net.Run();
  EXPECT_EQ(first.got.size(), bytes.size());
  EXPECT_EQ(second.got.size(), bytes.size());
  EXPECT_GE(std::max(first.at, second.at) - start, absl::Milliseconds(100));
  EXPECT_LE(std::max(first.at, second.at) - start, absl::Milliseconds(102));
}

// --- Clogs and modes
// ----------------------------------------------------------

TEST(Clog, HoldsEverythingBackForItsDuration) {
  TestNet net;
  Pair pair(net);
  net.Run();
  const absl::Duration start = net.world.now();
  net.network.Clog(kClientIp, kServerIp, absl::Milliseconds(30));
  const std::string bytes = Pattern(200000);
  EXPECT_GE(OneWay(net, pair, bytes), absl::Milliseconds(30));
  EXPECT_LE(net.world.now() - start, absl::Milliseconds(33));
  EXPECT_FALSE(net.network.IsPartitioned(kClientIp, kServerIp));
  EXPECT_EQ(net.world.faults().of(FaultFamily::kClog), 1u);
}

TEST(Clog, UncloggedEarlierLeavesNoEvent) {
  TestNet net;
  net.network.Clog(kClientIp, kServerIp, absl::Hours(1));
  EXPECT_EQ(net.world.pending_events(), 1u);
  net.network.Unclog(kClientIp, kServerIp);
  EXPECT_EQ(net.world.pending_events(), 0u);
  Pair pair(net);
  EXPECT_LT(net.world.now(), absl::Milliseconds(5));
}

TEST(LinkMode, StallAndDropKeepTheBytesOfStreams) {
  for (LinkMode mode : {LinkMode::kStall, LinkMode::kDrop}) {
    TestNet net;
    Pair pair(net);
    net.Run();
    net.network.SetMode(kClientIp, kServerIp, mode);
    const std::string bytes = Pattern(500000);
    Writing writing(net, pair.client.get(), bytes);
    Draining draining(net, pair.server.get());
    net.RunFor(absl::Seconds(5));
    EXPECT_EQ(draining.got.size(), 0u);
    net.network.SetMode(kClientIp, kServerIp, LinkMode::kOpen);
    net.Run();
    EXPECT_TRUE(draining.got == bytes);
  }
}

TEST(LinkMode, ResetBreaksConnectionsBothWaysAndRefusesNewOnes) {
  TestNet net;
  Pair pair(net);
  net.Run();
  Reading client(net, pair.client.get());
  Reading server(net, pair.server.get());
  net.network.SetMode(kServerIp, kClientIp, LinkMode::kReset);
  net.Run();
  EXPECT_TRUE(IsReset(client.result->status()));
  EXPECT_TRUE(IsReset(server.result->status()));
  Connecting refused(net);
  net.Run();
  EXPECT_TRUE(IsRefused(refused.result->status())) << refused.result->status();
  EXPECT_EQ(net.network.stats().segments_in_flight, 0u);
  net.network.HealAll();
  Connecting connecting(net);
  net.Run();
  EXPECT_TRUE(connecting.result->ok());
}

TEST(LinkMode, ResetOfALoopbackTakesEachConnectionOnce) {
  TestNet net;
  auto listener = Listen(net, "10.0.1.2:80");
  Outcome<absl::StatusOr<std::unique_ptr<Stream>>> own;
  own.job = net.tasks.Spawn([&]() -> Task<void> {
    own.result.emplace(co_await net.server->Connect("10.0.1.2:80"));
  });
  net.Run();
  ASSERT_TRUE(own.done() && own.result->ok());
  net.network.SetMode(kServerIp, kServerIp, LinkMode::kReset);
  Reading reading(net, own.result->value().get());
  net.Run();
  EXPECT_TRUE(IsReset(reading.result->status()));
}

// --- Partitions with sets and durations
// ---------------------------------------

TEST(PartitionFor, EndsByItselfAndHealedEarlierLeavesNoEvent) {
  TestNet net;
  net.network.Partition(kClientIp, kServerIp, absl::Seconds(2));
  net.RunFor(absl::Milliseconds(1999));
  EXPECT_TRUE(net.network.IsPartitioned(kServerIp, kClientIp));
  net.RunFor(absl::Milliseconds(2));
  EXPECT_FALSE(net.network.IsPartitioned(kServerIp, kClientIp));
  EXPECT_FALSE(net.network.IsPartitioned(kClientIp, kServerIp));
  EXPECT_EQ(net.world.pending_events(), 0u);
  net.network.Partition(kClientIp, kServerIp, absl::Hours(1));
  net.network.Heal(kServerIp, kClientIp);
  EXPECT_EQ(net.world.pending_events(), 0u);
  net.network.PartitionOneWay(kClientIp, kServerIp, absl::Hours(1));
  net.network.Clog(kServerIp, kClientIp, absl::Hours(1));
  net.network.SetMode(kClientIp, kThirdIp, LinkMode::kDrop);
  net.network.HealAll();
  EXPECT_EQ(net.world.pending_events(), 0u);
  EXPECT_FALSE(net.network.IsPartitioned(kClientIp, kServerIp));
}

TEST(PartitionFor, TheLongerOneHolds) {
  TestNet net;
  SimNetwork& network = net.network;
  network.PartitionOneWay(kClientIp, kServerIp, absl::Seconds(2));
  network.PartitionOneWay(kClientIp, kServerIp, absl::Seconds(1));
  net.RunFor(absl::Milliseconds(1500));
  EXPECT_TRUE(network.IsPartitioned(kClientIp, kServerIp));
  network.PartitionOneWay(kClientIp, kServerIp, absl::Seconds(2));
  net.RunFor(absl::Milliseconds(1500));
  EXPECT_TRUE(network.IsPartitioned(kClientIp, kServerIp));
  network.PartitionOneWay(kClientIp, kServerIp);  // for good
  network.PartitionOneWay(kClientIp, kServerIp, absl::Seconds(1));
  EXPECT_EQ(net.world.pending_events(), 0u);
  EXPECT_TRUE(network.IsPartitioned(kClientIp, kServerIp));
}

TEST(PartitionFor, AStreamGoesOnAfterIt) {
  TestNet net;
  Pair pair(net);
  net.Run();
  net.network.Partition(kClientIp, kServerIp, absl::Seconds(3));
  const std::string bytes = Pattern(300000);
  EXPECT_GE(OneWay(net, pair, bytes), absl::Seconds(3));
}

TEST(PartitionSets, CutsAcrossAndNotWithin) {
  TestNet net;
  SimNetwork& network = net.network;
  network.PartitionSets({kClientIp, kThirdIp}, {kServerIp});
  EXPECT_TRUE(network.IsPartitioned(kClientIp, kServerIp));
  EXPECT_TRUE(network.IsPartitioned(kServerIp, kThirdIp));
  EXPECT_FALSE(network.IsPartitioned(kClientIp, kThirdIp));
  network.HealSets({kServerIp}, {kClientIp, kThirdIp});
  EXPECT_FALSE(network.IsPartitioned(kClientIp, kServerIp));
  network.PartitionSetsOneWay({kClientIp, kThirdIp}, {kServerIp});
  EXPECT_TRUE(network.IsPartitioned(kThirdIp, kServerIp));
  EXPECT_FALSE(network.IsPartitioned(kServerIp, kThirdIp));
}

TEST(Isolate, CutsAMachineFromAllOthersAlsoLaterOnes) {
  TestNet net;
  SimNetwork& network = net.network;
  network.Isolate(kServerIp);
  EXPECT_TRUE(network.IsPartitioned(kServerIp, kClientIp));
  EXPECT_TRUE(network.IsPartitioned("10.0.9.9", kServerIp));
  EXPECT_FALSE(network.IsPartitioned(kServerIp, kServerIp));
  network.Rejoin(kServerIp);
  EXPECT_FALSE(network.IsPartitioned("10.0.9.9", kServerIp));
  network.Isolate(kServerIp, absl::Seconds(1));
  EXPECT_TRUE(network.IsPartitioned("10.0.9.8", kServerIp));
  net.Run();
  EXPECT_EQ(net.world.now(), absl::Seconds(1));
  EXPECT_FALSE(network.IsPartitioned("10.0.9.8", kServerIp));
  EXPECT_FALSE(network.IsPartitioned("10.0.9.7", kServerIp));
}

}  // namespace
}  // namespace moonpool
