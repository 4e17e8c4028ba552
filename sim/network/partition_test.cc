// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: partitions delay or break connections, and never put a hole into a
// stream; a crashed machine's peers all learn of it. Method: as in
// sim_network_test.cc.
#include <memory>
#include <string>

#include "sim/network/sim_network.h"
#include "sim/network/test_net.h"

namespace moonpool {
namespace {

TEST(Partition, IsOneWayOrBothWays) {
  TestNet net;
  SimNetwork& network = net.network;
  network.PartitionOneWay(kClientIp, kServerIp);
  EXPECT_TRUE(network.IsPartitioned(kClientIp, kServerIp));
  EXPECT_FALSE(network.IsPartitioned(kServerIp, kClientIp));
  network.Partition(kClientIp, "10.0.1.3");
  EXPECT_TRUE(network.IsPartitioned(kClientIp, "10.0.1.3"));
  EXPECT_TRUE(network.IsPartitioned("10.0.1.3", kClientIp));
  network.Heal(kServerIp, kClientIp);
  EXPECT_FALSE(network.IsPartitioned(kClientIp, kServerIp));
  network.HealAll();
  EXPECT_FALSE(network.IsPartitioned(kClientIp, "10.0.1.3"));
}

TEST(Partition, StopsSynsAndTheConnectTimesOut) {
  for (bool way_back : {false, true}) {
    TestNet net;
    auto listener = Listen(net);
    if (way_back) {
      net.network.PartitionOneWay(kServerIp, kClientIp);
    } else {
      net.network.PartitionOneWay(kClientIp, kServerIp);
    }
    Accepting accepting(net, listener.get());
    Connecting connecting(net);
    net.Run();
    EXPECT_TRUE(IsTimedOut(connecting.result->status()))
        << connecting.result->status();
    EXPECT_EQ(connecting.at, absl::Seconds(5));
    EXPECT_FALSE(accepting.done());
    EXPECT_EQ(net.network.open_connections(), 0u);
    EXPECT_EQ(net.network.segments_delivered(), way_back ? 1u : 0u);
    net.network.HealAll();
    Connecting again(net);
    net.Run();
    EXPECT_TRUE(again.result->ok());
    EXPECT_TRUE(accepting.done());
  }
}

TEST(Partition, AConnectGoesOnWhenItHealsInTime) {
  TestNet net;
  auto listener = Listen(net);
  net.network.Partition(kClientIp, kServerIp);
  Connecting connecting(net);
  net.RunFor(absl::Seconds(2));
  EXPECT_FALSE(connecting.done());
  net.network.Heal(kClientIp, kServerIp);
  net.Run();
  EXPECT_TRUE(connecting.result->ok()) << connecting.result->status();
}

TEST(Partition, NothingCrossesAndNothingIsLost) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    TestNet net(seed, NetworkOptions());
    Pair pair(net);
    net.Run();
    const std::string sent = Pattern(3 << 20, seed);
    Writing writing(net, pair.client.get(), sent);
    Draining draining(net, pair.server.get());
    for (int i = 0; i < 40; ++i) {
      net.RunFor(absl::Microseconds(seed * 7 + i * 13));
      if (i % 2 == 0) {
        net.network.Partition(kClientIp, kServerIp);
      } else {
        net.network.PartitionOneWay(kClientIp, kServerIp);
      }
      net.RunFor(absl::ZeroDuration());  // readers take what has arrived
      const uint64_t delivered = net.network.segments_delivered();
      const size_t got = draining.got.size();
      net.RunFor(absl::Seconds(1));
      EXPECT_EQ(net.network.segments_delivered(), delivered);
      EXPECT_EQ(draining.got.size(), got);
      net.network.Heal(kClientIp, kServerIp);
    }
    net.Run();
    ASSERT_TRUE(writing.done());
    EXPECT_TRUE(writing.result->ok()) << *writing.result << writing.at;
    pair.client.reset();
    net.Run();
    ASSERT_TRUE(draining.done());
    EXPECT_TRUE(draining.result->ok()) << *draining.result;
    EXPECT_EQ(draining.got.size(), sent.size());
    EXPECT_TRUE(draining.got == sent);
  }
}

TEST(Partition, OneWayLetsTheOtherDirectionThrough) {
  TestNet net;
  Pair pair(net);
  net.Run();
  net.network.PartitionOneWay(kClientIp, kServerIp);
  Writing up(net, pair.client.get(), "up");
  Writing down(net, pair.server.get(), "down");
  Reading server(net, pair.server.get());
  Reading client(net, pair.client.get());
  net.RunFor(absl::Seconds(1));
  EXPECT_FALSE(server.done());
  EXPECT_EQ(**client.result, "down");
  net.network.HealAll();
  net.Run();
  EXPECT_EQ(**server.result, "up");
}

