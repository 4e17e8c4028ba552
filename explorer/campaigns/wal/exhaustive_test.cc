// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: whatever a crash leaves, at any moment, is recovered to a legal state;
// and the planted bugs that crashes alone can show are caught by that. Method:
// a script of commits and re-opens; after each event of the disk all states
// that a power cut could leave (EnumerateCrashStates, up to a limit), each
// opened on a disk of its own.
#include <iostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "explorer/campaigns/wal/store.h"
#include "explorer/campaigns/wal/test_disk.h"
#include "gtest/gtest.h"
#include "providers/base/hash.h"
#include "sim/storage/faults.h"
#include "sim/storage/image.h"
#include "sim/storage/sim_disk.h"

namespace moonpool::wal {
namespace {

// Small segments: the script rotates, takes checkpoints and recycles.
constexpr uint32_t kSectors = 4;
constexpr size_t kStatesPerEvent = 400;
constexpr size_t kStatesMax = 8000;
// Of so many recoveries one is itself interrupted, after each event.
constexpr size_t kRecoveriesOneIn = 50;
constexpr DiskFaults kLaw = {.crash = {.torn_writes = true}};

struct Script {
  std::vector<Change> changes;  // all that were submitted
  size_t acknowledged = 0;

  State After(size_t count) const {
    State state;
    for (size_t i = 0; i < count; ++i) Apply(changes[i], state);
    return state;
  }
  bool Allows(const State& found) const {
    for (size_t count = acknowledged; count <= changes.size(); ++count) {
      if (found == After(count)) return true;
    }
    return false;
  }
};

struct Result {
  size_t states = 0;       // different ones that were recovered
  size_t interrupted = 0;  // of them, after a crash in a recovery
  size_t cut_short = 0;    // events with more states than the limit
  size_t bad = 0;          // states that recovery turned into an illegal one
  std::string first;       // what was wrong with the first
};

class Exhaustion {
 public:
  explicit Exhaustion(Bug bug)
      : options_{.bug = bug, .segment_sectors = kSectors}, disk_(options_) {}

  Result Run() {
    disk_.disk().SetFaults(kLaw);
    disk_.set_observer([this] { TryAll(disk_.disk(), false); });
    EXPECT_EQ(disk_.Open(), absl::OkStatus());
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 5; ++i) CommitBatch(i % 3 + 1);
      EXPECT_EQ(disk_.Open(), absl::OkStatus());
    }
    return result_;
  }

 private:
  void CommitBatch(int count) {
    std::vector<Change> batch;
    for (int i = 0; i < count; ++i) {
      const size_t number = script_.changes.size();
      Change change = {.key = absl::StrCat("k", number % 4),
                       .value = absl::StrCat("v", number, "-")};
      if (number % 5 == 4) change.value->append(600, 'x');
      if (number % 7 == 6) change.value.reset();
      script_.changes.push_back(change);
      batch.push_back(std::move(change));
    }
    EXPECT_EQ(disk_.Commit(batch), absl::OkStatus());
    script_.acknowledged = script_.changes.size();
    TryAll(disk_.disk(), false);
  }

  void TryAll(SimDisk& disk, bool is_crash_of_recovery) {
    if (result_.states > kStatesMax) return;
    const CrashStates found = disk.EnumerateCrashStates(kStatesPerEvent);
    result_.cut_short += !found.exhaustive;
    for (const DiskImage& image : found.states) {
      // What was legal once may not be any more.
      const uint64_t key = Combine64(image.Hash(), script_.acknowledged);
      if (seen_.insert(key).second) Try(image, is_crash_of_recovery);
    }
  }

  // Recovers image; now and then also what a crash during that may leave.
  void Try(const DiskImage& image, bool is_crash_of_recovery) {
    ++result_.states;
    result_.interrupted += is_crash_of_recovery;
    TestDisk probe(options_);
    probe.Restore(image);
    if (!is_crash_of_recovery && result_.states % kRecoveriesOneIn == 0) {
      probe.disk().SetFaults(kLaw);
      probe.set_observer([this, &probe] {
        TryAll(probe.disk(), /*is_crash_of_recovery=*/true);
      });
    }
    const absl::Status status = probe.Open();
    if (status.ok() && script_.Allows(probe.state())) return;
    if (result_.bad++ > 0) return;
    result_.first = absl::StrCat(
        "after ", script_.acknowledged, " of ", script_.changes.size(), ": ",
        status.ok() ? "an illegal state" : status.ToString());
  }

