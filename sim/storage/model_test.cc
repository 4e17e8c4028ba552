// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the disk agrees with a naive model (durable contents plus a list of
// operations) under random operations, cancellations and crashes, and repeats
// from its seed.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/storage.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"
#include "sim/storage/sim_disk.h"
#include "sim/storage/test_machine.h"

namespace moonpool {
namespace {

// The model. Files hold their durable contents and the operations since.
struct ModelFile {
  struct Change {
    bool truncate;
    uint64_t offset;
    std::string bytes;
  };
  std::string Contents(size_t changes) const {
    std::string contents = durable;
    for (size_t i = 0; i < changes; ++i) {
      const Change& c = unsynced[i];
      if (c.truncate) {
        contents.resize(c.offset);
      } else if (!c.bytes.empty()) {
        contents.resize(
            std::max<size_t>(contents.size(), c.offset + c.bytes.size()));
        contents.replace(c.offset, c.bytes.size(), c.bytes);
      }
    }
    return contents;
  }
  std::string Contents() const { return Contents(unsynced.size()); }
  void Sync() {
    durable = Contents();
    unsynced.clear();
  }

  std::string durable;
  std::vector<Change> unsynced;
};

// Names are durable at once here: names_test.cc has the laws of names.
DiskOptions NamesAtOnce() {
  return {.directories = DirectoryDurability::kAtOnce};
}

// One random operation on both.
Task<void> Step(Machine* m, absl::btree_map<std::string, ModelFile>* model,
                Random* random) {
  const std::string path = absl::StrCat("file", random->Below(4));
  const size_t kind = random->Weighted({20, 20, 10, 10, 20, 3, 3});
  if (kind >= 5) {
    const std::string to = absl::StrCat("file", random->Below(4));
    absl::Status status;
    if (kind == 5) {
      status = co_await m->storage->Rename(path, to);
    } else {
      status = co_await m->storage->Remove(path);
    }
    EXPECT_EQ(status.ok(), model->contains(path)) << status;
    if (!status.ok()) co_return;
    ModelFile file = (*model)[path];
    model->erase(path);
    if (kind == 5) (*model)[to] = file;
    co_return;
  }
  FilePtr file = co_await OpenOrDie(m->storage.get(), path);
  ModelFile& expected = (*model)[path];
  const uint64_t offset = random->Below(200);
  const std::string bytes(random->Below(40), 'a' + random->Below(26));
  // A third of the operations lose their coroutine soon after the issue.
  const absl::Duration patience = random->Chance({1, 3})
                                      ? absl::Nanoseconds(random->Below(90000))
                                      : absl::Hours(1);
  absl::Status status;
  const size_t changes = expected.unsynced.size();
  if (kind == 0) {
    status = co_await m->time.Timeout(patience, file->WriteAt(offset, bytes));
    expected.unsynced.push_back({false, offset, bytes});
  } else if (kind == 1) {
    const uint64_t size = expected.Contents().size();
    status = co_await m->time.Timeout(patience, file->Append(bytes));
    expected.unsynced.push_back({false, size, bytes});
  } else if (kind == 2) {
    status = co_await m->time.Timeout(patience, file->Truncate(offset));
    expected.unsynced.push_back({true, offset, ""});
  } else if (kind == 3) {
    status = co_await m->time.Timeout(patience, file->Sync());
    if (status.ok()) expected.Sync();
  }
  EXPECT_TRUE(status.ok() || absl::IsDeadlineExceeded(status)) << status;
  const std::string found = co_await Contents(file.get());
  if (absl::IsDeadlineExceeded(status) && found != expected.Contents()) {
    // A cancelled operation may not have happened; it happened never in part.
    expected.unsynced.resize(changes);
  }
  EXPECT_EQ(found, expected.Contents());
}

// After a crash each file must be one of its prefixes; that one is durable.
Task<void> CheckAfterCrash(Machine* m,
                           absl::btree_map<std::string, ModelFile>* model) {
  EXPECT_EQ(m->disk.file_count(), model->size());
  for (auto& [path, expected] : *model) {
    const std::string found = co_await ContentsOf(m->storage.get(), path);
    bool is_prefix = false;
    for (size_t i = 0; i <= expected.unsynced.size(); ++i) {
      is_prefix |= found == expected.Contents(i);
    }
    EXPECT_TRUE(is_prefix) << path << " lost synced data or order";
    expected.durable = found;
    expected.unsynced.clear();
  }
}

TEST(ModelTest, BehavesLikeTheModelUnderRandomOperationsAndCrashes) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    Machine m(seed, NamesAtOnce());
    absl::btree_map<std::string, ModelFile> model;
    RandomStream random(&m.world.random(), "test");
    for (int crash = 0; crash < 20; ++crash) {
      const uint64_t steps = random.Below(30);
      m.Run([&]() -> Task<void> {
        for (uint64_t i = 0; i < steps; ++i) {
          co_await Step(&m, &model, &random);
        }
      });
      EXPECT_EQ(m.world.pending_events(), 0u);
      if (random.Chance({1, 4})) {
        m.disk.Disconnect();  // loses nothing, and syncs nothing either
        m.storage = m.disk.MakeProvider();
        continue;
      }
      m.Reboot();
      m.Run([&]() -> Task<void> { co_await CheckAfterCrash(&m, &model); });
    }
    if (HasFailure()) return;
  }
}

