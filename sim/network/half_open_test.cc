// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a peer that loses its power is found out by sending, by keepalive or by
// the user timeout, and not otherwise; Abort is a reset for both; random
// partitions and swizzles come and go; nothing grows with time.
#include <memory>
#include <string>

#include "sim/core/rng.h"
#include "sim/network/sim_network.h"
#include "sim/network/test_net.h"

namespace moonpool {
namespace {

TEST(PowerLoss, TheRebornMachineAnswersWithAReset) {
  TestNet net;
  Pair pair(net);
  net.Run();
  Reading reading(net, pair.client.get());
  net.network.CrashMachine(kServerIp, /*power_loss=*/true);
  net.Run();
  EXPECT_FALSE(reading.done()) << "nobody told it";
  auto reborn = net.network.MakeProvider(kServerIp);
  net.Run();
  EXPECT_FALSE(reading.done());
  Writing writing(net, pair.client.get(), "x");
  net.Run();
  ASSERT_TRUE(reading.done());
  EXPECT_TRUE(IsReset(reading.result->status())) << reading.result->status();
}

TEST(PowerLoss, WhatIsSentMeanwhileWaitsForTheBoot) {
  TestNet net;
  Pair pair(net);
  net.Run();
  net.network.CrashMachine(kServerIp, true);
  Writing writing(net, pair.client.get(), "x");
  Reading reading(net, pair.client.get());
  net.RunFor(absl::Seconds(3));
  EXPECT_FALSE(reading.done());
  auto reborn = net.network.MakeProvider(kServerIp);
  net.Run();
  ASSERT_TRUE(reading.done());
  EXPECT_TRUE(IsReset(reading.result->status()));
  EXPECT_LE(reading.at, absl::Seconds(4));
}

TEST(PowerLoss, WithoutABootTheUserTimeoutEndsIt) {
  TestNet net;
  Pair pair(net);
  net.Run();
  net.network.CrashMachine(kServerIp, true);
  Writing writing(net, pair.client.get(), "x");
  Reading reading(net, pair.client.get());
  Connecting connecting(net);
  net.Run();
  EXPECT_TRUE(IsTimedOut(reading.result->status()));
  EXPECT_TRUE(IsTimedOut(connecting.result->status()));
  EXPECT_NEAR(absl::ToDoubleSeconds(reading.at), 30, 0.1);
}

TEST(PowerLoss, InTheMiddleOfAHandshakeNeverHangs) {
  for (int micros = 0; micros < 2500; micros += 50) {
    TestNet net;
    auto listener = Listen(net);
    Connecting connecting(net);
    net.RunFor(absl::Microseconds(micros));
    net.network.CrashMachine(kServerIp, true);
    net.RunFor(absl::Milliseconds(1));
    auto reborn = net.network.MakeProvider(kServerIp);
    net.Run();
    ASSERT_TRUE(connecting.done()) << micros;
    if (connecting.result->ok()) {
      Writing writing(net, (*connecting.result)->get(), "x");
      Reading reading(net, (*connecting.result)->get());
      net.Run();
      ASSERT_TRUE(reading.done()) << micros;
      EXPECT_TRUE(IsReset(reading.result->status()));
    } else {
      EXPECT_TRUE(IsRefused(connecting.result->status()) ||
                  IsReset(connecting.result->status()));
    }
  }
}

TEST(Keepalive, FindsOutAPeerThatIsGone) {
  for (bool boots : {false, true}) {
    TestNet net;
    Pair pair(net);
    net.Run();
    pair.client->SetKeepalive(absl::Seconds(2));
    Reading reading(net, pair.client.get());
    net.RunFor(absl::Seconds(21));
    EXPECT_FALSE(reading.done()) << "the peer answers";
    net.network.CrashMachine(kServerIp, true);
    std::unique_ptr<Network> reborn;
    if (boots) reborn = net.network.MakeProvider(kServerIp);
    const absl::Duration start = net.world.now();
    ASSERT_TRUE(net.RunUntilDone(reading));
    EXPECT_LE(reading.at - start, absl::Seconds(5));
    EXPECT_TRUE(boots ? IsReset(reading.result->status())
                      : IsTimedOut(reading.result->status()));
    pair.client.reset();
    net.network.HealAll();
    net.Run();
    EXPECT_EQ(net.world.pending_events(), 0u);
  }
}

TEST(Keepalive, OffLeavesNoEvent) {
  TestNet net;
  Pair pair(net);
  net.Run();
  pair.client->SetKeepalive(absl::Seconds(2));
  EXPECT_EQ(net.world.pending_events(), 1u);
  pair.client->SetKeepalive(absl::ZeroDuration());
  EXPECT_EQ(net.world.pending_events(), 0u);
}

TEST(Abort, IsAResetForReadersAndWritersOfBothEnds) {
  TestNet net;
  Pair pair(net);
  net.Run();
  const std::string flood = Pattern(1 << 20);
  Writing writing(net, pair.server.get(), flood);
  net.RunFor(absl::Milliseconds(5));
  EXPECT_FALSE(writing.done());
  pair.client->Abort();
  Reading own(net, pair.client.get());
  Writing own_write(net, pair.client.get(), "x");
  net.Run();
  EXPECT_TRUE(IsReset(own.result->status()));
  EXPECT_TRUE(IsReset(*own_write.result));
  ASSERT_TRUE(writing.done()) << "a blocked writer wakes";
  EXPECT_TRUE(IsReset(*writing.result));
  Reading reading(net, pair.server.get());
  net.Run();
  EXPECT_TRUE(IsReset(reading.result->status()));
}

TEST(RandomPartitions, ComeAndGoAndEndWithTheFaults) {
  for (PartitionStrategy strategy :
       {PartitionStrategy::kRandom, PartitionStrategy::kUniformSize,
        PartitionStrategy::kIsolateSingle}) {
    TestNet net;
    auto third = net.network.MakeProvider("10.0.1.3");
    NetworkFaults faults;
    faults.partition_interval = absl::Seconds(1);
    faults.partition_strategy = strategy;
    faults.partition_one_way = {1, 2};
    net.network.SetFaults(faults);
    int cut = 0, one_way = 0;
    for (int i = 0; i < 3000; ++i) {
      net.RunFor(absl::Milliseconds(100));
      const bool there = net.network.IsPartitioned(kClientIp, kServerIp);
      const bool back = net.network.IsPartitioned(kServerIp, kClientIp);
      cut += there || back ? 1 : 0;
      one_way += there != back ? 1 : 0;
    }
    // A second without, 1.1 s with; of those the pair is apart in about half.
    EXPECT_GT(cut, 600);
    EXPECT_LT(cut, 1500);
    EXPECT_GT(one_way, cut / 4);
    EXPECT_NEAR(
        static_cast<double>(net.world.faults().of(FaultFamily::kPartition)),
        300 / 2.1, 50);
    net.network.SetFaults(NetworkFaults());
    EXPECT_EQ(net.world.pending_events(), 0u);
    EXPECT_FALSE(net.network.IsPartitioned(kClientIp, kServerIp));
  }
}

TEST(Swizzle, ClogsAndUnclogsAndEndsWithTheFaults) {
  TestNet net;
  Pair pair(net);
  net.Run();
  NetworkFaults faults;
  faults.swizzle_interval = absl::Seconds(1);
  net.network.SetFaults(faults);
  int late = 0;
  for (int i = 0; i < 300; ++i) {
    const absl::Duration start = net.world.now();
    Reading reading(net, pair.server.get());
    Writing writing(net, pair.client.get(), "x");
    ASSERT_TRUE(net.RunUntilDone(reading));
    if (reading.at - start > absl::Milliseconds(1)) ++late;
    net.RunFor(absl::Milliseconds(100));
  }
  EXPECT_GT(late, 5);
  EXPECT_LT(late, 150);
  EXPECT_GT(net.world.faults().of(FaultFamily::kClog), 5u);
  net.network.SetFaults(NetworkFaults());
  EXPECT_EQ(net.world.pending_events(), 0u);
}

TEST(RandomFaults, TroubleThatWasAskedForOutlivesThem) {
  TestNet net;
  net.network.Partition(kClientIp, kServerIp);
  NetworkFaults faults;
  faults.partition_interval = absl::Milliseconds(1);
  net.network.SetFaults(faults);
  net.RunFor(absl::Seconds(1));
  net.network.SetFaults(NetworkFaults());
  EXPECT_TRUE(net.network.IsPartitioned(kClientIp, kServerIp));
}

TEST(Memory, AHundredThousandConnectionsLeaveNothing) {
  TestNet net;
  auto listener = Listen(net);
  int served = 0;
  auto server = net.tasks.Spawn([&]() -> Task<void> {
    for (;;) {
      auto accepted = co_await listener->Accept();
      if (!accepted.ok()) co_return;
      char byte;
      (void)co_await accepted->stream->Read(absl::MakeSpan(&byte, 1));
    }
  });
  net.tasks.Spawn([&]() -> Task<void> {
    for (int i = 0; i < 100000; ++i) {
      auto stream = co_await net.client->Connect(kServerIp);
      if (!stream.ok()) co_return;
      if (!(co_await (*stream)->Write("x")).ok()) co_return;
      char byte;
      (void)co_await (*stream)->Read(absl::MakeSpan(&byte, 1));
      ++served;
    }
  });
  net.Run();
  EXPECT_EQ(served, 100000);
  EXPECT_EQ(net.network.open_connections(), 0u);
  const NetworkStats& stats = net.network.stats();
  EXPECT_EQ(stats.connections_opened, 100000u);
  EXPECT_EQ(stats.connections_accepted, 100000u);
  EXPECT_EQ(stats.segments_in_flight, 0u);
  EXPECT_LE(stats.max_segments_in_flight, 8u);
  EXPECT_EQ(net.world.pending_events(), 0u);
  server.Abort();
}

// Whatever faults there are, bits of bytes apart: what is read is a prefix of
// what was written, all of it if the stream ends cleanly.
TEST(Property, AStreamIsAPrefixUnderAllFaults) {
  int complete = 0, broken = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    NetworkOptions options;
    options.user_timeout = absl::Seconds(2);
    TestNet net(seed, options);
    RandomStream random(&net.world.random(), "test");
    NetworkFaults faults;
    auto maybe = [&](Ratio ratio) {
      return random.Below(2) == 0 ? ratio : Ratio{0, 1};
    };
    faults.clog_chance = maybe({1, 20});
    faults.partial_io_chance = maybe({1, 4});
    faults.random_close_chance = maybe({1, 20});
    if (random.Below(2) == 0) faults.swizzle_interval = absl::Milliseconds(20);
    if (random.Below(2) == 0) faults.partition_interval = absl::Milliseconds(9);
    faults.max_pair_latency = absl::Milliseconds(random.Range(0, 5));
    faults.partition_one_way = {1, 3};
    const std::string bytes = Pattern(random.Below(400000), seed);
    Pair pair(net);
    net.network.SetFaults(faults);
    Draining draining(net, pair.server.get());
    auto writer = net.tasks.Spawn([&]() -> Task<void> {
      absl::string_view rest = bytes;
      while (!rest.empty()) {
        const size_t size = std::min(rest.size(), random.Below(30000) + 1);
        if (!(co_await pair.client->Write(rest.substr(0, size))).ok()) break;
        rest.remove_prefix(size);
      }
      pair.client.reset();
    });
    net.RunFor(absl::Milliseconds(random.Range(1, 3000)));
    if (random.Below(4) == 0) net.network.CrashMachine(kClientIp);
    net.network.SetFaults(NetworkFaults());
    net.network.HealAll();
    net.Run();
    ASSERT_EQ(draining.got, bytes.substr(0, draining.got.size())) << seed;
    if (draining.done() && draining.result->ok()) {
      ASSERT_EQ(draining.got.size(), bytes.size()) << seed;
      ++complete;
    } else {
      ++broken;
    }
    writer.Abort();
  }
  EXPECT_GT(complete, 50);
  EXPECT_GT(broken, 50);
}

}  // namespace
}  // namespace moonpool
