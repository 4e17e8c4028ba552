// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: who takes part, under which name, address, tags and place. Method: what
// processes and workloads see of their topology.
#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "providers/base/status_macros.h"
#include "providers/coro/cancellation.h"
#include "providers/coro/task_set.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/test_simulation.h"

namespace moonpool {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(TopologyTest, CountsAreDrawnPerSeed) {
  std::set<size_t> servers;
  std::set<int> drivers;
  size_t server_count = 0;
  int driver_count = 0;
  SimulationBuilder builder;
  builder.Processes(Servers({3, 7}, UntilShutdown));
  builder.Workloads({1, 3}, [&](int) {
    return Driver({.run = [&](SimContext& ctx) -> Task<absl::Status> {
      server_count = ctx.topology().all_process_ips().size();
      driver_count = ctx.client_count();
      co_return absl::OkStatus();
    }});
  });
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    EXPECT_THAT(builder.RunIteration(seed).violations, IsEmpty());
    const size_t server_count_before = server_count;
    const int driver_count_before = driver_count;
    servers.insert(server_count);
    drivers.insert(driver_count);
    builder.RunIteration(seed);
    EXPECT_EQ(server_count, server_count_before);
    EXPECT_EQ(driver_count, driver_count_before);
  }
  EXPECT_THAT(servers, ElementsAre(3, 4, 5, 6, 7));
  EXPECT_THAT(drivers, ElementsAre(1, 2, 3));
}

TEST(TopologyTest, TagsAreDealtInTurn) {
  std::vector<std::string> zones;
  auto record = [&](SimContext& ctx) -> Task<absl::Status> {
    zones.push_back(absl::StrCat(ctx.my_ip(), " ", ctx.my_tags().at("zone"),
                                 ctx.my_tags().at("role")));
    co_return absl::OkStatus();
  };
  ProcessOptions servers = Servers(5, record);
  servers.tags = {{"zone", {"a", "b", "c"}}, {"role", {"x", "y"}}};
  SimulationBuilder builder;
  builder.Order(ReadyOrder::kFifo).Processes(std::move(servers));
  builder.Workload(
      Driver({.run = [](SimContext& ctx) -> Task<absl::Status> {
        const Topology& topology = ctx.topology();
        EXPECT_THAT(topology.ips_tagged("zone", "b"),
                    ElementsAre("10.0.1.2", "10.0.1.5"));
        EXPECT_THAT(topology.ips_tagged("zone", "d"), IsEmpty());
        EXPECT_THAT(topology.ips_tagged("rack", "a"), IsEmpty());
        EXPECT_THAT(ctx.my_tags(), IsEmpty());
        EXPECT_EQ(ctx.my_ip(), "10.0.0.1");
        EXPECT_EQ(ctx.peer("server-2"), "10.0.1.2");
        EXPECT_EQ(ctx.peer("server-6"), "");
        EXPECT_EQ(ctx.peer("driver"), "10.0.0.1");
        EXPECT_EQ(topology.member("10.0.1.9"), nullptr);
        EXPECT_FALSE(topology.member("10.0.0.1")->is_process);
        co_return absl::OkStatus();
      }}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_THAT(zones, ElementsAre("10.0.1.1 ax", "10.0.1.2 by", "10.0.1.3 cx",
                                 "10.0.1.4 ay", "10.0.1.5 bx"));
}

TEST(TopologyTest, QueriesKeepTheOrderOfTheMembers) {
  ProcessOptions servers = Servers(1, UntilShutdown);
  servers.tags = {{"colour", {"red", "blue"}}};
  servers.locality = LocalityOptions{.datacenters = 20,
                                     .zones_per_datacenter = 1,
                                     .machines_per_zone = 1,
                                     .processes_per_machine = 2};
  SimulationBuilder builder;
  builder.Processes(std::move(servers));
  builder.Workload(Driver({.run = [](SimContext& ctx) -> Task<absl::Status> {
    const Topology& topology = ctx.topology();
    std::vector<std::string> red;
    std::vector<std::string> datacenters;
    for (int i = 1; i <= 20; ++i) {
      red.push_back(absl::StrCat("10.0.1.", 2 * i - 1));
      datacenters.push_back(absl::StrCat("dc", i));
    }
    EXPECT_EQ(topology.ips_tagged("colour", "red"), red);
    EXPECT_EQ(topology.domains(DomainLevel::kDatacenter), datacenters);
    co_return absl::OkStatus();
  }}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
}

TEST(TopologyTest, ClientsAreNumberedWithinTheirEntry) {
  std::set<std::string> clients;
  Steps steps = {.run = [&](SimContext& ctx) -> Task<absl::Status> {
    clients.insert(absl::StrCat(ctx.my_ip(), ": ", ctx.client_id(), " of ",
                                ctx.client_count()));
    co_return absl::OkStatus();
  }};
  SimulationBuilder builder;
  builder.Workload(Driver(steps));
  builder.Workloads(2, [&](int) { return Driver(steps); });
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_THAT(clients, ElementsAre("10.0.0.1: 0 of 1", "10.0.0.2: 0 of 2",
                                   "10.0.0.3: 1 of 2"));
}

TEST(TopologyTest, AddressesStayValidInLargeTopologies) {
  std::set<std::string> ips;
  SimulationBuilder builder;
  builder.Processes(Servers(600, [&](SimContext& ctx) -> Task<absl::Status> {
    ips.insert(ctx.my_ip());
    co_return absl::OkStatus();
  }));
  builder.Workloads(300, [&](int) {
    return Driver({.run = [&](SimContext& ctx) -> Task<absl::Status> {
      ips.insert(ctx.my_ip());
      co_return absl::OkStatus();
    }});
  });
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_THAT(ips, SizeIs(900));
}

TEST(WorkloadTest, AnInstanceIsReusedAndAFactoryIsNot) {
  int reused = 0;
  std::vector<int> made;
  int alive = 0;
  SimulationBuilder builder;
  builder
      .Workload(Driver({.run = [&, runs = 0](SimContext&) mutable
                            -> Task<absl::Status> {
        reused = ++runs;  // kept in the instance
        co_return absl::OkStatus();
      }}))
      .Workloads(2,
                 [&](int number) {
                   made.push_back(number);
                   ++alive;
                   auto token = std::shared_ptr<int>(
                       &alive, [](int* count) { --*count; });
                   return Driver(
                       {.run = [token](SimContext&) -> Task<absl::Status> {
                         co_return absl::OkStatus();
                       }});
                 })
      .Iterations(3);
  EXPECT_TRUE(builder.Run().ok());
  EXPECT_EQ(reused, 3);
  EXPECT_THAT(made, ElementsAre(0, 1, 0, 1, 0, 1));
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace moonpool
