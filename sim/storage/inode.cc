// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/storage/inode.h"

#include <algorithm>

#include "providers/base/check.h"
#include "providers/storage.h"

namespace moonpool {
namespace {

constexpr size_t kHistory = 16;
constexpr size_t kMaxReplacedBytes = 64 << 10;

}  // namespace

void Inode::Write(uint64_t offset, absl::string_view bytes) {
  if (bytes.empty()) return;  // an empty write does not extend a file
  journal_.AddWrite(file_, offset, bytes.size());
  if (__builtin_expect(keeps_history_, 0) &&
      bytes.size() <= kMaxReplacedBytes) {
    if (history_.size() == kHistory) history_.erase(history_.begin());
    std::string before;
    if (offset < file_.size()) {
      before = file_.Copy(
          offset, std::min<uint64_t>(bytes.size(), file_.size() - offset));
    }
    history_.push_back({offset, bytes.size(), std::move(before)});
  }
  file_.Write(offset, bytes);
  if (__builtin_expect(!bad_sectors_.empty(), 0)) {
    Rewritten(offset, offset + bytes.size());
  }
}

void Inode::Resize(uint64_t size) {
  if (size == file_.size()) return;
  journal_.AddResize(file_, size);
  if (size < file_.size() && !bad_sectors_.empty()) {
    Rewritten(size, file_.size() + kSectorBytes);
  }
  if (size < file_.size()) history_.clear();
  file_.Resize(size);
}

void Inode::MakeDurable(uint64_t last) {
  if (__builtin_expect(lost_.any(), 0)) lost_.Revive(journal_, last);
  journal_.Forget(last);
}

void Inode::DropPages(uint64_t last) {
  PageFile durable(std::make_shared<PageBudget>());
  CopyTo(durable);
  journal_.UndoAll(durable);
  lost_.Drop(journal_, last, durable);
  journal_.Forget(last);
}

void Inode::CopyTo(PageFile& file) const { file.Write(0, Contents()); }

std::string Inode::DurableContents() const {
  PageFile file(std::make_shared<PageBudget>());
  CopyTo(file);
  journal_.UndoAll(file);
  lost_.Place(file);
  return file.Copy(0, file.size());
}

bool Inode::has_bad_sector(uint64_t offset, uint64_t size) const {
  if (bad_sectors_.empty() || size == 0) return false;
  auto it = bad_sectors_.lower_bound(offset / kSectorBytes);
  return it != bad_sectors_.end() && *it <= (offset + size - 1) / kSectorBytes;
}

bool Inode::needs_bad_sector(uint64_t offset, uint64_t size) const {
  if (bad_sectors_.empty() || size == 0) return false;
  // Only the first and the last sector can be replaced in part; the last one
  // of the file is replaced when all its bytes are.
  const uint64_t end = offset + size;
  const bool whole_end = end % kSectorBytes == 0 || end >= file_.size();
  return (offset % kSectorBytes != 0 && has_bad_sector(offset, 1)) ||
         (!whole_end && has_bad_sector(end - 1, 1));
}

void Inode::Rewritten(uint64_t begin, uint64_t end) {
  // Whoever writes a part of a bad sector was refused before.
  bad_sectors_.erase(
      bad_sectors_.lower_bound((begin + kSectorBytes - 1) / kSectorBytes),
      bad_sectors_.upper_bound((end - 1) / kSectorBytes));
}

void Inode::FlipBit(uint64_t offset, int bit) {
  CHECK_LT(offset, file_.size());
  std::string byte = file_.Copy(offset, 1);
  byte[0] = static_cast<char>(byte[0] ^ (1 << bit));
  file_.Write(offset, byte);
}

bool Inode::ReadStale(uint64_t offset, absl::Span<char> buffer,
                      size_t* count) const {
  const uint64_t end = offset + buffer.size();
  for (size_t i = history_.size(); i-- > 0;) {
    const Replaced& replaced = history_[i];
    const uint64_t first = std::max(offset, replaced.offset);
    const uint64_t last = std::min(end, replaced.offset + replaced.length);
    if (first >= last) continue;
    *count = file_.Read(offset, buffer);
    for (uint64_t at = first; at < last && at < offset + *count; ++at) {
      const uint64_t i = at - replaced.offset;
      buffer[at - offset] =
          i < replaced.bytes.size() ? replaced.bytes[i] : '\0';
    }
    return true;
  }
  return false;
}

}  // namespace moonpool
