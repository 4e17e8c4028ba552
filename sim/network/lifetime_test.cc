// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a run repeats exactly, and whatever is destroyed, at whatever moment,
// leaves no frame, event or connection behind. Method: as in
// sim_network_test.cc; conversations are cut off after every number of turns.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/network/sim_network.h"
#include "sim/network/test_net.h"

namespace moonpool {
namespace {

// --- Determinism ------------------------------------------------------------

uint64_t TraceOf(uint64_t seed) {
  TestNet net(seed, NetworkOptions());
  Pair pair(net);
  const std::string bytes = Pattern(300000);
  Writing writing(net, pair.client.get(), bytes);
  Draining draining(net, pair.server.get());
  net.RunFor(absl::Milliseconds(3));
  net.network.Partition(kClientIp, kServerIp);
  net.RunFor(absl::Milliseconds(3));
  net.network.HealAll();
  net.Run();
  net.network.CrashMachine(kServerIp);
  net.Run();
  return net.world.trace().value();
}

TEST(Determinism, SameSeedSameTrace) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(TraceOf(seed), TraceOf(seed));
    EXPECT_NE(TraceOf(seed), TraceOf(seed + 1));
  }
}

// --- Destruction ------------------------------------------------------------

// A conversation that passes through every suspension point: accept, connect,
// blocked write, blocked read.
Task<void> Serve(Network* network) {
  auto listener = co_await network->Bind(kServerIp);
  for (;;) {
    auto accepted = co_await (*listener)->Accept();
    if (!accepted.ok()) co_return;
    std::string buffer(1000, '\0');
    for (;;) {
      auto count = co_await accepted->stream->Read(absl::MakeSpan(buffer));
      if (!count.ok() || *count == 0) break;
      if (!(co_await accepted->stream->Write(buffer)).ok()) break;
    }
  }
}
Task<void> Call(Network* network) {
  const std::string bytes = Pattern(3 << 20);
  for (;;) {
    auto stream = co_await network->Connect(kServerIp);
    if (!stream.ok()) co_return;
    (void)co_await (*stream)->Write(bytes);
  }
}

TEST(Destruction, AtEverySuspensionPointLeavesNothing) {
  for (int turns = 0; turns < 60; ++turns) {
    for (int how = 0; how < 4; ++how) {
      const size_t frames = LiveFrames();
      {
        TestNet net(turns + 1);
        JoinHandle server = net.tasks.Spawn(Serve, net.server.get());
        JoinHandle client = net.tasks.Spawn(Call, net.client.get());
        for (int i = 0; i < turns; ++i) net.world.Turn();
        if (how == 0) server.Abort();
        if (how == 1) client.Abort();
        if (how >= 2) {  // power off, then the frames
          const char* ip = how == 2 ? kServerIp : kClientIp;
          net.network.CrashMachine(ip);
          const size_t pending = net.world.pending_events();
          World::TeardownScope teardown(&net.world);
          (how == 2 ? server : client).Abort();
          EXPECT_EQ(net.world.pending_events(), pending);
        }
        for (int i = 0; i < 1000; ++i) net.world.Turn();
        net.tasks.Clear();
        net.Run();
        EXPECT_EQ(net.network.open_connections(), 0u) << turns << " " << how;
        EXPECT_EQ(net.world.pending_events(), 0u);
      }
      EXPECT_EQ(LiveFrames(), frames);
    }
  }
}

TEST(Destruction, ANetworkThatGoesFirstLeavesInertStreams) {
  World world(WorldOptions{.seed = 1});
  auto network = std::make_unique<SimNetwork>(&world, Steady());
  auto provider = network->MakeProvider(kServerIp);
  std::vector<std::unique_ptr<Stream>> streams;
  std::unique_ptr<Listener> listener;
  TaskSet tasks;
  tasks.Spawn([&]() -> Task<void> {
    listener = *co_await provider->Bind(kServerIp);
    for (int i = 0; i < 3; ++i) {
      streams.push_back(*co_await provider->Connect(kServerIp));
    }
    auto accepted = co_await listener->Accept();
    streams.push_back(std::move(accepted->stream));
    EXPECT_TRUE((co_await streams[0]->Write("x")).ok());
  });
  while (streams.size() < 4) ASSERT_TRUE(world.Turn());
  network.reset();
  EXPECT_EQ(world.pending_events(), 0u);
  absl::Status write, connect;
  tasks.Spawn([&]() -> Task<void> {
    write = co_await streams[0]->Write("x");
    connect = (co_await provider->Connect(kServerIp)).status();
  });
  while (world.Turn()) {
  }
  EXPECT_TRUE(absl::IsCancelled(write));
  EXPECT_TRUE(absl::IsCancelled(connect));
}

}  // namespace
}  // namespace moonpool
