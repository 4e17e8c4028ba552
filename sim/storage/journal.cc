// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/storage/journal.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/types/span.h"
#include "providers/base/check.h"

namespace moonpool {
namespace {

constexpr size_t kFreeRecords = 256;
constexpr size_t kFreeUndoBytes = 64 << 10;

using Patches = absl::btree_map<uint64_t, std::string>;

// Adds bytes at offset, extending the patch before if it ends there.
void AddPatch(Patches& patches, uint64_t offset, absl::string_view bytes) {
  auto next = patches.lower_bound(offset);
  if (next != patches.begin()) {
    auto before = std::prev(next);
    if (before->first + before->second.size() == offset &&
        before->second.size() + bytes.size() <= kPageBytes) {
      before->second.append(bytes.data(), bytes.size());
      return;
    }
  }
  patches.emplace_hint(next, offset, std::string(bytes));
}

// Adds those bytes of [offset, offset + bytes.size()) that no patch covers.
void AddUncovered(Patches& patches, uint64_t offset, absl::string_view bytes) {
  while (!bytes.empty()) {
    auto next = patches.upper_bound(offset);
    if (next != patches.begin()) {
      auto before = std::prev(next);
      const uint64_t end = before->first + before->second.size();
      if (end > offset) {
        const size_t skip = std::min<uint64_t>(end - offset, bytes.size());
        bytes.remove_prefix(skip);
        offset += skip;
        continue;
      }
    }
    uint64_t count = bytes.size();
    if (next != patches.end()) count = std::min(count, next->first - offset);
    AddPatch(patches, offset, bytes.substr(0, count));
    bytes.remove_prefix(count);
    offset += count;
  }
}

}  // namespace

void RangeSet::Add(uint64_t begin, uint64_t end) {
  if (begin >= end) return;
  auto it = ranges_.upper_bound(begin);
  if (it != ranges_.begin() && std::prev(it)->second >= begin) {
    --it;
    begin = it->first;
  }
  while (it != ranges_.end() && it->first <= end) {
    end = std::max(end, it->second);
    it = ranges_.erase(it);
  }
  ranges_.emplace_hint(it, begin, end);
}

size_t Journal::Record::undo_bytes() const {
  if (merged == nullptr) return overwritten.size();
  size_t bytes = 0;
  for (const auto& [offset, patch] : merged->patches) bytes += patch.size();
  return bytes;
}

void Journal::AddWrite(const PageFile& file, uint64_t offset, uint64_t length) {
  const uint64_t size = file.size();
  std::string overwritten;
  if (offset < size) {
    overwritten = file.Copy(offset, std::min(length, size - offset));
  }
  Add({.old_size = size,
       .cut = size,
       .new_size = std::max(size, offset + length),
       .offset = offset,
       .length = length,
       .overwritten = std::move(overwritten)},
      file);
}

void Journal::AddResize(const PageFile& file, uint64_t size) {
  const uint64_t old_size = file.size();
  std::string overwritten;
  if (size < old_size) overwritten = file.Copy(size, old_size - size);
  Add({.old_size = old_size,
       .cut = std::min(size, old_size),
       .new_size = size,
       .offset = size,
       .length = 0,
       .overwritten = std::move(overwritten)},
      file);
}

void Journal::Add(Record record, const PageFile& file) {
  record.last = ++issued_;
  undo_bytes_ += record.overwritten.size();
  records_.push_back(std::move(record));
  if (__builtin_expect(
          (records_.size() > kFreeRecords && records_.size() > max_records_) ||
              (undo_bytes_ > kFreeUndoBytes && undo_bytes_ > max_undo_bytes_),
          0)) {
    Coalesce(file);
  }
}

void Journal::Forget(uint64_t last) {
  auto end = records_.begin();
  for (; end != records_.end() && end->last <= last; ++end) {
    undo_bytes_ -= end->undo_bytes();
  }
  records_.erase(records_.begin(), end);
}

void Journal::UndoAll(PageFile& file, size_t kept) const {
  for (size_t i = records_.size(); i-- > kept;) {
    const Record& record = records_[i];
    // A range that was written behind the old end goes with this.
    file.Resize(record.old_size);
    if (record.merged == nullptr) {
      file.Write(record.offset, record.overwritten);
      continue;
    }
    for (const auto& [offset, patch] : record.merged->patches) {
      file.Write(offset, patch);
    }
  }
}

void Journal::RemoveMark(uint64_t last) {
  auto it = std::find(marks_.begin(), marks_.end(), last);
  CHECK(it != marks_.end());
  *it = marks_.back();
  marks_.pop_back();
}

void Journal::Coalesce(const PageFile& file) {
  // A quarter stays apart: merging less would not keep up with the writes.
  const size_t old = records_.size() - records_.size() / 4;
  size_t kept = 0;  // records before this are done
  for (size_t i = 1; i < records_.size(); ++i) {
    Record& older = records_[kept];
    const bool marked =
        std::find(marks_.begin(), marks_.end(), older.last) != marks_.end();
    if (i < old && !marked) {
      MergeInto(older, records_[i]);
    } else if (++kept != i) {
      records_[kept] = std::move(records_[i]);
    }
  }
  records_.erase(records_.begin() + kept + 1, records_.end());
  undo_bytes_ = 0;
  for (const Record& record : records_) undo_bytes_ += record.undo_bytes();
  // Twice what is left at least, so that the work stays linear.
  max_records_ =
      std::max(kFreeRecords + file.size() / kPageBytes, 2 * records_.size());
  max_undo_bytes_ =
      std::max<size_t>(kFreeUndoBytes + 2 * file.size(), 2 * undo_bytes_);
}

void Journal::MergeInto(Record& older, Record& younger) {
  if (older.merged == nullptr) {
    older.merged = std::make_unique<Record::Merged>();
    older.merged->written.Add(older.offset, older.offset + older.length);
    AddUncovered(older.merged->patches, older.offset, older.overwritten);
    older.overwritten = std::string();
  }
  // What the older one replaced wins over what the younger one replaced; and
  // what lies behind the oldest end is undone by the size alone.
  auto add = [&](uint64_t offset, absl::string_view bytes) {
    if (offset >= older.old_size) return;
    AddUncovered(older.merged->patches, offset,
                 bytes.substr(0, older.old_size - offset));
  };
  if (younger.merged == nullptr) {
    add(younger.offset, younger.overwritten);
  } else {
    for (const auto& [offset, patch] : younger.merged->patches) {
      add(offset, patch);
    }
  }
  younger.ForEachWritten([&](uint64_t begin, uint64_t end) {
    older.merged->written.Add(begin, end);
  });
  older.cut = std::min(older.cut, younger.cut);
  older.new_size = younger.new_size;
  older.last = younger.last;
}

}  // namespace moonpool
