// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Model: what a store may hold, as its only client sees it: every acknowledged
// change, and of those in doubt a prefix, in the order of submission.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_MODEL_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_MODEL_H_

#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <utility>

#include "explorer/campaigns/wal/format.h"

namespace moonpool::wal {

class Model {
 public:
  // The change may reach the store from now on.
  void Submit(Change change);
  // The oldest change in doubt has happened. REQUIRES: there is one.
  void Acknowledge();
  // The store holds this, and whatever of the changes in doubt is not in it
  // never will be. False if that is no state it may be in; nothing is decided
  // then.
  bool Resolve(const State& found);

  // With all that has been acknowledged or resolved.
  const State& state() const { return state_; }
  size_t in_doubt() const { return in_doubt_.size(); }
  // Every value in found was once submitted for its key.
  bool AreKnown(const State& found) const;
  // "k1: got v7, wanted v9": how found differs from the legal state that
  // differs in the fewest keys.
  std::string Describe(const State& found) const;

 private:
  State state_;
  std::deque<Change> in_doubt_;
  std::set<std::pair<std::string, std::string>> submitted_;
};

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_MODEL_H_
