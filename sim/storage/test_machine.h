// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What the tests of the disk share: a world with one machine's disk.
#ifndef MOONPOOL_SIM_STORAGE_TEST_MACHINE_H_
#define MOONPOOL_SIM_STORAGE_TEST_MACHINE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/storage.h"
#include "sim/core/world.h"
#include "sim/storage/sim_disk.h"

namespace moonpool {

using FilePtr = std::unique_ptr<File>;

// A world with one machine's disk and one process on it.
struct Machine {
  explicit Machine(uint64_t seed = 1, const DiskOptions& options = {})
      : world(WorldOptions{.seed = seed}),
        time(&world),
        disk(&world, "10.0.1.1", options),
        storage(disk.MakeProvider()) {}

  // Runs body, a coroutine, until nothing is left to do.
  template <typename Body>
  void Run(Body body) {
    JoinHandle job = tasks.Spawn(std::move(body));
    while (world.Turn()) {
    }
    EXPECT_TRUE(job.is_finished());
  }
  void Reboot() {
    disk.Crash();
    storage = disk.MakeProvider();
  }
  // Makes a file with these contents; all of it is durable.
  void MakeDurable(const std::string& path, const std::string& contents);

  World world;
  SimTime time;
  SimDisk disk;
  std::unique_ptr<Storage> storage;
  TaskSet tasks;
};

inline Task<FilePtr> OpenOrDie(Storage* storage, std::string path,
                               OpenOptions options = {.create = true}) {
  absl::StatusOr<FilePtr> file = co_await storage->Open(path, options);
  EXPECT_TRUE(file.ok()) << path << ": " << file.status();
  co_return *std::move(file);
}

inline Task<std::string> Contents(File* file) {
  absl::StatusOr<std::string> contents = co_await file->ReadAll();
  EXPECT_TRUE(contents.ok()) << contents.status();
  co_return *std::move(contents);
}

inline Task<std::string> ContentsOf(Storage* storage, std::string path) {
  FilePtr file = co_await OpenOrDie(storage, path, OpenOptions());
  co_return co_await Contents(file.get());
}

inline void Machine::MakeDurable(const std::string& path,
                                 const std::string& contents) {
  Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(storage.get(), path,
                                      {.create = true, .truncate = true});
    EXPECT_EQ(co_await file->Append(contents), absl::OkStatus());
    EXPECT_EQ(co_await file->Sync(), absl::OkStatus());
    const size_t slash = path.rfind('/');
    EXPECT_EQ(co_await storage->SyncDirectory(
                  slash == std::string::npos ? "" : path.substr(0, slash)),
              absl::OkStatus());
  });
}

#define EXPECT_OK(...) EXPECT_EQ((__VA_ARGS__), absl::OkStatus())

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_TEST_MACHINE_H_
