// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "sim/storage/inode.h"
#include "sim/storage/torn.h"

namespace moonpool {

Inode::CrashResult Inode::Crash(const CrashLaw& law, uint64_t draw) {
  DetailRandom random(draw);
  CrashResult result = CrashResult::kPrefix;
  lock_holder_ = 0;
  history_.clear();
  if (!is_dirty()) return CrashResult::kNothing;
  if (law.torn_writes && !random.Happens(law.keep_all)) {
    TornFile torn(file_, journal_, lost_);
    journal_.UndoAll(file_);
    lost_.Place(file_);
    torn.LearnDurable(file_);
    const TornFile::Choice choice = torn.Draw(law, random);
    torn.Apply(choice, file_);
    const TornFile::Choice all = torn.KeepAll();
    if (choice.pieces != all.pieces || choice.truncated != all.truncated) {
      result = CrashResult::kTorn;
    }
  } else {
    const size_t count = journal_.records().size();
    const size_t kept = law.torn_writes ? count : random.Below(count + 1);
    journal_.UndoAll(file_, kept);
    if (kept > 0) lost_.Revive(journal_, journal_.records()[kept - 1].last);
    lost_.Place(file_);
  }
  journal_.Clear();
  lost_.Clear();
  return result;
}

namespace {

// Collects different strings, up to a limit.
class Distinct {
 public:
  Distinct(size_t limit, std::vector<std::string>* out)
      : limit_(limit), out_(out) {}
  // False: it is one too many.
  bool Add(std::string contents) {
    if (seen_.contains(contents)) return true;
    if (out_->size() == limit_) return false;
    seen_.insert(contents);
    out_->push_back(std::move(contents));
    return true;
  }

 private:
  const size_t limit_;
  absl::btree_set<std::string> seen_;
  std::vector<std::string>* out_;
};

// Goes through all choices of a TornFile, depth first: sizes and truncations,
// then pages and pieces.
class TornStates {
 public:
  // Gives up after trying so many choices, as many may look the same.
  TornStates(const TornFile& torn, const std::string& durable, bool zeros,
             size_t tries, Distinct* found)
      : torn_(torn),
        durable_(durable),
        zeros_(zeros),
        tries_(tries),
        found_(found) {}

  bool All() {
    for (const bool size_first : {true, false}) {
      choice_ = torn_.KeepAll();
      choice_.size_first = size_first;
      if (!Records(0)) return false;
    }
    return true;
  }

 private:
  bool Records(size_t i) {
    if (i == torn_.records()) return Pieces(0);
    for (const bool kept : {true, false}) {
      if (!kept && !torn_.truncates(i)) break;
      choice_.truncated[i] = kept;
      if (!Records(i + 1)) return false;
    }
    choice_.truncated[i] = true;
    return true;
  }

  bool Pieces(size_t i) {
    if (i == torn_.pieces().size()) return Take();
    const TornFile::Piece& piece = torn_.pieces()[i];
    const bool first = i == 0 || torn_.pieces()[i - 1].page != piece.page;
    // Dropping a page differs from keeping nothing of it by the size alone.
    if (first && !choice_.size_first) {
      size_t next = i;
      while (next < torn_.pieces().size() &&
             torn_.pieces()[next].page == piece.page) {
        choice_.pieces[next++].reset();
      }
      choice_.dropped[piece.page] = true;
      if (!Pieces(next)) return false;
      choice_.dropped[piece.page] = false;
    }
    choice_.pieces[i] = piece.current;
    if (!Pieces(i + 1)) return false;
    if (piece.durable != piece.current) {
      choice_.pieces[i].reset();
      if (!Pieces(i + 1)) return false;
    }
    const std::string zeros(piece.current.size(), '\0');
    if (zeros_ && zeros != piece.current && zeros != piece.durable) {
      choice_.pieces[i] = zeros;
      if (!Pieces(i + 1)) return false;
    }
    return true;
  }

  bool Take() {
    if (tries_-- == 0) return false;
    PageFile file(std::make_shared<PageBudget>());
    file.Write(0, durable_);
    torn_.Apply(choice_, file);
    return found_->Add(file.Copy(0, file.size()));
  }

  const TornFile& torn_;
  const std::string& durable_;
  const bool zeros_;
  size_t tries_;
  Distinct* found_;
  TornFile::Choice choice_;
};

}  // namespace

bool Inode::CrashContents(const CrashLaw& law, size_t limit,
                          std::vector<std::string>* contents) const {
  Distinct found(limit, contents);
  if (!law.torn_writes) {
    for (size_t kept = 0; kept <= journal_.records().size(); ++kept) {
      PageFile file(std::make_shared<PageBudget>());
      CopyTo(file);
      journal_.UndoAll(file, kept);
      LostPages lost = lost_;
      if (kept > 0) lost.Revive(journal_, journal_.records()[kept - 1].last);
      lost.Place(file);
      if (!found.Add(file.Copy(0, file.size()))) return false;
    }
    return true;
  }
  TornFile torn(file_, journal_, lost_);
  const std::string durable = DurableContents();
  PageFile file(std::make_shared<PageBudget>());
  file.Write(0, durable);
  torn.LearnDurable(file);
  return TornStates(torn, durable, law.garbage, 1024 + 16 * limit, &found)
      .All();
}

}  // namespace moonpool