// ---- Torn writes, byte by byte
// ------------------------------------------------

// For each byte of one file the values it had since it was last durable.
struct ByteHistory {
  std::vector<std::set<char>> values;  // of each byte, the durable one first
  std::string now;
  size_t shortest = 0;

  void Change(const std::string& contents) {
    now = contents;
    shortest = std::min(shortest, contents.size());
    values.resize(std::max(values.size(), contents.size()), {'\0'});
    for (size_t i = 0; i < values.size(); ++i) {
      values[i].insert(i < contents.size() ? contents[i] : '\0');
    }
  }
  void Sync() {
    values.clear();
    shortest = now.size();
    for (const char c : now) values.push_back({c});
  }
};

TEST(ModelTest, TornCrashesLeaveEachByteOldOrNew) {
  size_t damaged = 0;
  for (uint64_t seed = 0; seed < 25; ++seed) {
    SCOPED_TRACE(seed);
    Machine m(seed, NamesAtOnce());
    m.disk.SetFaults({.crash = {.torn_writes = true, .garbage = false}});
    m.MakeDurable("f", "");
    RandomStream random(&m.world.random(), "test");
    ByteHistory model;
    model.Sync();
    for (int crash = 0; crash < 20; ++crash) {
      m.Run([&]() -> Task<void> {
        FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
        for (uint64_t i = random.Below(8); i > 0; --i) {
          std::string contents = model.now;
          const uint64_t offset = random.Below(12000);
          const std::string bytes(1 + random.Below(6000),
                                  static_cast<char>('a' + random.Below(26)));
          const size_t kind = random.Weighted({5, 3, 2, 2});
          if (kind == 0) {
            EXPECT_OK(co_await file->WriteAt(offset, bytes));
            contents.resize(std::max(contents.size(), offset + bytes.size()));
            contents.replace(offset, bytes.size(), bytes);
          } else if (kind == 1) {
            EXPECT_OK(co_await file->Append(bytes));
            contents += bytes;
          } else if (kind == 2) {
            EXPECT_OK(co_await file->Truncate(offset));
            contents.resize(offset);
          } else {
            EXPECT_OK(co_await file->Sync());
            model.Sync();
          }
          model.Change(contents);
        }
        EXPECT_EQ(co_await Contents(file.get()), model.now);
      });
      m.Reboot();
      const std::string found = m.disk.Image().files["f"];
      EXPECT_GE(found.size(), model.shortest);
      EXPECT_LE(found.size(), model.values.size());
      damaged += found != model.now;
      for (size_t i = 0; i < found.size(); ++i) {
        if (!model.values[i].contains(found[i])) {
          ADD_FAILURE() << "byte " << i << " never was " << int{found[i]};
          return;
        }
      }
      model.now = found;
      model.Sync();
    }
  }
  EXPECT_GT(damaged, 150u);
}

uint64_t TraceOfRun(uint64_t seed) {
  Machine m(seed, NamesAtOnce());
  absl::btree_map<std::string, ModelFile> model;
  RandomStream random(&m.world.random(), "test");
  for (int i = 0; i < 3; ++i) {
    m.Run([&]() -> Task<void> {
      for (int j = 0; j < 20; ++j) co_await Step(&m, &model, &random);
    });
    m.Reboot();
    m.Run([&]() -> Task<void> { co_await CheckAfterCrash(&m, &model); });
  }
  return m.world.trace().value();
}

TEST(ModelTest, SameSeedSameTrace) {
  EXPECT_EQ(TraceOfRun(7), TraceOfRun(7));
  EXPECT_NE(TraceOfRun(7), TraceOfRun(8));
}

TEST(ModelTest, TraceCoversContents) {
  // Equal draws and times, different bytes: another timeline.
  auto trace = [](absl::string_view bytes) {
    Machine m(1, NamesAtOnce());
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->Append(bytes));
    });
    return m.world.trace().value();
  };
  EXPECT_EQ(trace("a"), trace("a"));
  EXPECT_NE(trace("a"), trace("b"));
}

}  // namespace
}  // namespace moonpool
