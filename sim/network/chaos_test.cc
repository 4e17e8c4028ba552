// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: whatever sequence of partitions, heals and crashes befalls machines
// that talk to each other, a reader gets a prefix of what was written, all of
// it if the stream ends cleanly, and nothing hangs or is left once the faults
// are over. Method: random faults over many seeds; each stream says first which
// bytes will follow.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "providers/random.h"
#include "sim/core/rng.h"
#include "sim/network/sim_network.h"
#include "sim/network/test_net.h"

namespace moonpool {
namespace {

constexpr uint64_t kSeeds = 25;
constexpr int kMachines = 3;
std::string Ip(uint64_t index) { return absl::StrCat("10.0.1.", index + 1); }

struct Header {
  uint64_t size;
  uint64_t salt;
};

struct Counts {
  int complete = 0;
  int broken = 0;
};

Task<void> Handle(std::unique_ptr<Stream> stream, Counts* counts) {
  Header header{};
  char* raw = reinterpret_cast<char*>(&header);
  if (!(co_await stream->ReadFull(absl::MakeSpan(raw, sizeof(header)))).ok()) {
    ++counts->broken;
    co_return;
  }
  const std::string expected = Pattern(header.size, header.salt);
  std::string got;
  std::string buffer(30000, '\0');
  for (;;) {
    auto count = co_await stream->Read(absl::MakeSpan(buffer));
    if (count.ok() && *count > 0) {
      got.append(buffer, 0, *count);
      continue;
    }
    EXPECT_TRUE(got == expected.substr(0, got.size())) << "a hole";
    if (count.ok()) {
      EXPECT_EQ(got.size(), expected.size()) << "a clean end too early";
      ++counts->complete;
    } else {
      EXPECT_TRUE(IsReset(count.status()) || IsTimedOut(count.status()) ||
                  absl::IsCancelled(count.status()));
      ++counts->broken;
    }
    co_return;
  }
}

Task<void> Listen(Network* network, std::string ip, TaskSet* tasks,
                  Counts* counts) {
  auto listener = co_await network->Bind(ip);
  EXPECT_TRUE(listener.ok()) << listener.status();
  for (;;) {
    auto accepted = co_await (*listener)->Accept();
    if (!accepted.ok()) co_return;
    tasks->Spawn(Handle, std::move(accepted->stream), counts);
  }
}

Task<void> Talk(Network* network, RandomStream* random, const bool* stop) {
  while (!*stop) {
    auto stream = co_await network->Connect(Ip(random->Below(kMachines)));
    if (!stream.ok()) {
      if (absl::IsCancelled(stream.status())) co_return;
      continue;
    }
    Header header{};
    header.size = random->Below(1 << random->Below(20));
    header.salt = random->Next();
    const std::string bytes =
        absl::StrCat(absl::string_view(reinterpret_cast<const char*>(&header),
                                       sizeof(header)),
                     Pattern(header.size, header.salt));
    if (!(co_await (*stream)->Write(bytes)).ok()) continue;
    if (random->Chance(Ratio{1, 2})) continue;  // close without waiting
    (*stream)->CloseWrite();
    char byte;
    (void)co_await (*stream)->Read(absl::MakeSpan(&byte, 1));
  }
}

struct TestMachine {
  std::unique_ptr<Network> network;
  TaskSet tasks;
};

Counts RunChaos(uint64_t seed) {
  Counts counts;
  bool stop = false;
  World world(WorldOptions{.seed = seed});
  RandomStream random(&world.random(), "test");
  NetworkOptions options;
  options.slow_chance = Ratio{1, 50};
  options.backlog = 2;
  options.user_timeout = absl::Milliseconds(300);
  SimNetwork network(&world, options);
  std::vector<std::unique_ptr<TestMachine>> machines(kMachines);
  auto boot = [&](uint64_t i) {
    machines[i] = std::make_unique<TestMachine>();
    TestMachine& machine = *machines[i];
    machine.network = network.MakeProvider(Ip(i));
    machine.tasks.Spawn(Listen, machine.network.get(), Ip(i), &machine.tasks,
                        &counts);
    for (int j = 0; j < 3; ++j) {
      machine.tasks.Spawn(Talk, machine.network.get(), &random, &stop);
    }
  };
  for (int i = 0; i < kMachines; ++i) boot(i);
  for (int round = 0; round < 100; ++round) {
    const uint64_t turns = random.Below(100);
    for (uint64_t i = 0; i < turns; ++i) world.Turn();
    const std::string a = Ip(random.Below(kMachines));
    const std::string b = Ip(random.Below(kMachines));
    switch (random.Below(5)) {
      case 0:
        network.Partition(a, b);
        break;
      case 1:
        network.PartitionOneWay(a, b);
        break;
      case 2:
        network.Heal(a, b);
        break;
      case 3:
        network.HealAll();
        break;
      case 4: {
        const uint64_t victim = random.Below(kMachines);
        network.CrashMachine(Ip(victim));
        {
          World::TeardownScope teardown(&world);
          machines[victim].reset();
        }
        boot(victim);
      }
    }
  }
  network.HealAll();
  stop = true;
  while (world.Turn()) {
  }
  // All that is left are the listeners' tasks.
  EXPECT_EQ(network.open_connections(), 0u) << "seed " << seed;
  machines.clear();
  EXPECT_EQ(world.pending_events(), 0u);
  return counts;
}

TEST(Chaos, StreamsHaveNoHolesAndNothingHangs) {
  Counts sum;
  const size_t frames = LiveFrames();
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Counts counts = RunChaos(seed);
    sum.complete += counts.complete;
    sum.broken += counts.broken;
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  EXPECT_EQ(LiveFrames(), frames);
  EXPECT_GT(sum.complete, 500);
  EXPECT_GT(sum.broken, 50);
}

}  // namespace
}  // namespace moonpool
