// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: datagrams arrive whole, in order, once, unless something says
// otherwise; names lead to machines. Method: two sockets, numbered datagrams.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/network/sim_network.h"
#include "sim/network/test_net.h"

namespace moonpool {
namespace {

void SendNumbers(TestNet& net, Sockets& sockets, int count) {
  for (int i = 0; i < count; ++i) {
    EXPECT_TRUE(
        Send(net, sockets.client.get(), kServerIp, absl::StrCat(i)).ok());
    net.RunFor(absl::Microseconds(50));
  }
  net.Run();
}

TEST(Datagrams, ArriveInOrderOnceAndWithTheirSender) {
  TestNet net;
  Sockets sockets(net);
  SendNumbers(net, sockets, 500);
  ASSERT_EQ(sockets.got.size(), 500u);
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(sockets.got[static_cast<size_t>(i)].bytes, absl::StrCat(i));
  }
  EXPECT_EQ(sockets.got[0].from, sockets.client->local_address());
  EXPECT_EQ(net.world.faults().total(), 0u);
  const NetworkStats& stats = net.network.stats();
  EXPECT_EQ(stats.datagrams_sent, 500u);
  EXPECT_EQ(stats.datagrams_received, 500u);
  EXPECT_EQ(stats.datagrams_lost, 0u);
}

TEST(Datagrams, OfAllSizesUpToTheGreatest) {
  TestNet net;
  Sockets sockets(net);
  for (size_t size : {size_t{0}, size_t{1}, DatagramSocket::kMaxBytes}) {
    EXPECT_TRUE(Send(net, sockets.client.get(), kServerIp, Pattern(size)).ok());
    net.Run();
    EXPECT_TRUE(sockets.got.back().bytes == Pattern(size));
  }
  EXPECT_TRUE(
      absl::IsInvalidArgument(Send(net, sockets.client.get(), kServerIp,
                                   Pattern(DatagramSocket::kMaxBytes + 1))));
}

TEST(Datagrams, NobodyListeningIsNoError) {
  TestNet net;
  auto socket = Socket(net, net.client.get(), kClientIp);
  EXPECT_TRUE(Send(net, socket.get(), "10.0.1.2:99", "x").ok());
  EXPECT_TRUE(Send(net, socket.get(), "10.0.7.7", "x").ok());
  net.Run();
  EXPECT_EQ(net.network.stats().datagrams_lost, 2u);
  EXPECT_TRUE(
      absl::IsInvalidArgument(Send(net, socket.get(), "10.0.1.2:0", "x")));
}

TEST(Datagrams, PortsConflictAmongThemselvesOnly) {
  TestNet net;
  auto first = Socket(net, net.server.get(), kServerIp);
  auto listener = Listen(net);  // the same port of TCP
  Outcome<absl::StatusCode> second;
  second.job = net.tasks.Spawn([&]() -> Task<void> {
    second.result =
        (co_await net.server->BindDatagram(kServerIp)).status().code();
  });
  net.RunFor(absl::ZeroDuration());
  EXPECT_EQ(second.result, absl::StatusCode::kAlreadyExists);
  first.reset();
  EXPECT_NE(Socket(net, net.server.get(), kServerIp), nullptr);
}

TEST(Datagrams, AQueueThatNobodyReadsIsBounded) {
  NetworkOptions options = Steady();
  options.datagram_queue = 10;
  TestNet net(1, options);
  Sockets sockets(net);
  sockets.job.Abort();
  SendNumbers(net, sockets, 30);
  EXPECT_EQ(net.network.stats().datagrams_lost, 20u);
  sockets.Receive(net);
  net.Run();
  net.RunFor(absl::ZeroDuration());
  ASSERT_EQ(sockets.got.size(), 10u);
  EXPECT_EQ(sockets.got.back().bytes, "9");
}

TEST(Datagrams, PartitionsAndDropsLoseThemClogsAndStallsKeepThem) {
  for (int trouble = 0; trouble < 5; ++trouble) {
    TestNet net;
    Sockets sockets(net);
    if (trouble == 0) net.network.Partition(kClientIp, kServerIp);
    if (trouble == 1)
      net.network.SetMode(kClientIp, kServerIp, LinkMode::kDrop);
    if (trouble == 2)
      net.network.SetMode(kClientIp, kServerIp, LinkMode::kReset);
    if (trouble == 3)
      net.network.SetMode(kClientIp, kServerIp, LinkMode::kStall);
    if (trouble == 4) net.network.Clog(kClientIp, kServerIp);
    SendNumbers(net, sockets, 20);
    EXPECT_EQ(sockets.got.size(), 0u);
    net.network.HealAll();
    net.Run();
    ASSERT_EQ(sockets.got.size(), trouble < 3 ? 0u : 20u) << trouble;
    if (trouble >= 3) EXPECT_EQ(sockets.got.back().bytes, "19");
    EXPECT_EQ(net.network.stats().datagrams_lost, trouble < 3 ? 20u : 0u);
  }
}

TEST(Datagrams, ThoseInFlightAreLostWhenTheLinkIsCut) {
  TestNet net;
  Sockets sockets(net);
  EXPECT_TRUE(Send(net, sockets.client.get(), kServerIp, "x").ok());
  net.network.PartitionOneWay(kClientIp, kServerIp);
  net.Run();
  net.network.HealAll();
  net.Run();
  EXPECT_EQ(sockets.got.size(), 0u);
}

TEST(Datagrams, ACrashLosesTheQueueAndTheSocket) {
  TestNet net;
  Sockets sockets(net);
  net.RunFor(absl::ZeroDuration());
  EXPECT_TRUE(Send(net, sockets.client.get(), kServerIp, "x").ok());
  net.network.CrashMachine(kServerIp);
  net.Run();
  EXPECT_TRUE(absl::IsCancelled(sockets.end)) << sockets.end;
  EXPECT_EQ(sockets.got.size(), 0u);
  EXPECT_EQ(net.network.stats().datagrams_lost, 1u);
  EXPECT_TRUE(
      absl::IsCancelled(Send(net, sockets.server.get(), kClientIp, "x")));
  auto reborn = net.network.MakeProvider(kServerIp);
  EXPECT_NE(Socket(net, reborn.get(), kServerIp), nullptr);
}

TEST(Datagrams, LossDuplicationAndReorderFollowTheirRatios) {
  constexpr int kCount = 4000;
  for (bool by_link : {false, true}) {
    TestNet net;
    Sockets sockets(net);
    if (by_link) {
      net.network.SetDatagramFaults(kClientIp, kServerIp,
                                    {.loss = {1, 5}, .duplicate = {1, 10}});
    } else {
      NetworkFaults faults;
      faults.datagram_loss = {1, 5};
      faults.datagram_duplicate = {1, 10};
      net.network.SetFaults(faults);
    }
    SendNumbers(net, sockets, kCount);
    const NetworkStats& stats = net.network.stats();
    EXPECT_NEAR(static_cast<double>(stats.datagrams_lost), 880, 90);
    EXPECT_NEAR(static_cast<double>(stats.datagrams_duplicated), 400, 60);
    EXPECT_EQ(sockets.got.size(),
              kCount - stats.datagrams_lost + stats.datagrams_duplicated);
    EXPECT_EQ(net.world.faults().of(FaultFamily::kDatagramLoss),
              stats.datagrams_lost);
    EXPECT_EQ(net.world.faults().of(FaultFamily::kDatagramDuplicate),
              stats.datagrams_duplicated);
  }
  TestNet net;
  Sockets sockets(net);
  net.network.SetDatagramFaults(kClientIp, kServerIp, {.reorder = {1, 10}});
  SendNumbers(net, sockets, kCount);
  ASSERT_EQ(sockets.got.size(), static_cast<size_t>(kCount));
  int overtaken = 0;
  int newest = -1;
  for (const Datagram& datagram : sockets.got) {
    const int number = std::stoi(datagram.bytes);
    if (number < newest) ++overtaken;
    newest = std::max(newest, number);
  }
  EXPECT_NEAR(
      static_cast<double>(net.world.faults().of(FaultFamily::kDatagramReorder)),
      400, 70);
  EXPECT_GT(overtaken, 200);
  EXPECT_LE(overtaken, 500);
}

TEST(Datagrams, WhatIsUnderWayGoesWithTheNetwork) {
  World world(WorldOptions{.seed = 1});
  {
    SimNetwork network(&world, NetworkOptions());
    auto a = network.MakeProvider(kClientIp);
    TaskSet tasks;
    tasks.Spawn([&]() -> Task<void> {
      auto socket = co_await a->BindDatagram(kClientIp);
      network.Clog(kClientIp, "10.0.1.3");
      (void)co_await (*socket)->SendTo(kServerIp, "x");
      (void)co_await (*socket)->SendTo("10.0.1.3", "x");
    });
    world.RunReady();
    EXPECT_EQ(world.pending_events(), 1u);
  }
  EXPECT_EQ(world.pending_events(), 0u);
}

// --- Names
// ----------------------------------------------------------------------

TEST(Names, LeadToMachinesInEveryAddress) {
  TestNet net;
  net.network.AddName("kv-2", "10.0.1.9");
  net.network.AddName("kv-2", kServerIp);  // moved
  auto listener = Listen(net, "kv-2:80");
  EXPECT_EQ(listener->local_address(), "10.0.1.2:80");
  Connecting connecting(net, "kv-2:80");
  net.Run();
  ASSERT_TRUE(connecting.result->ok()) << connecting.result->status();
  Sockets sockets(net);
  EXPECT_TRUE(Send(net, sockets.client.get(), "kv-2", "x").ok());
  net.Run();
  EXPECT_EQ(sockets.got.size(), 1u);
  EXPECT_TRUE(
      absl::IsNotFound(Send(net, sockets.client.get(), "kv-3:4500", "x")));
  Connecting unknown(net, "kv-3");
  net.Run();
  EXPECT_TRUE(absl::IsNotFound(unknown.result->status()));
}

TEST(Names, Resolve) {
  TestNet net;
  net.network.AddName("kv-2", kServerIp);
  std::vector<std::string> answers;
  net.tasks.Spawn([&]() -> Task<void> {
    for (std::string name : {"kv-2", "10.0.1.7", "nobody", "1.2.3", ""}) {
      auto ip = co_await net.client->Resolve(name);
      answers.push_back(ip.ok() ? *ip
                                : absl::StatusCodeToString(ip.status().code()));
    }
  });
  net.Run();
  EXPECT_EQ(answers,
            (std::vector<std::string>{"10.0.1.2", "10.0.1.7", "NOT_FOUND",
                                      "INVALID_ARGUMENT", "INVALID_ARGUMENT"}));
}

}  // namespace
}  // namespace moonpool
