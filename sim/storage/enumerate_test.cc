// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: EnumerateCrashStates finds exactly the legal states: equal to sets
// computed by hand in small cases, and a superset of what crashes leave.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/container/btree_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "providers/storage.h"
#include "sim/storage/sim_disk.h"
#include "sim/storage/test_machine.h"

namespace moonpool {
namespace {

using States = std::set<std::string>;

// "path=contents …", directories as "path/".
std::string Text(const DiskImage& image) {
  std::vector<std::string> parts;
  for (const std::string& path : image.directories) parts.push_back(path + "/");
  for (const auto& [path, contents] : image.files) {
    parts.push_back(absl::StrCat(path, "=", contents));
  }
  return absl::StrJoin(parts, " ");
}

States StatesOf(SimDisk* disk, size_t limit = 100000) {
  const CrashStates found = disk->EnumerateCrashStates(limit);
  EXPECT_TRUE(found.exhaustive);
  States states;
  for (const DiskImage& image : found.states) states.insert(Text(image));
  EXPECT_EQ(states.size(), found.states.size());  // all different
  return states;
}

TEST(EnumerateTest, SyncedMeansOneState) {
  Machine m;
  m.MakeDurable("f", "synced");
  EXPECT_EQ(StatesOf(&m.disk), (States{"f=synced"}));
}

TEST(EnumerateTest, GentlePrefixesOfEachFile) {
  Machine m;
  m.MakeDurable("f", "");
  m.MakeDurable("g", "x");
  m.Run([&]() -> Task<void> {
    FilePtr f = co_await OpenOrDie(m.storage.get(), "f");
    FilePtr g = co_await OpenOrDie(m.storage.get(), "g");
    EXPECT_OK(co_await f->Append("a"));
    EXPECT_OK(co_await f->Append("b"));
    EXPECT_OK(co_await g->WriteAt(0, "y"));
  });
  const DiskImage before = m.disk.Image();
  EXPECT_EQ(StatesOf(&m.disk), (States{"f= g=x", "f= g=y", "f=a g=x", "f=a g=y",
                                       "f=ab g=x", "f=ab g=y"}));
  EXPECT_EQ(m.disk.Image(), before);  // looking changes nothing
}

TEST(EnumerateTest, GentleNames) {
  Machine m;
  m.MakeDurable("old", "1");
  m.Run([&]() -> Task<void> {
    EXPECT_OK(co_await m.storage->CreateDirectory("d"));
    FilePtr file = co_await OpenOrDie(m.storage.get(), "new");
    EXPECT_OK(co_await file->Append("2"));
    EXPECT_OK(co_await file->Sync());
    EXPECT_OK(co_await m.storage->Rename("new", "old"));
    (void)co_await OpenOrDie(m.storage.get(), "d/x");
  });
  EXPECT_EQ(StatesOf(&m.disk),
            (States{"old=1", "d/ old=1", "d/ d/x= old=1", "d/ new=2 old=1",
                    "d/ d/x= new=2 old=1", "d/ old=2", "d/ d/x= old=2"}));
}

TEST(EnumerateTest, TornNamesAreAnySubset) {
  Machine m;
  m.disk.SetFaults({.crash = {.torn_writes = true}});
  m.Run([&]() -> Task<void> {
    (void)co_await OpenOrDie(m.storage.get(), "a");
    (void)co_await OpenOrDie(m.storage.get(), "b");
    EXPECT_OK(co_await m.storage->Rename("a", "c"));
  });
  EXPECT_EQ(StatesOf(&m.disk),
            (States{"", "a=", "c=", "b=", "a= b=", "b= c="}));
}

TEST(EnumerateTest, TornSectorsAreOldNewOrZero) {
  for (const bool garbage : {true, false}) {
    Machine m;
    m.disk.SetFaults({.crash = {.torn_writes = true, .garbage = garbage}});
    m.MakeDurable("f", std::string(1024, 'o'));
    m.Run([&]() -> Task<void> {
      FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
      EXPECT_OK(co_await file->WriteAt(511, "nn"));  // on two sectors
    });
    States expected;
    for (const std::string& left :
         {std::string("o"), std::string("n"), std::string(1, '\0')}) {
      for (const std::string& right :
           {std::string("o"), std::string("n"), std::string(1, '\0')}) {
        if (!garbage && (left[0] == 0 || right[0] == 0)) continue;
        expected.insert("f=" + std::string(511, 'o') + left + right +
                        std::string(511, 'o'));
      }
    }
    EXPECT_EQ(expected.size(), garbage ? 9u : 4u);
    EXPECT_EQ(StatesOf(&m.disk), expected);
  }
}

TEST(EnumerateTest, TornAppendAndTruncation) {
  Machine m;
  m.disk.SetFaults({.crash = {.torn_writes = true, .garbage = false}});
  m.MakeDurable("f", "abc");
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->Truncate(1));
    EXPECT_OK(co_await file->Append("XY"));
  });
  const std::string zeros(2, '\0');
  EXPECT_EQ(StatesOf(&m.disk),
            (States{"f=abc",           // both lost
                    "f=a",             // truncated, the page dropped
                    "f=aXY",           // both kept; or the truncation lost
                    "f=a" + zeros}));  // the size came first
}

