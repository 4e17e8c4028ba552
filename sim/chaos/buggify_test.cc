// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the laws of buggify: which sites are active, how often they fire, what
// they draw, and what switches them off. Method: counting over fixed seeds;
// the bounds are four standard deviations and more.
#include "sim/chaos/buggify.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "sim/core/world.h"

namespace moonpool {
namespace {

bool SiteA() { return BUGGIFY(); }
bool SiteB() { return BUGGIFY(); }
bool RareSite() { return BUGGIFY_WITH_PROB(1, 100); }
bool NeverSite() { return BUGGIFY_WITH_PROB(0, 1); }
int DigitSite() { return BUGGIFY_KNOB(100, 0, 9); }
int64_t WideSite() {
  return BUGGIFY_KNOB(int64_t{0}, std::numeric_limits<int64_t>::min(),
                      std::numeric_limits<int64_t>::max());
}
uint64_t UnsignedSite() {
  return BUGGIFY_KNOB(uint64_t{7}, ~uint64_t{0} - 1, ~uint64_t{0});
}
absl::Duration DurationSite() {
  return BUGGIFY_KNOB(absl::InfiniteDuration(), absl::Milliseconds(-5),
                      absl::Milliseconds(5));
}

// A world with buggify on.
struct TestRun {
  explicit TestRun(uint64_t seed, FaultSet families = FaultSet::All())
      : world({.seed = seed}), buggify(&world, families), scope(&buggify) {}
  uint64_t draws() { return world.random().draws(); }

  World world;
  Buggify buggify;
  Buggify::Scope scope;
};

// Whether the site is active in the run; a site that is fires within this many
// passes but for a chance of 0.75^200.
template <typename Site>
bool EverFires(Site site) {
  bool fired = false;
  for (int i = 0; i < 200; ++i) fired |= site();
  return fired;
}

TEST(Buggify, AQuarterOfTheSitesIsActive) {
  int active = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const TestRun run(seed);
    for (int site = 0; site < 100; ++site) {
      active += run.buggify.IsActive(absl::StrCat("a/b.cc:", site)) ? 1 : 0;
    }
  }
  EXPECT_NEAR(active, 2500, 180);
}

TEST(Buggify, ASiteIsActiveInAQuarterOfTheRuns) {
  int active = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const TestRun run(seed);
    active += EverFires(SiteA) ? 1 : 0;
  }
  EXPECT_NEAR(active, 500, 80);
}

TEST(Buggify, SitesAreActiveIndependentlyOfEachOther) {
  int both = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const TestRun run(seed);
    const bool a = EverFires(SiteA);
    both += a && EverFires(SiteB) ? 1 : 0;
  }
  EXPECT_NEAR(both, 125, 44);
}

TEST(Buggify, AnActiveSiteFiresWithTheChanceOfTheCall) {
  int passes = 0, fires = 0, rare_passes = 0, rare_fires = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    TestRun run(seed);
    uint64_t before = run.draws();
    SiteA();
    const bool active = run.draws() != before;  // else it draws nothing
    for (int i = 0; active && i < 400; ++i, ++passes) fires += SiteA();
    before = run.draws();
    RareSite();
    const bool rare_active = run.draws() != before;
    for (int i = 0; rare_active && i < 400; ++i, ++rare_passes) {
      rare_fires += RareSite();
    }
  }
  ASSERT_GT(passes, 4000);
  ASSERT_GT(rare_passes, 4000);
  EXPECT_NEAR(fires / double(passes), 0.25, 0.025);
  EXPECT_NEAR(rare_fires / double(rare_passes), 0.01, 0.006);
}

TEST(Buggify, OrderOfFirstPassesDoesNotChangeWhoIsActive) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    bool a_first, b_second;
    {
      const TestRun run(seed);
      a_first = EverFires(SiteA);
      b_second = EverFires(SiteB);
    }
    const TestRun run(seed);
    EXPECT_EQ(EverFires(SiteB), b_second) << seed;
    EXPECT_EQ(EverFires(SiteA), a_first) << seed;
  }
}

TEST(Buggify, RecipeChangesWhenSitesFireButNotWhichAreActive) {
  int different = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::vector<bool> fires, branched_fires;
    {
      const TestRun run(seed);
      for (int i = 0; i < 200; ++i) fires.push_back(SiteA());
    }
    TestRun run(seed);
    run.world.random().SetBreakpoints({{0, 99}});
    for (int i = 0; i < 200; ++i) branched_fires.push_back(SiteA());
    const auto any = [](const std::vector<bool>& all) {
      return std::find(all.begin(), all.end(), true) != all.end();
    };
    EXPECT_EQ(any(fires), any(branched_fires)) << seed;
    different += fires != branched_fires ? 1 : 0;
  }
  EXPECT_GT(different, 10);
}