TEST(Partition, OfTheWayBackStopsTheWindow) {
  TestNet net;
  Pair pair(net);
  net.Run();
  net.network.PartitionOneWay(kServerIp, kClientIp);
  const std::string sent = Pattern(1 << 20);
  Writing writing(net, pair.client.get(), sent);
  Draining draining(net, pair.server.get());
  net.Run();
  EXPECT_FALSE(writing.done());
  EXPECT_EQ(draining.got.size(), 256u * 1024);
  net.network.HealAll();
  net.Run();
  EXPECT_TRUE(writing.done());
  EXPECT_TRUE(draining.got == sent);
}

TEST(Partition, StopsFins) {
  TestNet net;
  Pair pair(net);
  net.Run();
  Reading reading(net, pair.server.get());
  pair.client.reset();
  net.network.Partition(kClientIp, kServerIp);  // the FIN is in flight
  net.RunFor(absl::Seconds(10));
  EXPECT_FALSE(reading.done());
  net.network.HealAll();
  net.Run();
  EXPECT_EQ(**reading.result, "");
}

TEST(Partition, StopsResets) {
  for (bool in_flight : {false, true}) {
    TestNet net;
    Pair pair(net);
    net.Run();
    Reading reading(net, pair.server.get());
    net.RunFor(absl::ZeroDuration());
    if (!in_flight) net.network.Partition(kClientIp, kServerIp);
    net.network.CrashMachine(kClientIp);
    if (in_flight) net.network.Partition(kClientIp, kServerIp);
    net.RunFor(absl::Seconds(100));
    EXPECT_FALSE(reading.done());
    net.network.HealAll();
    net.Run();
    ASSERT_TRUE(reading.done());
    EXPECT_TRUE(IsReset(reading.result->status()));
  }
}

TEST(Partition, WhatACrashedMachineHadToSendAgainIsLostAtTheEnd) {
  TestNet net;
  Pair pair(net);
  net.Run();
  Draining draining(net, pair.server.get());
  Writing before(net, pair.client.get(), "before");
  net.RunFor(absl::Milliseconds(10));
  net.network.Partition(kClientIp, kServerIp);
  Writing lost(net, pair.client.get(), "lost");
  net.RunFor(absl::Milliseconds(10));
  net.network.CrashMachine(kClientIp);
  net.network.HealAll();
  net.Run();
  EXPECT_EQ(draining.got, "before");
  EXPECT_TRUE(IsReset(*draining.result)) << *draining.result;
}

TEST(Partition, ASenderGivesUpAfterTheUserTimeout) {
  TestNet net;
  Pair pair(net);
  net.Run();
  net.network.Partition(kClientIp, kServerIp);
  const absl::Duration start = net.world.now();
  Writing writing(net, pair.client.get(), "stuck");
  Reading client(net, pair.client.get());
  Reading server(net, pair.server.get());
  net.Run();
  EXPECT_EQ(client.at - start, absl::Seconds(30));
  EXPECT_TRUE(IsTimedOut(client.result->status())) << client.result->status();
  Writing after(net, pair.client.get(), "after");
  net.Run();
  EXPECT_TRUE(IsTimedOut(*after.result));
  // The idle peer learns of it when the partition heals.
  EXPECT_FALSE(server.done());
  net.network.HealAll();
  net.Run();
  EXPECT_TRUE(IsReset(server.result->status())) << server.result->status();
}

TEST(Partition, AClosedSenderGivesUpToo) {
  TestNet net;
  Pair pair(net);
  net.Run();
  net.network.Partition(kClientIp, kServerIp);
  Draining draining(net, pair.server.get());
  Writing writing(net, pair.client.get(), "stuck");
  net.RunFor(absl::Milliseconds(1));
  pair.client.reset();
  net.Run();
  EXPECT_EQ(net.world.pending_events(), 0u);
  net.network.HealAll();
  net.Run();
  EXPECT_EQ(draining.got, "");
  EXPECT_TRUE(IsReset(*draining.result)) << *draining.result;
  pair.server.reset();
  EXPECT_EQ(net.network.open_connections(), 0u);
}

