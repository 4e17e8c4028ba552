// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The contract of the providers, as tests: what application code may rely upon
// in production and in a simulation alike. The suites are abstract; whoever
// implements providers says how to make a world of them and instantiates the
// suites, having linked this library in:
//
//   INSTANTIATE_TEST_SUITE_P(Sim, TimeConformance, ::testing::Values(
//       WorldFactory{"Steady", [] { return std::make_unique<MyWorld>(); }}),
//       WorldName);
//
// A test is a coroutine on host 0 that returns a status. It waits at most some
// tens of milliseconds, so that the suites are bearable in real time.
#ifndef MOONPOOL_PROVIDERS_CONFORMANCE_CONFORMANCE_H_
#define MOONPOOL_PROVIDERS_CONFORMANCE_CONFORMANCE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/providers.h"

namespace moonpool {

// Two hosts that can reach each other, without faults.
class WorldUnderTest {
 public:
  virtual ~WorldUnderTest() = default;
  // Host 0 or 1. Its tasks swallow exceptions (Join tells of them); its storage
  // is empty at first.
  virtual Providers& host(int index) = 0;
  // Where the host can be reached, and nobody else listens yet.
  virtual std::string ip(int index) const = 0;
  // A name that Resolve knows; empty if there is none.
  virtual std::string name(int) const { return ""; }
  // Lets the world go on until done() is true, which is asked after every step,
  // or nothing can happen any more.
  virtual void RunUntil(absl::FunctionRef<bool()> done) = 0;
};

struct WorldFactory {
  std::string name;
  std::function<std::unique_ptr<WorldUnderTest>()> make;
  friend void PrintTo(const WorldFactory& factory, std::ostream* out) {
    *out << factory.name;
  }
};

// For INSTANTIATE_TEST_SUITE_P.
inline std::string WorldName(
    const ::testing::TestParamInfo<WorldFactory>& info) {
  return info.param.name;
}

class ConformanceTest : public ::testing::TestWithParam<WorldFactory> {
 protected:
  ConformanceTest() : frames_before_(LiveFrames()) {
    world_ = GetParam().make();
  }
  ~ConformanceTest() override {
    world_.reset();
    EXPECT_EQ(LiveFrames(), frames_before_) << "frames were left behind";
  }

  WorldUnderTest& world() { return *world_; }
  Providers& a() { return world_->host(0); }
  Providers& b() { return world_->host(1); }
  Time& time() { return a().time(); }
  Tasks& tasks() { return a().tasks(); }
  Random& random() { return a().random(); }
  Storage& storage() { return a().storage(); }

  // Runs body, a function without parameters that returns Task<absl::Status>,
  // on host 0, to its end. Fails the test unless it ends, with OK.
  template <typename Body>
  void Run(Body body) {
    std::optional<absl::Status> status;
    JoinHandle job =
        tasks().Spawn([&]() -> Task<void> { status.emplace(co_await body()); });
    world_->RunUntil([&] { return job.is_finished(); });
    EXPECT_TRUE(job.is_finished()) << "the test waits for ever";
    job.Abort();
    if (status.has_value()) EXPECT_TRUE(status->ok()) << *status;
  }

 private:
  const size_t frames_before_;
  std::unique_ptr<WorldUnderTest> world_;
};

class TimeConformance : public ConformanceTest {};
class TasksConformance : public ConformanceTest {};
class RandomConformance : public ConformanceTest {};

// An established connection from host 0 to host 1.
struct ConformancePair {
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;
  std::string peer;  // as Accept gave it
};

class NetworkConformance : public ConformanceTest {
 protected:
  Task<absl::Status> Connect(ConformancePair* pair);
};
// WriteSome, Abort, datagrams, names.
class NetworkExtendedConformance : public NetworkConformance {};

class StorageConformance : public ConformanceTest {};
// Directories, locks, Allocate, modes of opening, direct I/O.
class StorageExtendedConformance : public ConformanceTest {};

// Bytes without a period, so that a hole or a swap shows.
std::string ConformanceBytes(size_t size, uint64_t salt = 0);

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_CONFORMANCE_CONFORMANCE_H_
