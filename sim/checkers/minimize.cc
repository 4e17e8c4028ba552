// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/minimize.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "providers/base/check.h"
#include "sim/checkers/history.h"

namespace moonpool::checkers_internal {
namespace {

using Items = std::vector<Search::Item>;
using Outcome = SearchResult::Outcome;

// Pairs are tried only in small histories: there are n * n / 2 of them.
constexpr size_t kMaxItemsForPairs = 24;
// In larger histories a consumer may be dropped without what it consumed: to
// find out who consumed what takes n * n comparisons.
constexpr size_t kMaxItemsForConsumers = 3000;
// A smaller history that takes longer to judge is not wanted.
constexpr uint64_t kMaxConfigurationsPerTry = 50000;

class Minimizer {
 public:
  Minimizer(Partition* partition, const SearchLimits& limits, Minimized* best)
      : partition_(partition), limits_(limits), best_(best) {}

  void Run() {
    culprit_ = best_->search.stuck;
    FindSources();
    FindConsumers();
    for (size_t chunk = best_->items.size() / 2; chunk > 1; chunk /= 2) {
      DropChunks(chunk);
    }
    while (DropChunks(1) || DropPairs()) {
    }
    best_->is_complete = !IsSpent();
  }

 private:
  bool IsSpent() const { return steps_ > limits_.max_steps; }

  // Which operations the culprit's output can come from, and whether all of
  // them are needed or one is enough.
  void FindSources() {
    const auto initial = partition_->Initial();
    if (partition_->Step(initial, culprit_, true) != Partition::kRefused) {
      return;
    }
    is_source_.assign(partition_->size(), false);
    for (const Search::Item& item : best_->items) {
      if (item.operation == culprit_) continue;
      if (partition_->Feeds(item.operation, culprit_)) {
        is_source_[item.operation] = true;
        ++sources_needed_;
      }
    }
    for (const Search::Item& item : best_->items) {
      if (item.operation == culprit_) continue;
      const auto state = partition_->Step(initial, item.operation, false);
      if (state != Partition::kRefused &&
          partition_->Step(state, culprit_, true) != Partition::kRefused) {
        is_source_[item.operation] = true;
        sources_needed_ = 1;
      }
    }
  }

  // Operations that go together: without a dequeue, what it dequeued would be
  // in the way of later ones, which would be no fault of theirs.
  void FindConsumers() {
    linked_.resize(partition_->size());
    if (best_->items.size() > kMaxItemsForConsumers) return;
    for (const Search::Item& user : best_->items) {
      const uint32_t a = user.operation;
      if (a == culprit_ || user.returned == kPending) continue;
      if (partition_->EffectOf(a, true) != Effect::kAny) continue;
      for (const Search::Item& source : best_->items) {
        const uint32_t b = source.operation;
        if (a == b || !partition_->Feeds(b, a)) continue;
        linked_[a].push_back(b);
        linked_[b].push_back(a);
      }
    }
  }

  // Without those that are linked to one that is dropped already.
  Items DropLinked(Items items) const {
    std::vector<bool> is_kept(partition_->size());
    for (const Search::Item& item : items) is_kept[item.operation] = true;
    std::vector<uint32_t> dropped;
    for (const Search::Item& item : best_->items) {
      if (!is_kept[item.operation]) dropped.push_back(item.operation);
    }
    while (!dropped.empty()) {
      const uint32_t operation = dropped.back();
      dropped.pop_back();
      for (const uint32_t other : linked_[operation]) {
        if (is_kept[other]) dropped.push_back(other);
        is_kept[other] = false;
      }
    }
    std::erase_if(items, [&](const Search::Item& item) {
      return !is_kept[item.operation];
    });
    return items;
  }

  // Keeps the smaller history if it violates for the same reason.
  bool Try(Items items) {
    if (IsSpent()) return false;
    items = DropLinked(std::move(items));
    size_t sources = 0;
    bool has_culprit = false;
    for (const Search::Item& item : items) {
      has_culprit |= item.operation == culprit_;
      if (!is_source_.empty() && is_source_[item.operation]) ++sources;
    }
    if (!has_culprit || sources < sources_needed_) return false;
    SearchResult search = Judge(items);
    if (search.outcome != Outcome::kNone || search.stuck != culprit_) {
      return false;
    }
    Items without = items;
    for (Search::Item& item : without) {
      if (item.operation == culprit_) item.returned = kPending;
    }
    if (Judge(without).outcome != Outcome::kFound) return false;
    best_->items = std::move(items);
    best_->search = std::move(search);
    return true;
  }

  SearchResult Judge(const Items& items) {
    SearchLimits limits = limits_;
    limits.max_configurations =
        std::min(limits.max_configurations, kMaxConfigurationsPerTry);
    SearchResult result = Search(partition_, limits).Run(items);
    steps_ += result.steps + 2 * items.size();
    return result;
  }

  bool DropChunks(size_t chunk) {
    bool dropped = false;
    // The youngest first: what followed matters less than what went before.
    for (size_t end = best_->items.size(); end > 0 && !IsSpent();) {
      end = std::min(end, best_->items.size());
      const size_t begin = end < chunk ? 0 : end - chunk;
      Items items = best_->items;
      items.erase(items.begin() + static_cast<ptrdiff_t>(begin),
                  items.begin() + static_cast<ptrdiff_t>(end));
      dropped |= Try(std::move(items));
      end = begin;
    }
    return dropped;
  }

  bool DropPairs() {
    if (best_->items.size() > kMaxItemsForPairs) return false;
    for (size_t i = 0; i < best_->items.size(); ++i) {
      for (size_t j = i + 1; j < best_->items.size(); ++j) {
        Items items = best_->items;
        items.erase(items.begin() + static_cast<ptrdiff_t>(j));
        items.erase(items.begin() + static_cast<ptrdiff_t>(i));
        if (Try(std::move(items))) return true;
      }
    }
    return false;
  }

  Partition* const partition_;
  const SearchLimits limits_;
  Minimized* const best_;
  uint32_t culprit_ = 0;
  std::vector<bool> is_source_;  // by operation; empty: nothing is needed
  size_t sources_needed_ = 0;
  std::vector<std::vector<uint32_t>> linked_;  // by operation
  uint64_t steps_ = 0;
};

}  // namespace

Minimized Minimize(Partition* partition, Items items, const SearchResult& found,
                   const SearchLimits& limits) {
  CHECK(found.outcome == Outcome::kNone);
  Minimized best = {.items = std::move(items), .search = found};
  Minimizer(partition, limits, &best).Run();
  return best;
}

}  // namespace moonpool::checkers_internal