TEST(EnumerateTest, LostPagesOfAFailedSync) {
  Machine m;
  m.MakeDurable("f", "old");
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->WriteAt(0, "new"));
    m.disk.SetFaults({.sync_failure = {1, 1}});
    EXPECT_TRUE(absl::IsDataLoss(co_await file->Sync()));
    m.disk.SetFaults({});
    EXPECT_EQ(StatesOf(&m.disk), (States{"f=old"}));
    EXPECT_OK(co_await file->Append("!"));
  });
  // The page goes to the disk as a whole.
  EXPECT_EQ(StatesOf(&m.disk), (States{"f=old", "f=new!"}));
}

TEST(EnumerateTest, TheLimitHoldsAndIsSaid) {
  Machine m;
  m.disk.SetFaults({.crash = {.torn_writes = true}});
  m.MakeDurable("f", std::string(100000, 'o'));
  m.Run([&]() -> Task<void> {
    FilePtr file = co_await OpenOrDie(m.storage.get(), "f");
    EXPECT_OK(co_await file->WriteAt(0, std::string(100000, 'n')));
  });
  const CrashStates found = m.disk.EnumerateCrashStates(50);
  EXPECT_EQ(found.states.size(), 50u);
  EXPECT_FALSE(found.exhaustive);
}

// Random small operations; then every crash must leave an enumerated state,
// and many crashes must leave all of them.
Task<void> Scribble(Machine* m, Random* random) {
  for (int i = 0; i < 5; ++i) {
    const std::string path = random->Chance({1, 2}) ? "f" : "d/g";
    if (random->Chance({1, 5})) {
      (void)co_await m->storage->Rename(path, "d/h");
      continue;
    }
    FilePtr file = co_await OpenOrDie(m->storage.get(), path);
    const uint64_t kind = random->Below(4);
    if (kind == 0) {
      EXPECT_OK(co_await file->Truncate(random->Below(6)));
    } else if (kind == 1) {
      EXPECT_OK(co_await file->Sync());
    } else {
      EXPECT_OK(co_await file->WriteAt(random->Below(6), "xy"));
    }
  }
}

TEST(EnumerateTest, CrashesLeaveExactlyTheEnumeratedStates) {
  for (const bool torn : {false, true}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      SCOPED_TRACE(absl::StrCat(torn ? "torn " : "gentle ", seed));
      DiskImage image;
      image.directories = {"d"};
      image.files["f"] = "durable";
      States enumerated;
      States left;
      for (int i = 0; i < 1500; ++i) {
        // The same operations each time, another crash.
        Machine m(seed);
        m.disk.SetFaults({.crash = {.torn_writes = torn, .garbage = false}});
        m.disk.Restore(image);
        m.storage = m.disk.MakeProvider();
        RandomStream random(&m.world.random(), "test");
        m.Run([&]() -> Task<void> { co_await Scribble(&m, &random); });
        if (i == 0) enumerated = StatesOf(&m.disk);
        m.world.random().SetBreakpoints({{m.world.random().segment_draws(),
                                          static_cast<uint64_t>(i) + 1000}});
        m.disk.Crash();
        left.insert(Text(m.disk.Image()));
      }
      for (const std::string& state : enumerated) {
        // Some are rare.
        if (enumerated.size() < 20) EXPECT_TRUE(left.contains(state)) << state;
      }
      if (torn) continue;  // sectors torn in the middle are left out
      for (const std::string& state : left) {
        EXPECT_TRUE(enumerated.contains(state)) << state;
      }
    }
  }
}

}  // namespace
}  // namespace moonpool