  const Options options_;
  TestDisk disk_;
  Script script_;
  std::set<uint64_t> seen_;
  Result result_;
};

TEST(ExhaustiveTest, EveryCrashStateIsRecovered) {
  const Result result = Exhaustion(Bug::kNone).Run();
  EXPECT_EQ(result.bad, 0u) << result.first;
  EXPECT_GT(result.states, 2000u);
  EXPECT_GT(result.interrupted, 500u);
  std::cout << result.states << " states, " << result.interrupted
            << " of them of recoveries; " << result.cut_short
            << " moments had more than the limit\n";
}

TEST(ExhaustiveTest, FindsTheBugsThatCrashesShow) {
  for (const BugName& known : kBugNames) {
    if (known.bug == Bug::kNone) continue;
    const Result result = Exhaustion(known.bug).Run();
    // These two need a disk that fails in other ways.
    const bool needs_faults = known.bug == Bug::kFsyncErrorIgnored ||
                              known.bug == Bug::kChecksumNotLength;
    std::cout << known.name << ": " << result.bad << " of " << result.states
              << "\n";
    EXPECT_EQ(result.bad == 0, needs_faults)
        << known.name << ": " << result.bad << " of " << result.states
        << " states are bad; " << result.first;
  }
}

// A copy without its header: all that damage can do to it.
DiskImage WithoutHeader(DiskImage image, absl::string_view copy) {
  image.files.erase(absl::StrCat(copy, "/header"));
  return image;
}

// What an Open that is interrupted leaves, then an Open whose syncs fail, then
// one that is interrupted again: a copy alone must survive all of that, though
// the second Open saw in the page cache what was never durable.
TEST(ExhaustiveTest, OneCopySurvivesATornWriteAFailedSyncAndATornWrite) {
  const Options options = {.segment_sectors = kSectors};
  TestDisk first(options);
  ASSERT_EQ(first.Open(), absl::OkStatus());
  ASSERT_EQ(first.Commit({{.key = "k", .value = "v"}}), absl::OkStatus());
  first.Crash();
  ASSERT_EQ(first.Open(), absl::OkStatus());
  first.Crash();
  first.disk().SetFaults(kLaw);
  std::vector<DiskImage> images;
  std::set<uint64_t> seen;
  first.set_observer([&] {
    for (DiskImage& image :
         first.disk().EnumerateCrashStates(kStatesPerEvent).states) {
      if (seen.insert(image.Hash()).second) images.push_back(std::move(image));
    }
  });
  ASSERT_EQ(first.Open(), absl::OkStatus());
  size_t probes = 0;
  for (const absl::string_view damaged : {"a", "b"}) {
    for (const DiskImage& image : images) {
      TestDisk second(options);
      second.Restore(WithoutHeader(image, damaged));
      second.disk().SetFaults({.crash = kLaw.crash, .sync_failure = {1, 2}});
      for (int i = 0; i < 3; ++i) (void)second.Open();
      second.disk().SetFaults(kLaw);
      std::set<uint64_t> tried;
      second.set_observer([&] {
        for (const DiskImage& left :
             second.disk().EnumerateCrashStates(kStatesPerEvent).states) {
          if (!tried.insert(left.Hash()).second) continue;
          ++probes;
          TestDisk third(options);
          third.Restore(WithoutHeader(left, damaged));
          ASSERT_EQ(third.Open(), absl::OkStatus()) << damaged;
          ASSERT_EQ(third.state(), (State{{"k", "v"}}));
        }
      });
      ASSERT_EQ(second.Open(), absl::OkStatus());
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(probes, 300u);
  std::cout << images.size() << " images, " << probes << " probes\n";
}

}  // namespace
}  // namespace moonpool::wal
