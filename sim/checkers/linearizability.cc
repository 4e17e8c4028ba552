// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/linearizability.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "providers/base/check.h"
#include "sim/checkers/minimize.h"
#include "sim/checkers/search.h"

namespace moonpool::checkers_internal {
namespace {

// A step costs about as much as a hundredth of a configuration's memory.
constexpr uint64_t kStepsPerConfiguration = 100;
// A violation that could not be made smaller than this is cut in print.
constexpr size_t kMaxLines = 60;

using Items = std::vector<Search::Item>;

std::string KeyText(const KeyedPartition& at) {
  return at.key.empty() ? std::string("the history")
                        : absl::StrCat("the history of key \"", at.key, "\"");
}

Items AllItems(const Partition& partition) {
  Items items;
  for (uint32_t i = 0; i < partition.size(); ++i) {
    const Partition::Interval interval = partition.interval(i);
    items.push_back({i, interval.called, interval.returned});
  }
  return items;
}

// The history up to and including this return.
Items Prefix(const Partition& partition, uint64_t last) {
  Items items;
  for (Search::Item item : AllItems(partition)) {
    if (item.called > last) break;
    if (item.returned > last) item.returned = kPending;
    items.push_back(item);
  }
  return items;
}

// The longest order that works, and what it cannot explain.
void AppendOrder(Partition& partition, const Minimized& minimized,
                 std::string* text) {
  std::vector<bool> observed(partition.size());
  for (const Search::Item& item : minimized.items) {
    observed[item.operation] = item.returned != kPending;
  }
  absl::StrAppend(text, "The longest order that works:\n");
  Partition::StateId state = partition.Initial();
  const std::vector<uint32_t>& order = minimized.search.order;
  const size_t skipped =
      order.size() > kMaxLines ? order.size() - kMaxLines : 0;
  if (skipped > 0) absl::StrAppend(text, "  (", skipped, " operations)\n");
  for (size_t i = 0; i < order.size(); ++i) {
    state = partition.Step(state, order[i], observed[order[i]]);
    CHECK_NE(state, Partition::kRefused);
    if (i < skipped) continue;
    absl::StrAppend(text, "  ",
                    partition.DescribeCall(order[i], observed[order[i]]));
    const std::string description = partition.DescribeState(state);
    if (!description.empty()) absl::StrAppend(text, "   now ", description);
    absl::StrAppend(text, "\n");
  }
  if (order.empty()) absl::StrAppend(text, "  (none)\n");
  absl::StrAppend(text, "No order explains: ",
                  partition.Describe(minimized.search.stuck, true), "\n");
}

std::string ViolationText(const KeyedPartition& at, size_t prefix_size,
                          const Minimized& minimized) {
  Partition& partition = *at.partition;
  const Items& items = minimized.items;
  std::string text = absl::StrCat(KeyText(at), " is not linearizable. Of its ",
                                  partition.size(), " operations the first ",
                                  prefix_size, " are not; ", items.size(),
                                  " of these contradict each other");
  absl::StrAppend(&text, minimized.is_complete
                             ? ":\n"
                             : " (perhaps fewer do: the search for them was "
                               "cut short):\n");
  const size_t skipped =
      items.size() > kMaxLines ? items.size() - kMaxLines : 0;
  if (skipped > 0) absl::StrAppend(&text, "  (", skipped, " operations)\n");
  for (size_t i = skipped; i < items.size(); ++i) {
    absl::StrAppend(
        &text, "  ",
        partition.Describe(items[i].operation, items[i].returned != kPending),
        "\n");
  }
  AppendOrder(partition, minimized, &text);
  return text;
}

std::string GaveUpText(const KeyedPartition& at, const SearchResult& found) {
  size_t unknown = 0;
  for (const Search::Item& item : AllItems(*at.partition)) {
    if (item.returned == kPending) ++unknown;
  }
  return absl::StrCat(
      "gave up on ", KeyText(at), " after ", found.configurations,
      " configurations and ", found.steps, " steps of the model: it has ",
      at.partition->size(), " operations, ", unknown,
      " of unknown outcome. It may be linearizable or not; shorter histories, "
      "more keys, fewer clients or higher CheckOptions help.\n");
}

}  // namespace

CheckResult CheckPartitions(std::vector<KeyedPartition> partitions,
                            const CheckOptions& options) {
  const SearchLimits limits = {
      .max_configurations = options.max_configurations,
      .max_steps = options.max_configurations * kStepsPerConfiguration,
      .max_state_bytes = options.max_state_bytes};
  CheckResult result;
  const KeyedPartition* worst = nullptr;
  SearchResult worst_search;
  uint64_t worst_return = kPending;
  int violations = 0;
  for (const KeyedPartition& at : partitions) {
    SearchResult found =
        Search(at.partition.get(), limits).Run(AllItems(*at.partition));
    result.configurations += found.configurations;
    if (found.outcome == SearchResult::Outcome::kNone) {
      ++violations;
      const uint64_t returned = at.partition->interval(found.stuck).returned;
      if (returned < worst_return) {
        worst = &at;
        worst_return = returned;
        worst_search = std::move(found);
      }
    } else if (found.outcome == SearchResult::Outcome::kGaveUp &&
               result.verdict == Verdict::kLinearizable) {
      result.verdict = Verdict::kGaveUp;
      result.key = at.key;
      result.text = GaveUpText(at, found);
    }
  }
  if (worst == nullptr) return result;

  Partition& partition = *worst->partition;
  SearchLimits minimize_limits = limits;
  minimize_limits.max_steps = options.max_minimize_steps;
  minimize_limits.max_state_bytes = 2 * options.max_state_bytes;
  const Items prefix = Prefix(partition, worst_return);
  const Minimized minimized =
      Minimize(&partition, prefix, worst_search, minimize_limits);
  result.verdict = Verdict::kViolation;
  result.key = worst->key;
  result.shown = minimized.items.size();
  result.text = ViolationText(*worst, prefix.size(), minimized);
  if (violations > 1) {
    absl::StrAppend(&result.text, violations - 1,
                    " other key(s) are not linearizable either.\n");
  }
  return result;
}

std::string DescribeOperation(int client, absl::Duration call_time,
                              std::optional<absl::Duration> return_time,
                              absl::string_view call) {
  const auto seconds = [](absl::Duration time) {
    const int64_t us = absl::ToInt64Microseconds(time);
    return absl::StrFormat("%d.%06d s", us / 1000000, us % 1000000);
  };
  return absl::StrFormat("client %-3d [%s, %s]  %s", client, seconds(call_time),
                         return_time.has_value() ? seconds(*return_time) : "?",
                         call);
}

}  // namespace moonpool::checkers_internal
