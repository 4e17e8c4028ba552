// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "sim/storage/inode.h"

namespace moonpool {

using Record = Journal::Record;

void LostPages::Drop(const Journal& journal, uint64_t last,
                     const PageFile& durable) {
  bool any = false;
  for (const Record& record : journal.records()) {
    if (record.last > last) break;
    any = true;
    auto drop = [&](uint64_t begin, uint64_t end) {
      for (uint64_t page = begin / kPageBytes; page * kPageBytes < end;
           ++page) {
        // A page that was lost before stays what it was then.
        auto [it, is_new] = pages_.try_emplace(page);
        if (is_new) it->second = durable.Copy(page * kPageBytes, kPageBytes);
      }
    };
    record.ForEachWritten(drop);
    if (record.cuts()) drop(record.cut, record.old_size);
  }
  if (any && !size_.has_value()) size_ = durable.size();
}

void LostPages::Revive(const Journal& journal, uint64_t last) {
  for (const Record& record : journal.records()) {
    if (record.last > last) break;
    size_.reset();
    if (record.cuts()) {
      const uint64_t page = record.cut / kPageBytes;
      const uint64_t in_page = record.cut % kPageBytes;
      auto it = pages_.lower_bound(page);
      if (in_page > 0 && it != pages_.end() && it->first == page) {
        std::fill(it->second.begin() + static_cast<int64_t>(in_page),
                  it->second.end(), '\0');
        ++it;
      }
      pages_.erase(it, pages_.end());
    }
    record.ForEachWritten([&](uint64_t begin, uint64_t end) {
      pages_.erase(pages_.lower_bound(begin / kPageBytes),
                   pages_.upper_bound((end - 1) / kPageBytes));
    });
  }
}

void LostPages::Place(PageFile& file) const {
  if (size_.has_value()) file.Resize(*size_);
  for (const auto& [page, durable] : pages_) {
    const uint64_t offset = page * kPageBytes;
    if (offset >= file.size()) break;
    file.Write(offset,
               absl::string_view(durable).substr(0, file.size() - offset));
  }
}

}  // namespace moonpool
