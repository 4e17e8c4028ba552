// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: failure domains are where the shape says, far apart, and go down
// together; groups of processes, client ids and domain partitions are as asked.
// Method: small clusters of fixed shape.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "providers/base/status_macros.h"
#include "sim/runner/builder.h"
#include "sim/runner/test_simulation.h"

namespace moonpool {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// 2 data centres of 2 zones of 1 machine of 2 processes.
ProcessOptions Shaped(Body run = Echo) {
  ProcessOptions options = Servers(1, std::move(run));
  options.locality = LocalityOptions{.datacenters = 2,
                                     .zones_per_datacenter = 2,
                                     .machines_per_zone = 1,
                                     .processes_per_machine = 2};
  return options;
}

TEST(DomainsTest, ProcessesFillTheShapeInOrder) {
  SimulationBuilder builder;
  builder.Processes(Shaped());
  builder.Workload(Driver({.run = [](SimContext& ctx) -> Task<absl::Status> {
    const Topology& topology = ctx.topology();
    EXPECT_THAT(topology.all_process_ips(), SizeIs(8));
    EXPECT_THAT(topology.domains(DomainLevel::kDatacenter),
                ElementsAre("dc1", "dc2"));
    EXPECT_THAT(topology.domains(DomainLevel::kZone),
                ElementsAre("dc1-z1", "dc1-z2", "dc2-z1", "dc2-z2"));
    EXPECT_EQ(topology.member("10.0.1.3")->locality.machine, "dc1-z2-m1");
    EXPECT_THAT(topology.ips_in_domain(DomainLevel::kZone, "dc2-z1"),
                ElementsAre("10.0.1.5", "10.0.1.6"));
    EXPECT_THAT(topology.peers_on_machine_of("10.0.1.3"),
                ElementsAre("10.0.1.4"));
    EXPECT_THAT(ctx.peers(), SizeIs(8));
    co_return absl::OkStatus();
  }}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
}

TEST(DomainsTest, ShapesAreDrawnPerSeed) {
  std::set<size_t> sizes;
  SimulationBuilder builder;
  ProcessOptions options = Servers(1, UntilShutdown);
  options.locality = LocalityOptions{.datacenters = {1, 3},
                                     .machines_per_zone = {1, 2}};
  builder.Processes(std::move(options));
  builder.Workload(Driver({.run = [&](SimContext& ctx) -> Task<absl::Status> {
    sizes.insert(ctx.topology().all_process_ips().size());
    co_return absl::OkStatus();
  }}));
  EXPECT_TRUE(builder.Iterations(100).Run().ok());
  EXPECT_EQ(sizes, (std::set<size_t>{1, 2, 3, 4, 6}));
}

Task<absl::Status> MeasureConnect(SimContext& ctx, absl::Duration* near,
                                  absl::Duration* zone, absl::Duration* far) {
  const absl::Duration start = ctx.time().Now();
  CO_RETURN_IF_ERROR((co_await ctx.network().Connect("10.0.1.2")).status());
  *near = ctx.time().Now() - start;
  CO_RETURN_IF_ERROR((co_await ctx.network().Connect("10.0.1.3")).status());
  *zone = ctx.time().Now() - start - *near;
  CO_RETURN_IF_ERROR((co_await ctx.network().Connect("10.0.1.5")).status());
  *far = ctx.time().Now() - start - *near - *zone;
  co_return absl::OkStatus();
}

TEST(DomainsTest, DistanceCostsLatency) {
  absl::Duration near;
  absl::Duration zone;
  absl::Duration far;
  SimulationBuilder builder;
  builder.Processes(Shaped([&](SimContext& ctx) -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(auto listener,
                        co_await ctx.network().Bind(ctx.my_ip()));
    if (ctx.my_ip() == "10.0.1.1") {
      co_await ctx.time().Sleep(absl::Seconds(1));
      CO_RETURN_IF_ERROR(co_await MeasureConnect(ctx, &near, &zone, &far));
    }
    co_await ctx.shutdown().Cancelled();
    co_return absl::OkStatus();
  }));
  NetworkOptions network;
  network.slow_chance = {0, 1};
  builder.Network(network);
  builder.Workload(Driver({.run = Sleeping(absl::Seconds(5))}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_LE(near, absl::Microseconds(1700));  // a round trip
  EXPECT_GE(zone, absl::Microseconds(1200));
  EXPECT_LE(zone, absl::Microseconds(5700));
  EXPECT_GE(far, absl::Milliseconds(20));
  EXPECT_LE(far, absl::Milliseconds(202));
}

TEST(DomainsTest, AttritionTakesADomainAsAWholeOrNotAtAll) {
  std::set<int> dead;
  SimulationBuilder builder;
  builder.Processes(Shaped(UntilShutdown));
  builder.Attrition({.max_dead = 3,
                     .prob_graceful = 0,
                     .delays = {.recovery_delay_min = absl::Seconds(2),
                                .recovery_delay_max = absl::Seconds(2)},
                     .scope = DomainLevel::kMachine});
  builder.Fault(Gremlin([&](FaultContext& ctx) -> Task<absl::Status> {
    for (;;) {
      dead.insert(ctx.dead_count());
      co_await ctx.time().Sleep(absl::Milliseconds(10));
    }
  }));
  builder.Workload(Driver({.run = Sleeping(absl::Minutes(5))}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_EQ(dead, (std::set<int>{0, 2}));  // two would be four at once
}

TEST(DomainsTest, TagsAndDomainsAreRebootedAndCutOff) {
  SimulationBuilder builder;
  ProcessOptions options = Shaped(UntilShutdown);
  options.tags = {{"role", {"leader", "follower", "follower", "follower"}}};
  builder.Processes(std::move(options));
  builder.Fault(Gremlin([](FaultContext& ctx) -> Task<absl::Status> {
    EXPECT_EQ(ctx.RebootTagged("role", "leader", RebootKind::kCrash), 2);
    EXPECT_THAT(ctx.dead_ips(), ElementsAre("10.0.1.1", "10.0.1.5"));
    EXPECT_EQ(ctx.RebootDomain(DomainLevel::kDatacenter, "dc1",
                               RebootKind::kPowerLoss),
              3);  // one is dead already
    EXPECT_EQ(ctx.dead_count(), 5);
    ctx.PartitionDomain(DomainLevel::kDatacenter, "dc2", absl::Seconds(30));
    EXPECT_TRUE(ctx.network().IsPartitioned("10.0.1.5", "10.0.1.1"));
    EXPECT_TRUE(ctx.network().IsPartitioned("10.0.0.1", "10.0.1.6"));
    EXPECT_FALSE(ctx.network().IsPartitioned("10.0.1.5", "10.0.1.6"));
    co_await ctx.time().Sleep(absl::Seconds(31));
    EXPECT_FALSE(ctx.network().IsPartitioned("10.0.1.5", "10.0.1.1"));
    ctx.PartitionTagged("role", "leader");
    EXPECT_TRUE(ctx.network().IsPartitioned("10.0.1.1", "10.0.1.2"));
    EXPECT_FALSE(ctx.network().IsPartitioned("10.0.1.1", "10.0.1.5"));
    co_return absl::OkStatus();
  }));
  builder.Workload(Driver({.run = Sleeping(absl::Minutes(1))}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
}

TEST(GroupsTest, SeveralKindsOfProcessesAndNamesThatResolve) {
  std::vector<std::string> members;
  SimulationBuilder builder;
  builder.Processes(Servers(2, UntilShutdown));
  builder.Processes(Servers(1, UntilShutdown));
  builder.Workload(Driver({.run = [&](SimContext& ctx) -> Task<absl::Status> {
    for (const Member& member : ctx.topology().members()) {
      members.push_back(absl::StrCat(member.name, " ", member.ip));
    }
    CO_ASSIGN_OR_RETURN(const std::string ip,
                        co_await ctx.network().Resolve("server-2"));
    EXPECT_EQ(ip, "10.0.1.2");
    EXPECT_THAT(ctx.topology().ips_with_prefix("server-"), SizeIs(2));
    co_return absl::OkStatus();
  }}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_THAT(members,
              ElementsAre("driver 10.0.0.1", "server-1 10.0.1.1",
                          "server-2 10.0.1.2", "server 10.0.1.3"));
}

TEST(ClientIdTest, FixedOnesCountUpAndRandomOnesStayInRange) {
  std::vector<int> fixed;
  std::set<int> random;
  SimulationBuilder builder;
  const auto collect = [](auto add) {
    return [add](int) {
      return Driver({.run = [add](SimContext& ctx) -> Task<absl::Status> {
        add(ctx.client_id());
        EXPECT_EQ(ctx.client_count(), 3);
        co_return absl::OkStatus();
      }});
    };
  };
  builder.Workloads(3, collect([&](int id) { fixed.push_back(id); }),
                    ClientId::Fixed(7));
  builder.Workloads(3, collect([&](int id) { random.insert(id); }),
                    ClientId::Random(100, 103));
  EXPECT_TRUE(builder.Iterations(100).Run().ok());
  std::sort(fixed.begin(), fixed.end());
  fixed.erase(std::unique(fixed.begin(), fixed.end()), fixed.end());
  EXPECT_THAT(fixed, ElementsAre(7, 8, 9));
  EXPECT_EQ(random, (std::set<int>{100, 101, 102, 103}));
}

}  // namespace
}  // namespace moonpool
