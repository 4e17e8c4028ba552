// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/policy.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"

namespace moonpool::explorer {
namespace {

class Seeds final : public Policy {
 public:
  Choice Pick(const Archive&, Random&) override { return {}; }
};

class Uniform final : public Policy {
 public:
  Choice Pick(const Archive& archive, Random& random) override {
    uint64_t cell = 0;
    do {
      cell = random.Below(archive.cells().size());
    } while (archive.cells()[cell].is_dead_end());
    return {static_cast<int>(cell)};
  }
};

// An index with chances as the weights; none if all of them are zero.
std::optional<size_t> PickWeighted(const std::vector<uint64_t>& weights,
                                   Random& random) {
  uint64_t total = 0;
  for (uint64_t weight : weights) total += weight;
  if (total == 0) return std::nullopt;
  uint64_t at = random.Below(total);
  size_t index = 0;
  while (at >= weights[index]) at -= weights[index++];
  return index;
}

class Rare final : public Policy {
 public:
  Choice Pick(const Archive& archive, Random& random) override {
    weights_.resize(archive.cells().size());
    for (size_t i = 0; i < weights_.size(); ++i) {
      const Cell& cell = archive.cells()[i];
      weights_[i] =
          cell.is_dead_end() ? 0 : (uint64_t{1} << 32) / (cell.picks + 1);
    }
    // The beginning's weight is never zero.
    const size_t picked = PickWeighted(weights_, random).value_or(0);
    return {picked == 0 ? Choice::kFreshSeed : static_cast<int>(picked)};
  }

 private:
  std::vector<uint64_t> weights_;
};

// Splits each cell as often as its budget allows, newest first.
class Stack : public Policy {
 public:
  Choice Pick(const Archive& archive, Random&) final {
    for (int i = archive.size() - 1; i > 0; --i) {
      const Cell& cell = archive.cells()[i];
      if (!cell.is_dead_end() && HasBudget(cell)) return {i};
    }
    return {};
  }

 private:
  virtual bool HasBudget(const Cell& cell) const = 0;
};

class DepthFirst final : public Stack {
  static constexpr uint64_t kBatch = 20;
  static constexpr uint64_t kMin = 60;
  static constexpr uint64_t kMax = 150;
  bool HasBudget(const Cell& cell) const override {
    return cell.picks < kMin || (cell.picks < kMax && cell.barren < kBatch);
  }
};

class Fixed final : public Stack {
  static constexpr uint64_t kTimelinesPerSplit = 20;
  bool HasBudget(const Cell& cell) const override {
    return cell.picks < kTimelinesPerSplit;
  }
};

class Greedy final : public Policy {
 public:
  Choice Pick(const Archive& archive, Random& random) override {
    if (random.Below(kOne) < ChanceToExploit(archive)) {
      const Arm arm = random.Below(kOne) < ChanceOfWide(archive)
                          ? Arm::kWide
                          : Arm::kNewest;
      return {Newest(archive, arm), arm};
    }
    if (random.Below(kOne) < ChanceOfFreshSeed(archive)) return {};
    const int spread = Spread(archive, random);
    return {spread, spread == Choice::kFreshSeed ? Arm::kNone : Arm::kSpread};
  }
  bool uses_operators() const override { return true; }

 private:
  static constexpr uint64_t kOne = 1 << 16;  // fixed point

  // x / (x + y)
  static uint64_t Share(uint64_t x, uint64_t y) { return x * kOne / (x + y); }
  // (x / y)² in 1/256, at most 2^24. REQUIRES: y is positive.
  static uint64_t SquaredRatio(uint64_t x, uint64_t y) {
    const uint64_t ratio = std::min(x * 256 / y, uint64_t{1} << 16);
    return ratio * ratio / 256;
  }
  // x² / (x² + y²)
  static uint64_t ShareOfSquares(uint64_t x, uint64_t y) {
    return Share(SquaredRatio(x, y), 256);
  }
  // x⁴ / (x⁴ + y⁴)
  static uint64_t ShareOfFourthPowers(uint64_t x, uint64_t y) {
    return ShareOfSquares(SquaredRatio(x, y), 256);
  }

  static uint64_t ChanceToExploit(const Archive& archive) {
    const uint64_t streak = archive.streak() << 8;
    const uint64_t surprise = archive.surprise();
    const uint64_t bored = std::max(
        kOne / 20, ShareOfSquares(streak, (uint64_t{64} << 8) + 8 * surprise));
    uint64_t chance = kOne - bored;
    chance = chance * ShareOfSquares(surprise, uint64_t{2} << 8) / kOne;
    const uint64_t fresh = archive.fresh_yield();
    chance =
        chance * ShareOfSquares(Archive::kYieldOne * 8 / 100, fresh) / kOne;
    chance = chance * ShareOfFourthPowers(ExploitYield(archive), fresh) / kOne;
    return chance * Share(archive.timelines(), 8) / kOne;
  }

