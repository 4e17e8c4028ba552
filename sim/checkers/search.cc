// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/search.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/checkers/history.h"
#include "sim/checkers/partition.h"

namespace moonpool::checkers_internal {
namespace {

// How far back an unknown operation's twin is looked for; missing one costs
// time only.
constexpr size_t kTwinWindow = 512;

constexpr uint64_t kSaltA = 0x9AE16A3B2F90404Fu;
constexpr uint64_t kSaltB = 0xC949D7C7509E6557u;

}  // namespace

SearchResult Search::Run(const std::vector<Item>& items) {
  Prepare(items);
  frames_.emplace_back();
  Expand(partition_->Initial());
  while (next_[0] != kNone) {
    if (frames_.empty()) {
      result_.outcome = SearchResult::Outcome::kNone;
      return std::move(result_);
    }
    if (IsOverLimit()) {
      result_.outcome = SearchResult::Outcome::kGaveUp;
      return std::move(result_);
    }
    Frame& frame = frames_.back();
    if (frame.next_move == moves_.size() && !frame.unknown_tried) {
      frame.unknown_tried = true;
      if (lazy_) {
        AddChainMoves(frame);
      } else {
        AddUnknownMoves(frame);
      }
    }
    if (frame.next_move < moves_.size()) {
      const Move move = moves_[frame.next_move++];
      if (Enter(move)) Expand(move.state);
    } else {
      NoteDeadEnd(frame);
      Undo(frame);
      moves_.resize(frame.first_move);
      chain_.resize(frame.first_chain);
      frames_.pop_back();
    }
  }
  result_.outcome = SearchResult::Outcome::kFound;
  result_.order = path_;
  return std::move(result_);
}

void Search::Prepare(const std::vector<Item>& items) {
  known_.clear();
  unknown_.clear();
  lazy_ = true;
  for (const Item& item : items) {
    const bool observed = item.returned != kPending;
    const Effect effect = partition_->EffectOf(item.operation, observed);
    if (effect == Effect::kAny) lazy_ = false;
    if (observed) {
      // The proof needs to know which of the two it was.
      if (effect == Effect::kGuarded) lazy_ = false;
      known_.push_back({item.operation, item.called, item.returned,
                        effect == Effect::kReads});
    } else if (effect != Effect::kReads) {
      unknown_.push_back({item.operation, item.called, effect, kNone,
                          partition_->TargetOf(item.operation)});
    }
  }
  std::sort(
      unknown_.begin(), unknown_.end(),
      [](const Unknown& a, const Unknown& b) { return a.called < b.called; });
  LinkTwins();

  std::vector<std::pair<uint64_t, uint32_t>> events;
  for (uint32_t i = 0; i < known_.size(); ++i) {
    events.push_back({known_[i].called, CallNode(i)});
    events.push_back({known_[i].returned, ReturnNode(i)});
  }
  std::sort(events.begin(), events.end());
  next_.assign(2 * known_.size() + 1, kNone);
  previous_.assign(2 * known_.size() + 1, kNone);
  uint32_t last = 0;
  for (const auto& [position, node] : events) {
    next_[last] = node;
    previous_[node] = last;
    last = node;
  }

  is_used_.assign(unknown_.size(), false);
  used_words_.assign((unknown_.size() + 63) / 64, 0);
  hash_[0] = hash_[1] = 0;
  frames_.clear();
  moves_.clear();
  chain_.clear();
  path_.clear();
  best_return_ = 0;
  known_helpers_.assign(known_.size(), Helpers());
  unknown_helpers_.assign(unknown_.size(), Helpers());
  cache_.Reset(used_words_.size());
  result_ = SearchResult();
}

void Search::LinkTwins() {
  for (size_t i = 0; i < unknown_.size(); ++i) {
    const size_t stop = i < kTwinWindow ? 0 : i - kTwinWindow;
    for (size_t j = i; j-- > stop;) {
      if (partition_->SameInput(unknown_[i].operation, unknown_[j].operation)) {
        unknown_[i].twin = static_cast<uint32_t>(j);
        break;
      }
    }
  }
}

uint32_t Search::CollectCandidates() {
  candidates_.clear();
  uint32_t node = next_[0];
  for (; node % 2 == 1; node = next_[node]) {
    candidates_.push_back((node - 1) / 2);
  }
  // A call's return follows it, so the list does not end with a call.
  return (node - 2) / 2;
}

Search::StateId Search::Step(StateId state, uint32_t operation, bool observed) {
  ++result_.steps;
  return partition_->Step(state, operation, observed);
}

void Search::Expand(StateId state) {
  Frame& frame = frames_.back();
  frame.state = state;
  frame.first_move = frame.next_move = moves_.size();
  frame.first_chain = chain_.size();
  if (next_[0] == kNone) return;
  frame.first_return = CollectCandidates();
  for (const uint32_t known : candidates_) {
    const StateId to = Step(state, known_[known].operation, true);
    if (to == Partition::kRefused) continue;
    const Move move = {
        .known = known, .state = to, .forced = known_[known].reads};
    if (move.forced) {
      moves_.resize(frame.first_move);
      moves_.push_back(move);
      frame.unknown_tried = true;
      return;
    }
    moves_.push_back(move);
  }
}

bool Search::IsAvailable(uint32_t unknown, uint64_t before) const {
  const Unknown& at = unknown_[unknown];
  return at.called < before && !is_used_[unknown] &&
         (at.twin == kNone || is_used_[at.twin]);
}

void Search::AddUnknownMoves(const Frame& frame) {
  const uint64_t before = known_[frame.first_return].returned;
  for (uint32_t i = 0; i < unknown_.size() && unknown_[i].called < before;
       ++i) {
    if (!IsAvailable(i, before)) continue;
    const StateId to = Step(frame.state, unknown_[i].operation, false);
    if (to == frame.state || to == Partition::kRefused) continue;
    chain_.push_back({.unknown = i, .state = to});
    moves_.push_back(
        {.chain = static_cast<uint32_t>(chain_.size() - 1), .state = to});
  }
}

const std::vector<uint32_t>& Search::HelpersOfKnown(uint32_t known) {
  Helpers& helpers = known_helpers_[known];
  if (helpers.is_known) return helpers.unknown;
  helpers.is_known = true;
  for (uint32_t i = 0; i < unknown_.size(); ++i) {
    const StateId target = unknown_[i].target;
    if (target == Partition::kRefused ||
        Step(target, known_[known].operation, true) != Partition::kRefused) {
      helpers.unknown.push_back(i);
    }
  }
  return helpers.unknown;
}

const std::vector<uint32_t>& Search::HelpersOfUnknown(uint32_t unknown) {
  Helpers& helpers = unknown_helpers_[unknown];
  if (helpers.is_known) return helpers.unknown;
  helpers.is_known = true;
  for (uint32_t i = 0; i < unknown_.size(); ++i) {
    const StateId target = unknown_[i].target;
    if (target == Partition::kRefused ||
        Step(target, unknown_[unknown].operation, false) != target) {
      helpers.unknown.push_back(i);
    }
  }
  return helpers.unknown;
}

void Search::AddChainMoves(const Frame& frame) {
  CollectCandidates();
  std::erase_if(candidates_, [&](uint32_t known) {
    return Step(frame.state, known_[known].operation, true) !=
           Partition::kRefused;
  });
  if (!MayNeedChains(frame)) return;
  FindAllChains(frame);
  for (size_t at = frame.first_chain; at < chain_.size(); ++at) {
    for (const uint32_t known : candidates_) {
      const StateId to = Step(chain_[at].state, known_[known].operation, true);
      if (to == Partition::kRefused) continue;
      moves_.push_back(
          {.chain = static_cast<uint32_t>(at), .known = known, .state = to});
    }
  }
}

// Whether the last link of a chain to one of the candidates is there, and if
// that depends on the state before, whether it or the link before allows it.
bool Search::MayNeedChains(const Frame& frame) {
  const uint64_t before = known_[frame.first_return].returned;
  for (const uint32_t known : candidates_) {
    for (const uint32_t last : HelpersOfKnown(known)) {
      if (!IsAvailable(last, before)) continue;
      if (unknown_[last].effect == Effect::kOverwrites) return true;
      if (Step(frame.state, unknown_[last].operation, false) != frame.state) {
        return true;
      }
      for (const uint32_t link : HelpersOfUnknown(last)) {
        if (IsAvailable(link, before)) return true;
      }
    }
  }
  return false;
}

// Breadth first, so that the shorter chains to a state come first.
void Search::FindAllChains(const Frame& frame) {
  const StateId state = frame.state;
  const size_t first = frame.first_chain;
  const uint64_t before = known_[frame.first_return].returned;
  for (size_t at = first; at <= chain_.size(); ++at) {
    // What was found as number at - 1 is extended, at first the empty chain.
    const uint32_t parent = at == first ? kNone : static_cast<uint32_t>(at - 1);
    const StateId from = parent == kNone ? state : chain_[parent].state;
    for (uint32_t i = 0; i < unknown_.size() && unknown_[i].called < before;
         ++i) {
      if (parent != kNone && unknown_[i].effect == Effect::kOverwrites) {
        continue;
      }
      if (!IsAvailable(i, before) || ChainHas(parent, i)) continue;
      const StateId to = Step(from, unknown_[i].operation, false);
      if (to == from || to == state || to == Partition::kRefused) continue;
      const ChainNode node = {i, parent, to};
      if (!IsChainRedundant(first, node)) chain_.push_back(node);
    }
    if (IsOverLimit()) return;
  }
}

bool Search::ChainHas(uint32_t chain, uint32_t unknown) const {
  for (; chain != kNone; chain = chain_[chain].parent) {
    if (chain_[chain].unknown == unknown) return true;
  }
  return false;
}

// Whether a chain to the same state uses a subset.
bool Search::IsChainRedundant(size_t first_chain, const ChainNode& node) const {
  for (size_t i = first_chain; i < chain_.size(); ++i) {
    if (chain_[i].state != node.state) continue;
    bool is_subset = true;
    for (uint32_t at = static_cast<uint32_t>(i); at != kNone && is_subset;
         at = chain_[at].parent) {
      is_subset = chain_[at].unknown == node.unknown ||
                  ChainHas(node.parent, chain_[at].unknown);
    }
    if (is_subset) return true;
  }
  return false;
}

bool Search::Enter(const Move& move) {
  Frame frame;
  for (uint32_t at = move.chain; at != kNone; at = chain_[at].parent) {
    frame.applied_chain.push_back(chain_[at].unknown);
  }
  std::reverse(frame.applied_chain.begin(), frame.applied_chain.end());
  frame.applied_known = move.known;
  for (const uint32_t unknown : frame.applied_chain) Use(unknown);
  if (move.known != kNone) Lift(move.known);
  // One that is forced is implied by the configuration before.
  if (!move.forced) {
    const uint64_t a = hash_[0] ^ Mix64(kSaltA + move.state);
    const uint64_t b = hash_[1] ^ Mix64(kSaltB - move.state);
    if (!cache_.Insert(a, b, used_words_)) {
      Undo(frame);
      return false;
    }
  }
  ++result_.configurations;
  frames_.push_back(std::move(frame));
  return true;
}

void Search::Undo(const Frame& frame) {
  if (frame.applied_known != kNone) Unlift(frame.applied_known);
  for (size_t i = frame.applied_chain.size(); i-- > 0;) {
    Unuse(frame.applied_chain[i]);
  }
}

void Search::Lift(uint32_t known) {
  Unlink(CallNode(known));
  Unlink(ReturnNode(known));
  hash_[0] ^= Combine64(kSaltA, known);
  hash_[1] ^= Combine64(kSaltB, known);
  path_.push_back(known_[known].operation);
}

void Search::Unlift(uint32_t known) {
  path_.pop_back();
  hash_[0] ^= Combine64(kSaltA, known);
  hash_[1] ^= Combine64(kSaltB, known);
  Relink(ReturnNode(known));
  Relink(CallNode(known));
}

void Search::Use(uint32_t unknown) {
  is_used_[unknown] = true;
  used_words_[unknown / 64] |= uint64_t{1} << (unknown % 64);
  path_.push_back(unknown_[unknown].operation);
}

void Search::Unuse(uint32_t unknown) {
  is_used_[unknown] = false;
  used_words_[unknown / 64] &= ~(uint64_t{1} << (unknown % 64));
  path_.pop_back();
}

void Search::Unlink(uint32_t node) {
  next_[previous_[node]] = next_[node];
  if (next_[node] != kNone) previous_[next_[node]] = previous_[node];
}

void Search::Relink(uint32_t node) {
  next_[previous_[node]] = node;
  if (next_[node] != kNone) previous_[next_[node]] = node;
}

void Search::NoteDeadEnd(const Frame& frame) {
  const Known& stuck = known_[frame.first_return];
  if (stuck.returned > best_return_) {
    best_return_ = stuck.returned;
    result_.stuck = stuck.operation;
  } else if (stuck.returned < best_return_ ||
             path_.size() <= result_.order.size()) {
    return;
  }
  result_.order = path_;
}

bool Search::IsOverLimit() const {
  return result_.configurations > limits_.max_configurations ||
         result_.steps > limits_.max_steps ||
         partition_->state_bytes() > limits_.max_state_bytes;
}

}  // namespace moonpool::checkers_internal
