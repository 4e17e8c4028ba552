// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the maze is the published benchmark: same rules, same probabilities.
// Method: games whose draws are scripted, and the statistics of plain games
// with fixed seeds against the reference's measurements.
#include "explorer/campaigns/maze.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "explorer/campaign.h"
#include "gtest/gtest.h"
#include "sim/assertions/table.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"

namespace moonpool {
namespace {

// Opens every gate whose number (from 0, in the order of the draws that ask)
// the predicate names.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(std::function<bool(uint64_t)> opens)
      : opens_(std::move(opens)) {}
  uint64_t Next() override { return opens_(draws_++) ? 0 : ~uint64_t{0}; }
  uint64_t draws() const { return draws_; }

 private:
  std::function<bool(uint64_t)> opens_;
  uint64_t draws_ = 0;
};

class Recorder final : public TimelineObserver {
 public:
  Recorder() {
    AssertionTable::Get().BeginWorld();
    AssertionTable::Get().set_observer(this);
  }
  ~Recorder() override { AssertionTable::Get().set_observer(nullptr); }
  void OnMark(const Mark& mark) override { labels.push_back(mark.label); }
  void OnViolation(const Violation&) override {}

  int CountPrefix(absl::string_view prefix) const {
    return static_cast<int>(std::count_if(
        labels.begin(), labels.end(),
        [&](const auto& label) { return absl::StartsWith(label, prefix); }));
  }
  // The deepest gate that was reached.
  int Depth() const {
    int depth = 0;
    for (const std::string& label : labels) {
      const size_t at = label.find("depth=");
      if (at != std::string::npos) depth = std::max(depth, label[at + 6] - '0');
    }
    return depth;
  }

  std::vector<std::string> labels;
};

TEST(MazeTest, OpensInOrderWhenEveryGateDoes) {
  Recorder recorder;
  ScriptedRandom random([](uint64_t) { return true; });
  EXPECT_EQ(PlayMaze(random), MazeResult::kAllLocksOpen);
  EXPECT_EQ(random.draws(), 1u + 4 * 5);
  ASSERT_EQ(recorder.labels.size(), 4u * 6 + 1);
  EXPECT_EQ(recorder.labels[0], "gate lock=0 depth=1 locks=0");
  EXPECT_EQ(recorder.labels[5], "lock opens lock=0 locks=0");
  EXPECT_EQ(recorder.labels[6], "gate lock=1 depth=1 locks=1");
  EXPECT_EQ(recorder.labels[23], "lock opens lock=3 locks=3");
  EXPECT_EQ(recorder.labels[24], "all locks open");
}

TEST(MazeTest, EndsAfter500StepsWhenNoGateOpens) {
  Recorder recorder;
  ScriptedRandom random([](uint64_t) { return false; });
  EXPECT_EQ(PlayMaze(random), MazeResult::kOutOfSteps);
  // Locks 1 and 3 are not tried before others are open.
  EXPECT_EQ(random.draws(), 500u * 3);
  EXPECT_EQ(recorder.labels,
            (std::vector<std::string>{"gate lock=0 depth=1 locks=0",
                                      "gate lock=2 depth=1 locks=0"}));
}

TEST(MazeTest, LockThreeNeedsLocksZeroAndTwo) {
  Recorder recorder;
  // Draws: step 1, lock 0 fails, lock 2 takes five; from then on nothing.
  ScriptedRandom random([](uint64_t draw) { return draw >= 2 && draw <= 6; });
  EXPECT_EQ(PlayMaze(random), MazeResult::kOutOfSteps);
  EXPECT_EQ(recorder.CountPrefix("lock opens lock=2 locks=0"), 1);
  EXPECT_EQ(recorder.CountPrefix("gate lock=0 depth=1 locks=1"), 1);
  EXPECT_EQ(recorder.CountPrefix("gate lock=1"), 0);
  EXPECT_EQ(recorder.CountPrefix("gate lock=3"), 0);
}

TEST(MazeTest, FiveInAHundredDrawsOpenAGate) {
  TraceHash trace;
  RandomSource source(7, &trace);
  RandomStream random(&source, "gate");
  int open = 0;
  for (int i = 0; i < 100000; ++i) open += random.Chance({5, 100});
  EXPECT_NEAR(open, 5000, 350);
}

TEST(MazeTest, PlainGamesHaveTheReferenceStatistics) {
  constexpr int kGames = 10000;
  uint64_t draws = 0;
  int reached[kMazeGates + 1] = {};
  for (int seed = 1; seed <= kGames; ++seed) {
    Recorder recorder;
    TraceHash trace;
    RandomSource source(static_cast<uint64_t>(seed), &trace);
    RandomStream random(&source, "maze");
    EXPECT_EQ(PlayMaze(random), MazeResult::kOutOfSteps);
    draws += source.draws();
    for (int depth = 1; depth <= recorder.Depth(); ++depth) ++reached[depth];
  }
  RecordProperty("mean_draws", static_cast<int>(draws / kGames));
  // The tolerances are four standard deviations of this many games.
  EXPECT_NEAR(static_cast<double>(draws) / kGames, 1553, 1.5);
  EXPECT_NEAR(reached[2] / double{kGames}, 1.0, 0.001);
  EXPECT_NEAR(reached[3] / double{kGames}, 0.915, 0.012);
  EXPECT_NEAR(reached[4] / double{kGames}, 0.122, 0.013);
  EXPECT_NEAR(reached[5] / double{kGames}, 0.0069, 0.0035);
}

TEST(MazeTest, CampaignPlaysOneGame) {
  absl::StatusOr<const Campaign*> campaign = FindCampaign("maze");
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  absl::StatusOr<SimulationBuilder> built =
      BuildCampaign(**campaign, CampaignParams({}));
  ASSERT_TRUE(built.ok()) << built.status();
  const IterationResult first = built->RunIteration(3);
  const IterationResult second = built->RunIteration(3);
  EXPECT_TRUE(first.violations.empty());
  EXPECT_GE(first.draws, 1000u);
  EXPECT_EQ(first.trace_hash, second.trace_hash);
}

}  // namespace
}  // namespace moonpool