  // Of the better arm. What has not been tried is not taken to be worth much:
  // fresh seeds yield at the beginning anyway.
  static uint64_t ExploitYield(const Archive& archive) {
    constexpr uint64_t kDoubts = 20;
    return std::max(archive.yield(Arm::kNewest, kDoubts),
                    archive.yield(Arm::kWide, kDoubts));
  }

  static uint64_t ChanceOfFreshSeed(const Archive& archive) {
    const uint64_t share = ShareOfFourthPowers(8 * archive.fresh_yield(),
                                               archive.yield(Arm::kSpread));
    return std::max(kOne / 4, kOne * 9 / 10 * share / kOne);
  }

  static uint64_t ChanceOfWide(const Archive& archive) {
    const uint64_t share =
        ShareOfSquares(archive.yield(Arm::kWide), archive.yield(Arm::kNewest));
    return kOne / 16 + share * 7 / 8;
  }

  // The half-life of a cell's value in 1/16 ranks.
  static uint64_t HalfLife(Arm arm, uint64_t ranks) {
    return arm == Arm::kWide ? std::max<uint64_t>(160, ranks * 16 / 6)
                             : std::max<uint64_t>(16, ranks * 16 / 25);
  }

  static int Newest(const Archive& archive, Arm arm) {
    // So many picks more are as good as in vain, for each cell alike: while the
    // first branches of a new cell are out, it is not yet worse than others.
    constexpr uint64_t kPatience = 32;
    const uint64_t ranks = static_cast<uint64_t>(archive.ranks());
    const uint64_t half_life = HalfLife(arm, ranks);
    int best = 0;
    uint64_t best_value = 0;
    for (int i = 0; i < archive.size(); ++i) {
      const Cell& cell = archive.cells()[i];
      if (cell.rank == Cell::kNoRank || cell.is_dead_end()) continue;
      const uint64_t age = ranks - 1 - static_cast<uint64_t>(cell.rank);
      const uint64_t value = Halved(age * 256 / half_life);
      // Values over barren + kPatience, compared without division.
      using Wide = unsigned __int128;
      if (Wide{value} * (archive.cells()[best].barren + kPatience) >=
          Wide{best_value} * (cell.barren + kPatience)) {
        best = i;
        best_value = value;
      }
    }
    return best;
  }

  // 2^32 · 2^(-sixteenths / 16)
  static uint64_t Halved(uint64_t sixteenths) {
    static constexpr uint64_t kPowers[16] = {
        4294967296, 4112874773, 3938502376, 3771522796, 3611622603, 3458501653,
        3311872529, 3171459999, 3037000500, 2908241642, 2784941738, 2666869345,
        2553802834, 2445529972, 2341847524, 2242560872};
    const uint64_t halves = sixteenths / 16;
    return halves > 32 ? 0 : kPowers[sixteenths % 16] >> halves;
  }

  int Spread(const Archive& archive, Random& random) {
    constexpr uint64_t kRarest = 64;
    const size_t groups = archive.groups().size();
    const std::vector<int>& group =
        archive.groups()[groups == 1 ? 0 : 1 + random.Below(groups - 1)];
    weights_.assign(group.size(), 0);
    for (size_t i = 0; i < group.size(); ++i) {
      const Cell& cell = archive.cells()[group[i]];
      if (cell.is_dead_end()) continue;
      const uint64_t rarity = std::clamp(cell.Rarity(archive.timelines()),
                                         uint64_t{1}, kRarest);
      weights_[i] = (rarity << 32) / (cell.picks + 1);
    }
    const std::optional<size_t> picked = PickWeighted(weights_, random);
    return picked.has_value() ? group[*picked] : Choice::kFreshSeed;
  }

  std::vector<uint64_t> weights_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Policy>> MakePolicy(absl::string_view name) {
  if (name == "greedy") return std::make_unique<Greedy>();
  if (name == "rare") return std::make_unique<Rare>();
  if (name == "uniform") return std::make_unique<Uniform>();
  if (name == "depth_first") return std::make_unique<DepthFirst>();
  if (name == "fixed") return std::make_unique<Fixed>();
  if (name == "seeds") return std::make_unique<Seeds>();
  return absl::NotFoundError(
      absl::StrCat("no policy is named '", name,
                   "': use greedy, rare, uniform, depth_first, fixed or seeds"));
}

}  // namespace moonpool::explorer
