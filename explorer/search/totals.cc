// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/totals.h"

#include "providers/base/hash.h"
#include "sim/assertions/table.h"

namespace moonpool::explorer {

Totals::Totals() {
  now_.counts.resize(AssertionTable::Get().entries().size());
  logged_ = now_;
}

void Totals::Restore(const SearchLog::Restored& restored) {
  now_.draws = restored.draws;
  now_.events = restored.events;
  now_.tree_hash = restored.tree_hash;
  for (const AssertionEntry& entry : AssertionTable::Get().entries()) {
    auto it = restored.assertions.find(entry.id);
    if (it == restored.assertions.end()) continue;
    now_.counts[entry.index] = {it->second.passes, it->second.fails};
  }
  logged_ = now_;
}

void Totals::Commit(const Job& done, const JobSlot& slot,
                    const Archive& archive) {
  const bool finished = slot.finished.load() != 0;
  now_.tree_hash = Combine64(
      now_.tree_hash,
      Combine64(finished ? slot.trace_hash : 0, slot.discovery_count.load()));
  if (!finished) return;
  // What was on the way to its splitpoint is another timeline's.
  const bool is_fresh = done.from.splitpoint == Departure::kNone;
  const Splitpoint& from =
      archive.splitpoints()[is_fresh ? 0 : done.from.splitpoint];
  now_.draws += slot.draws - (is_fresh ? 0 : from.draws);
  now_.events += slot.events - (is_fresh ? 0 : from.events);
  for (size_t i = 0; i < now_.counts.size(); ++i) {
    now_.counts[i].passes += slot.counts[i].passes;
    now_.counts[i].fails += slot.counts[i].fails;
  }
}

void Totals::MoveTo(LoggedBatch& batch) {
  batch.set_draws(now_.draws - logged_.draws);
  batch.set_events(now_.events - logged_.events);
  batch.set_tree_hash(now_.tree_hash);
  for (const AssertionEntry& entry : AssertionTable::Get().entries()) {
    const JobSlot::Counts& now = now_.counts[entry.index];
    const JobSlot::Counts& then = logged_.counts[entry.index];
    if (now.passes == then.passes && now.fails == then.fails) continue;
    LoggedAssertion& counts = *batch.add_assertions();
    counts.set_id(entry.id);
    counts.set_passes(now.passes - then.passes);
    counts.set_fails(now.fails - then.fails);
  }
  logged_ = now_;
}

void Totals::FillIn(ExploreResult& result) const {
  result.draws = now_.draws;
  result.events = now_.events;
  result.tree_hash = now_.tree_hash;
  const auto& entries = AssertionTable::Get().entries();
  result.assertions.assign(entries.begin(), entries.end());
  for (AssertionEntry& entry : result.assertions) {
    entry.passes = now_.counts[entry.index].passes;
    entry.fails = now_.counts[entry.index].fails;
  }
}

}  // namespace moonpool::explorer
