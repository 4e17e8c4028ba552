// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/policy.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace moonpool::explorer {
namespace {

// floor(sqrt(x)), exact.
uint64_t IntegerSqrt(uint64_t x) {
  uint64_t root = static_cast<uint64_t>(std::sqrt(static_cast<double>(x)));
  while (root * root > x) --root;
  while ((root + 1) * (root + 1) <= x) ++root;
  return root;
}

class Seeds final : public Policy {
 public:
  int Pick(const Archive&, Random&) override { return kFreshSeed; }
};

class Uniform final : public Policy {
 public:
  int Pick(const Archive& archive, Random& random) override {
    return static_cast<int>(random.Below(archive.cells().size()));
  }
};

class Greedy final : public Policy {
 public:
  int Pick(const Archive& archive, Random& random) override {
    return random.Chance({1, 4}) ? Spread(archive, random) : Best(archive);
  }

 private:
  static int Best(const Archive& archive) {
    int best = 0;
    for (int i = 1; i < archive.size(); ++i) {
      // (i+1)^4 / (barren_i+1) against the best one's, without division. Fits
      // into 128 bits for up to 2^23 cells and 2^32 picks of one.
      if (Power4(i + 1) * (archive.cells()[best].barren + 1) >=
          Power4(best + 1) * (archive.cells()[i].barren + 1)) {
        best = i;
      }
    }
    return best;
  }

  static unsigned __int128 Power4(int base) {
    const unsigned __int128 square = static_cast<uint64_t>(base) *
                                     static_cast<uint64_t>(base);
    return square * square;
  }

  int Spread(const Archive& archive, Random& random) {
    weights_.resize(archive.cells().size());
    uint64_t total = 0;
    for (int i = 0; i < archive.size(); ++i) {
      weights_[i] =
          (uint64_t{1} << 24) /
          IntegerSqrt((archive.cells()[i].picks + 1) << 16);
      total += weights_[i];
    }
    uint64_t at = random.Below(total);
    int index = 0;
    while (at >= weights_[index]) at -= weights_[index++];
    return index;
  }

  std::vector<uint64_t> weights_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Policy>> MakePolicy(absl::string_view name) {
  if (name == "greedy") return std::make_unique<Greedy>();
  if (name == "uniform") return std::make_unique<Uniform>();
  if (name == "seeds") return std::make_unique<Seeds>();
  return absl::NotFoundError(absl::StrCat(
      "no policy is named '", name, "': use greedy, uniform or seeds"));
}

}  // namespace moonpool::explorer
