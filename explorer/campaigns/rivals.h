// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Rivals: what may yet become of a Raft's logs, for observers who report it to
// the search. A rival of the newest leader is a server whose log contradicts
// the leader's and who could be elected all the same: a majority of those whom
// it takes for the voters has logs no newer than its own (the Raft
// paper, 5.4.1). What the leader has where the two part, a rival would
// overwrite; figure 8 of the paper is about how widely that may have spread by
// then. There are rivals in every correct Raft, too: what is committed there,
// none of them lacks.
//
//   seat.log.Follow(base, last, [&](uint64_t i) { return log.term(i); });
//   std::optional<Rivalry> rivalry = FindRivalry(servers);
//
// Pure: draws nothing, and knows of logs only the terms of their entries, by
// which Raft tells all of them apart.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RIVALS_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RIVALS_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/types/span.h"

namespace moonpool {

// The terms of a log's entries as they were seen last, which outlives the
// server.
class TermLog {
 public:
  // Up to base a snapshot has it; base is 0, or its term is known.
  uint64_t base() const { return base_; }
  uint64_t last() const { return base_ + terms_.size() - 1; }
  // REQUIRES: base() <= index <= last().
  uint64_t term(uint64_t index) const { return terms_[index - base_]; }
  std::pair<uint64_t, uint64_t> newest() const {
    return {terms_.back(), last()};
  }
  // Whether it has this entry. What a snapshot has replaced counts as had.
  bool Has(uint64_t index, uint64_t term) const {
    return index <= base_ || (index <= last() && this->term(index) == term);
  }

  // Becomes the log of these indices; term_at tells a term of each of them.
  // O(what changed), or of all if base did.
  template <typename TermAt>
  void Follow(uint64_t base, uint64_t last, const TermAt& term_at) {
    uint64_t same = base;  // up to there
    if (base == base_ && term_at(base) == terms_[0]) {
      same = std::min(last, this->last());
      // Equal terms at an index mean equal entries up to it.
      while (term_at(same) != term(same)) --same;
    } else {
      base_ = base;
      terms_.assign(1, term_at(base));
    }
    terms_.resize(same - base + 1);
    for (uint64_t i = same + 1; i <= last; ++i) terms_.push_back(term_at(i));
  }

 private:
  uint64_t base_ = 0;
  std::vector<uint64_t> terms_ = {0};
};

// The first index at which two logs have different entries; 0 if none has.
uint64_t Parting(const TermLog& a, const TermLog& b);

// A server as an outsider sees it.
struct RaftServerView {
  const TermLog* log = nullptr;
  bool is_up = false;
  bool leads = false;
  bool campaigns = false;
  uint64_t term = 0;
  uint64_t commit = 0;
  // Whom it takes for the voters, bit i: servers[i]; 0: it is not that simple.
  uint32_t voters = 0;
  // Those whom it cannot talk to, in one direction or both. Bit i: servers[i].
  uint32_t cut = 0;
};

// The rival that is the furthest along: compared in this order.
struct Rivalry {
  // How many servers have the leader's entry where the logs part; the majority
  // and more are one.
  int spread = 0;
  // The leader believes that entry to be committed.
  bool is_committed = false;
  // The rival's entry is of a later term, so that it could be elected by those
  // who have the leader's.
  bool is_later = false;
  // The leader reaches nobody whose vote the rival needs.
  bool is_apart = false;
  // 0: it is down; 1: it is up; 2: it reaches a majority that would vote for
  // it; 3: it asks for votes in a later term.
  int rival = 0;
};

// nullopt without a leader, and if it has no rival.
std::optional<Rivalry> FindRivalry(absl::Span<const RaftServerView> servers);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RIVALS_H_
