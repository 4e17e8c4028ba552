// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Journal: the operations of one file that are not durable yet, oldest first,
// each with what it replaced: undoing them youngest first gives the durable
// contents. Memory is bounded by the size of the file, not by the number of
// operations: when there are many, the older ones are merged into one record,
// which then survives or perishes as a whole.
#ifndef MOONPOOL_SIM_STORAGE_JOURNAL_H_
#define MOONPOOL_SIM_STORAGE_JOURNAL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "sim/storage/pages.h"

namespace moonpool {

// Disjoint, not touching, sorted ranges of bytes: begin -> end.
class RangeSet {
 public:
  void Add(uint64_t begin, uint64_t end);
  const absl::btree_map<uint64_t, uint64_t>& ranges() const { return ranges_; }

 private:
  absl::btree_map<uint64_t, uint64_t> ranges_;
};

class Journal {
 public:
  // One or several operations: the file was cut to cut, if that is less than
  // old_size; then ranges of bytes were written; then its size was new_size.
  struct Record {
    struct Merged {
      absl::btree_map<uint64_t, std::string> patches;  // disjoint
      RangeSet written;
    };

    bool cuts() const { return cut < old_size; }
    // Calls f(begin, end) for each range of bytes written.
    template <typename F>
    void ForEachWritten(F f) const {
      if (merged == nullptr) {
        if (length > 0) f(offset, offset + length);
        return;
      }
      for (const auto& [begin, end] : merged->written.ranges()) f(begin, end);
    }
    // The number of bytes held to undo it.
    size_t undo_bytes() const;

    uint64_t last;  // number of its youngest operation, counted from 1
    uint64_t old_size;
    uint64_t cut;
    uint64_t new_size;
    uint64_t offset;          // of overwritten, and of the range written
    uint64_t length;          // of the range written; 0 for a truncation
    std::string overwritten;  // shorter than length at the end of the file
    std::unique_ptr<Merged> merged;  // instead of offset … overwritten
  };

  // Before the change is made to file. length > 0.
  void AddWrite(const PageFile& file, uint64_t offset, uint64_t length);
  // Before the change is made to file. size != file.size().
  void AddResize(const PageFile& file, uint64_t size);

  // The number of operations that changed this file so far.
  uint64_t issued() const { return issued_; }
  bool empty() const { return records_.empty(); }
  const std::vector<Record>& records() const { return records_; }
  // Forgets the records up to operation number last.
  void Forget(uint64_t last);
  void Clear() {
    records_.clear();
    undo_bytes_ = 0;
  }
  // Takes all records back in file, but the oldest kept.
  void UndoAll(PageFile& file, size_t kept = 0) const;

  // A pending Sync that covers operations up to last: no merging across.
  void AddMark(uint64_t last) { marks_.push_back(last); }
  void RemoveMark(uint64_t last);

  size_t undo_bytes() const { return undo_bytes_; }

 private:
  void Add(Record record, const PageFile& file);
  void Coalesce(const PageFile& file);
  void MergeInto(Record& older, Record& younger);

  std::vector<Record> records_;
  std::vector<uint64_t> marks_;  // of pending syncs, unordered
  uint64_t issued_ = 0;
  size_t undo_bytes_ = 0;
  size_t max_records_ = 0;  // coalesce beyond these
  size_t max_undo_bytes_ = 0;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_JOURNAL_H_
