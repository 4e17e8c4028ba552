// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/conformance/sim_world.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "providers/coro/task_set.h"
#include "providers/providers.h"
#include "sim/core/rng.h"
#include "sim/network/sim_network.h"
#include "sim/storage/sim_disk.h"

namespace moonpool {
namespace {

class SetTasks final : public Tasks {
 public:
  void Clear() { set_.Clear(); }

 protected:
  TaskSet& set() override { return set_; }

 private:
  // Join tells of exceptions.
  TaskSet set_{[](absl::string_view) {}};
};

class SimHost final : public Providers {
 public:
  SimHost(World* world, SimNetwork* network, std::string ip, uint64_t entity)
      : time_(world),
        network_(network->MakeProvider(ip)),
        random_(&world->random(), "conformance", entity),
        disk_(world, std::move(ip), DiskOptions()),
        storage_(disk_.MakeProvider()) {}
  Time& time() override { return time_; }
  Tasks& tasks() override { return tasks_; }
  Network& network() override { return *network_; }
  Random& random() override { return random_; }
  Storage& storage() override { return *storage_; }
  void EndTasks() { tasks_.Clear(); }

 private:
  SimTime time_;
  std::unique_ptr<Network> network_;
  RandomStream random_;
  SimDisk disk_;
  std::unique_ptr<Storage> storage_;
  SetTasks tasks_;
};

class SimWorld final : public WorldUnderTest {
 public:
  explicit SimWorld(const WorldOptions& options)
      : world_(options),
        network_(&world_, NetworkOptions()),
        first_(&world_, &network_, ip(0), 0),
        second_(&world_, &network_, ip(1), 1) {}
  ~SimWorld() override {
    // Tasks of one host may use what the other's tasks own.
    first_.EndTasks();
    second_.EndTasks();
  }
  Providers& host(int index) override { return index == 0 ? first_ : second_; }
  std::string ip(int index) const override {
    return absl::StrCat("10.0.1.", index + 1);
  }
  void RunUntil(absl::FunctionRef<bool()> done) override {
    while (!done() && !world_.is_runaway()) {
      world_.RunReady();
      if (done() || !world_.FireNext()) return;
    }
  }

 private:
  World world_;
  SimNetwork network_;
  SimHost first_;
  SimHost second_;
};

}  // namespace

std::unique_ptr<WorldUnderTest> MakeSimWorld(const WorldOptions& options) {
  return std::make_unique<SimWorld>(options);
}

}  // namespace moonpool
