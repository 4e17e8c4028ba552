// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: names under random operations are those of a naive model; and after a
// crash they are what some legal subset of the unsynced operations makes of
// the durable ones. Method: the model tries all subsets.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "providers/storage.h"
#include "sim/core/rng.h"
#include "sim/storage/sim_disk.h"
#include "sim/storage/test_machine.h"

namespace moonpool {
namespace {

// Path -> contents; directories are fixed here: "a" and "b".
using Files = std::map<std::string, std::string>;

std::string DirectoryOf(const std::string& path) { return path.substr(0, 1); }

struct Change {
  std::string from;  // removed, unless empty
  std::string to;    // made, unless empty
  std::string contents;
};

void Apply(const Change& change, Files* files) {
  if (!change.from.empty()) files->erase(change.from);
  if (!change.to.empty()) (*files)[change.to] = change.contents;
}

struct Model {
  Files durable;
  std::vector<Change> changes;

  Files Now() const {
    Files files = durable;
    for (const Change& change : changes) Apply(change, &files);
    return files;
  }

  // May a crash keep just those changes? In each directory a prefix, or (torn)
  // for each name one; in order, a prefix of all.
  bool IsLegal(uint32_t kept, bool torn, DirectoryDurability mode) const {
    std::set<std::string> lost;
    for (size_t i = 0; i < changes.size(); ++i) {
      std::vector<std::string> touched;
      for (const std::string& path : {changes[i].from, changes[i].to}) {
        if (path.empty()) continue;
        if (mode == DirectoryDurability::kOrdered) {
          touched.push_back("");
        } else {
          touched.push_back(torn ? path : DirectoryOf(path));
        }
      }
      const bool is_kept = (kept >> i & 1) != 0;
      for (const std::string& what : touched) {
        if (is_kept && lost.contains(what)) return false;
      }
      if (!is_kept) lost.insert(touched.begin(), touched.end());
    }
    return true;
  }

  bool MayBe(const Files& found, bool torn, DirectoryDurability mode) const {
    for (uint32_t kept = 0; kept < 1u << changes.size(); ++kept) {
      if (!IsLegal(kept, torn, mode)) continue;
      Files files = durable;
      for (size_t i = 0; i < changes.size(); ++i) {
        if ((kept >> i & 1) != 0) Apply(changes[i], &files);
      }
      if (files == found) return true;
    }
    return false;
  }

  // The least a sync of this directory makes durable are its own operations
  // and what they build upon.
  void Sync(const std::string& directory, DirectoryDurability mode) {
    std::set<std::string> directories = {directory};
    std::vector<Change> rest;
    std::vector<Change> synced;
    for (size_t i = changes.size(); i-- > 0;) {
      const Change& change = changes[i];
      bool touches = mode == DirectoryDurability::kOrdered && !synced.empty();
      for (const std::string& path : {change.from, change.to}) {
        touches |= !path.empty() && directories.contains(DirectoryOf(path));
      }
      if (!touches) {
        rest.insert(rest.begin(), change);
        continue;
      }
      synced.insert(synced.begin(), change);
      for (const std::string& path : {change.from, change.to}) {
        if (!path.empty()) directories.insert(DirectoryOf(path));
      }
    }
    for (const Change& change : synced) Apply(change, &durable);
    changes = rest;
  }
};

Files Found(SimDisk* disk) {
  const DiskImage image = disk->Image();
  return Files(image.files.begin(), image.files.end());
}

Task<void> Step(Machine* m, Model* model, Random* random, int* made,
                DirectoryDurability mode) {
  auto path = [&] {
    return absl::StrCat(random->Chance({1, 2}) ? "a/" : "b/", random->Below(3));
  };
  const Files now = model->Now();
  const std::string from = path();
  const size_t kind = random->Weighted({4, 3, 2, 1});
  if (kind == 0) {
    absl::StatusOr<FilePtr> file =
        co_await m->storage->Open(from, {.create_new = true});
    EXPECT_EQ(file.ok(), !now.contains(from));
    if (!file.ok()) co_return;
    const std::string contents = absl::StrCat("file ", ++*made);
    EXPECT_OK(co_await (*file)->Append(contents));
    EXPECT_OK(co_await (*file)->Sync());
    model->changes.push_back({"", from, contents});
  } else if (kind == 1) {
    const std::string to = path();
    const absl::Status status = co_await m->storage->Rename(from, to);
    EXPECT_EQ(status.ok(), now.contains(from)) << status;
    if (status.ok() && from != to) {
      model->changes.push_back({from, to, now.at(from)});
    }
  } else if (kind == 2) {
    const absl::Status status = co_await m->storage->Remove(from);
    EXPECT_EQ(status.ok(), now.contains(from)) << status;
    if (status.ok()) model->changes.push_back({from, "", ""});
  } else {
    EXPECT_OK(co_await m->storage->SyncDirectory(DirectoryOf(from)));
    model->Sync(DirectoryOf(from), mode);
  }
  EXPECT_EQ(Found(&m->disk), model->Now());
}

class NamesModelTest
    : public testing::TestWithParam<std::tuple<bool, DirectoryDurability>> {};

TEST_P(NamesModelTest, AgreesWithTheModel) {
  const auto [torn, mode] = GetParam();
  int lost = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    Machine m(seed, {.directories = mode});
    m.disk.SetFaults({.crash = {.torn_writes = torn}});
    DiskImage image;
    image.directories = {"a", "b"};
    m.disk.Restore(image);
    m.storage = m.disk.MakeProvider();
    RandomStream random(&m.world.random(), "test");
    Model model;
    int made = 0;
    for (int crash = 0; crash < 25; ++crash) {
      m.Run([&]() -> Task<void> {
        for (uint64_t i = random.Below(15); i > 0; --i) {
          co_await Step(&m, &model, &random, &made, mode);
          if (model.changes.size() == 12) break;
        }
      });
      EXPECT_EQ(m.disk.DurableImage().files.size(), model.durable.size());
      m.Reboot();
      const Files found = Found(&m.disk);
      EXPECT_TRUE(model.MayBe(found, torn, mode));
      lost += found != model.Now();
      model.durable = found;
      model.changes.clear();
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(lost, 300);
}

INSTANTIATE_TEST_SUITE_P(
    All, NamesModelTest,
    testing::Combine(testing::Bool(),
                     testing::Values(DirectoryDurability::kStrict,
                                     DirectoryDurability::kOrdered)));

}  // namespace
}  // namespace moonpool
