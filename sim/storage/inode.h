// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Inode: one file of a simulated disk: its contents as readers see them, the
// journal of what is not durable yet, and what is wrong with it. It lives as
// long as a name, a volatile name operation or an open file refers to it.
//
// Invariant: undoing the journal, youngest first, and then putting the lost
// pages in place gives the durable contents.
#ifndef MOONPOOL_SIM_STORAGE_INODE_H_
#define MOONPOOL_SIM_STORAGE_INODE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "sim/storage/detail_random.h"
#include "sim/storage/faults.h"
#include "sim/storage/journal.h"
#include "sim/storage/pages.h"

namespace moonpool {

// What failed syncs dropped: readers see it until the next crash.
class LostPages {
 public:
  bool any() const { return !pages_.empty() || size_.has_value(); }
  bool has(uint64_t page) const { return pages_.contains(page); }
  // The sync of the operations up to last failed; durable is what the disk
  // held before them, apart from what was lost earlier.
  void Drop(const Journal& journal, uint64_t last, const PageFile& durable);
  // The operations up to last reach the disk: pages are written as a whole, so
  // what was lost on the same pages as well.
  void Revive(const Journal& journal, uint64_t last);
  // A crash: puts what the disk really holds into file.
  void Place(PageFile& file) const;
  void Clear() {
    pages_.clear();
    size_.reset();
  }

 private:
  absl::btree_map<uint64_t, std::string> pages_;  // what is really there
  std::optional<uint64_t> size_;
};

class Inode {
 public:
  Inode(uint64_t id, std::string path, std::shared_ptr<PageBudget> budget)
      : id_(id), path_(std::move(path)), file_(std::move(budget)) {}

  uint64_t id() const { return id_; }
  // Its latest name, for reports and MayCorrupt.
  const std::string& path() const { return path_; }
  void set_path(std::string path) { path_ = std::move(path); }

  uint64_t size() const { return file_.size(); }
  size_t Read(uint64_t offset, absl::Span<char> buffer) const {
    return file_.Read(offset, buffer);
  }
  // Does nothing if bytes is empty.
  void Write(uint64_t offset, absl::string_view bytes);
  void Resize(uint64_t size);
  void Reserve(uint64_t offset, uint64_t size) { file_.Reserve(offset, size); }
  bool HasRoomFor(uint64_t offset, uint64_t size) const {
    return file_.HasRoomFor(offset, size);
  }

  // ---- Durability

  Journal& journal() { return journal_; }
  bool is_dirty() const { return !journal_.empty() || lost_.any(); }
  // A sync of the operations up to number last succeeds.
  void MakeDurable(uint64_t last);
  // It fails: their pages count as clean, and are gone after the next crash.
  void DropPages(uint64_t last);

  enum class CrashResult {
    kNothing,  // all was durable
    kPrefix,   // the gentle law, or all was kept
    kTorn,
  };
  // A power cut. The draw is for everything it decides.
  CrashResult Crash(const CrashLaw& law, uint64_t draw);
  // The contents that the disk holds for sure.
  std::string DurableContents() const;
  std::string Contents() const { return file_.Copy(0, file_.size()); }
  // All contents that Crash may leave, without garbage and without sectors
  // torn in the middle, up to limit. False if there are more.
  bool CrashContents(const CrashLaw& law, size_t limit,
                     std::vector<std::string>* contents) const;

  // ---- Faults

  // Sectors that cannot be read. Rewriting a whole sector heals it.
  bool has_bad_sector(uint64_t offset, uint64_t size) const;
  // Does a write of this range touch a bad sector without replacing it?
  bool needs_bad_sector(uint64_t offset, uint64_t size) const;
  void AddBadSector(uint64_t sector) { bad_sectors_.insert(sector); }
  // Changes a stored bit, behind the journal's back. REQUIRES: it is inside.
  void FlipBit(uint64_t offset, int bit);
  // From now on remembers what writes replace, for ReadStale.
  void KeepHistory() { keeps_history_ = true; }
  // As Read, but without the youngest write to the range. False if none is
  // remembered.
  bool ReadStale(uint64_t offset, absl::Span<char> buffer, size_t* count) const;

  // ---- Advisory lock

  // Taken by an open file, named by a number that is never used again.
  uint64_t lock_holder() const { return lock_holder_; }
  void set_lock_holder(uint64_t holder) { lock_holder_ = holder; }

 private:
  struct Replaced {
    uint64_t offset;
    uint64_t length;
    std::string bytes;  // shorter at the end of the file then
  };
  // [begin, end) was written: the bad sectors in it are good again.
  void Rewritten(uint64_t begin, uint64_t end);
  void CopyTo(PageFile& file) const;

  const uint64_t id_;
  std::string path_;
  PageFile file_;
  Journal journal_;
  LostPages lost_;
  absl::btree_set<uint64_t> bad_sectors_;
  bool keeps_history_ = false;
  std::vector<Replaced> history_;  // oldest first
  uint64_t lock_holder_ = 0;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_INODE_H_