TEST(Partition, HealingInTimeStopsTheUserTimeout) {
  TestNet net;
  Pair pair(net);
  net.Run();
  Draining draining(net, pair.server.get());
  for (int i = 0; i < 3; ++i) {
    net.network.Partition(kClientIp, kServerIp);
    Writing writing(net, pair.client.get(), "x");
    net.RunFor(absl::Seconds(29));
    net.network.HealAll();
    net.RunFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(net.world.pending_events(), 0u);
  EXPECT_EQ(draining.got, "xxx");
  EXPECT_FALSE(draining.done());
}

TEST(Crash, ResetsPeersOfAcceptedAndOfOutgoingConnections) {
  for (const char* victim : {kServerIp, kClientIp}) {
    TestNet net;
    Pair pair(net);
    net.Run();
    const bool server_dies = victim == kServerIp;
    Stream* dead = (server_dies ? pair.server : pair.client).get();
    Stream* alive = (server_dies ? pair.client : pair.server).get();
    const std::string much = Pattern(2 << 20);
    Reading reading(net, alive);
    Writing writing(net, alive, much);
    Reading dead_reading(net, dead, 1);
    net.Run();
    ASSERT_TRUE(dead_reading.done());
    Writing dead_writing(net, dead, "y");
    net.Run();
    ASSERT_TRUE(reading.done());
    Reading again(net, alive);
    EXPECT_FALSE(writing.done());
    net.RunFor(absl::ZeroDuration());
    const absl::Duration start = net.world.now();
    net.network.CrashMachine(victim);
    net.Run();
    ASSERT_TRUE(again.done() && writing.done());
    EXPECT_TRUE(IsReset(again.result->status())) << again.result->status();
    EXPECT_TRUE(IsReset(*writing.result)) << *writing.result;
    EXPECT_GE(again.at - start, absl::Microseconds(100));
    EXPECT_LE(again.at - start, absl::Microseconds(800));
    Reading after(net, dead);
    net.Run();
    EXPECT_TRUE(absl::IsCancelled(after.result->status()));
  }
}

TEST(Crash, WhatIsOnItsWayArrivesBeforeTheReset) {
  TestNet net;
  Pair pair(net);
  net.Run();
  Draining draining(net, pair.client.get());
  Writing writing(net, pair.server.get(), "last words");
  net.RunFor(absl::ZeroDuration());
  ASSERT_TRUE(writing.done());
  net.network.CrashMachine(kServerIp);
  net.Run();
  EXPECT_EQ(draining.got, "last words");
  EXPECT_TRUE(IsReset(*draining.result)) << *draining.result;
}

TEST(Crash, WakesItsOwnOperationsWithCancelled) {
  TestNet net;
  Pair pair(net);
  net.Run();
  const std::string much = Pattern(2 << 20);
  Reading reading(net, pair.server.get());
  Writing writing(net, pair.server.get(), much);
  Accepting accepting(net, pair.listener.get());
  net.Run();
  net.network.CrashMachine(kServerIp);
  net.Run();
  EXPECT_TRUE(absl::IsCancelled(reading.result->status()));
  EXPECT_TRUE(absl::IsCancelled(*writing.result));
  EXPECT_TRUE(absl::IsCancelled(accepting.result->status()));
  Accepting again(net, pair.listener.get());
  net.Run();
  EXPECT_TRUE(absl::IsCancelled(again.result->status()));
  Connecting refused(net);
  net.Run();
  EXPECT_TRUE(IsRefused(refused.result->status()));
}

TEST(Crash, ANewIncarnationStartsAfresh) {
  TestNet net;
  Pair old(net);
  net.Run();
  net.network.CrashMachine(kServerIp);
  auto reborn = net.network.MakeProvider(kServerIp);
  std::swap(net.server, reborn);
  Pair pair(net);  // binds the same port
  old.server.reset();
  old.listener.reset();
  Writing writing(net, pair.client.get(), "hello");
  Reading reading(net, pair.server.get());
  net.Run();
  EXPECT_EQ(**reading.result, "hello");
  Reading reset(net, old.client.get());
  net.Run();
  EXPECT_TRUE(IsReset(reset.result->status()));
}

TEST(Crash, DuringTheHandshakeNeverHangs) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    for (const char* victim : {kServerIp, kClientIp}) {
      TestNet net(seed);
      auto listener = Listen(net);
      Connecting connecting(net);
      for (uint64_t i = 0; i < seed % 5; ++i) net.world.Turn();
      net.network.CrashMachine(victim);
      net.Run();
      ASSERT_TRUE(connecting.done());
      if (connecting.result->ok()) {
        Reading reading(net, (**connecting.result).get());
        net.Run();
        ASSERT_TRUE(reading.done());
        EXPECT_FALSE(reading.result->ok());
      } else if (victim == kClientIp) {
        EXPECT_TRUE(absl::IsCancelled(connecting.result->status()));
      }
    }
  }
}

TEST(Crash, OfAMachineThatTalksToItself) {
  TestNet net;
  net.client = net.network.MakeProvider(kServerIp);
  Pair pair(net);
  Reading one(net, pair.client.get());
  Reading two(net, pair.server.get());
  net.Run();
  net.network.CrashMachine(kServerIp);
  net.Run();
  EXPECT_TRUE(absl::IsCancelled(one.result->status()));
  EXPECT_TRUE(absl::IsCancelled(two.result->status()));
  pair.client.reset();
  pair.server.reset();
  net.Run();
  EXPECT_EQ(net.network.open_connections(), 0u);
}

}  // namespace
}  // namespace moonpool