TEST(Buggify, KnobIsUniformOverItsRangeAndElseTheDefault) {
  std::array<int, 10> counts = {};
  int defaults = 0, fired = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    TestRun run(seed);
    for (int i = 0; i < 200; ++i) {
      const int value = DigitSite();
      if (value == 100) {
        ++defaults;
        continue;
      }
      ASSERT_GE(value, 0);
      ASSERT_LE(value, 9);
      ++counts[static_cast<size_t>(value)];
      ++fired;
    }
  }
  // 1/16 of the passes: 1/4 of the runs, 1/4 of the passes. Few runs: wide.
  EXPECT_NEAR(fired / double(fired + defaults), 0.0625, 0.025);
  double chi2 = 0;
  for (const int count : counts) {
    const double expected = fired / 10.0;
    chi2 += (count - expected) * (count - expected) / expected;
  }
  EXPECT_LT(chi2, 33.7);  // 9 degrees of freedom, p = 1e-4
}

TEST(Buggify, KnobKeepsItsTypeAndTheBoundsOfWideRanges) {
  bool negative = false, positive = false;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const TestRun run(seed);
    for (int i = 0; i < 20; ++i) {
      const int64_t wide = WideSite();
      negative |= wide < 0;
      positive |= wide > 0;
      const uint64_t value = UnsignedSite();
      EXPECT_TRUE(value == 7 || value >= ~uint64_t{0} - 1) << value;
      const absl::Duration duration = DurationSite();
      EXPECT_TRUE(duration == absl::InfiniteDuration() ||
                  absl::AbsDuration(duration) <= absl::Milliseconds(5))
          << duration;
    }
  }
  EXPECT_TRUE(negative);
  EXPECT_TRUE(positive);
}

TEST(Buggify, FiringsAreFaults) {
  uint64_t fires = 0, knobs = 0, fire_faults = 0, knob_faults = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    TestRun run(seed);
    for (int i = 0; i < 100; ++i) {
      fires += SiteA() ? 1 : 0;
      knobs += DigitSite() != 100 ? 1 : 0;
    }
    fire_faults += run.world.faults().of(FaultFamily::kBuggify);
    knob_faults += run.world.faults().of(FaultFamily::kKnob);
    EXPECT_EQ(run.world.faults().total(),
              run.world.faults().of(FaultFamily::kBuggify) +
                  run.world.faults().of(FaultFamily::kKnob));
  }
  EXPECT_GT(fires, 0u);
  EXPECT_EQ(fires, fire_faults);
  EXPECT_GT(knobs, 0u);
  EXPECT_EQ(knobs, knob_faults);
}

TEST(Buggify, FamiliesSwitchSitesAndKnobsApart) {
  int fires = 0, knobs = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    {
      const TestRun run(seed, FaultSet().Add(FaultFamily::kBuggify));
      for (int i = 0; i < 50; ++i) fires += SiteA();
      for (int i = 0; i < 50; ++i) EXPECT_EQ(DigitSite(), 100);
    }
    const TestRun run(seed, FaultSet().Add(FaultFamily::kKnob));
    for (int i = 0; i < 50; ++i) EXPECT_FALSE(SiteA());
    for (int i = 0; i < 50; ++i) knobs += DigitSite() != 100;
  }
  EXPECT_GT(fires, 0);
  EXPECT_GT(knobs, 0);
}

TEST(Buggify, DisabledSitesNeitherFireNorDraw) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    TestRun run(seed);
    run.buggify.Disable();
    const uint64_t trace = run.world.trace().value();
    for (int i = 0; i < 50; ++i) {
      EXPECT_FALSE(SiteA());
      EXPECT_EQ(DigitSite(), 100);
    }
    EXPECT_EQ(run.draws(), 0u);
    EXPECT_EQ(run.world.trace().value(), trace);
    EXPECT_EQ(run.world.faults().total(), 0u);
  }
}

TEST(Buggify, ChanceOfZeroDrawsNothing) {
  TestRun run(1);
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(NeverSite());
  EXPECT_EQ(run.draws(), 0u);
}

TEST(Buggify, NothingFiresOutsideOfAScope) {
  EXPECT_FALSE(EverFires(SiteA));
  EXPECT_EQ(DigitSite(), 100);
  for (uint64_t seed = 0; seed < 50; ++seed) {
    World world({.seed = seed});
    Buggify buggify(&world, FaultSet::All());
    { const Buggify::Scope scope(&buggify); }
    EXPECT_EQ(Buggify::Current(), nullptr);
    EXPECT_FALSE(EverFires(SiteA));
  }
}

TEST(Buggify, DestructorsOfACrashedProcessMayPassASite) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    TestRun run(seed);
    const World::TeardownScope teardown(&run.world);
    EXPECT_FALSE(EverFires(SiteA));
  }
}

}  // namespace
}  // namespace moonpool
