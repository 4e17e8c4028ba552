// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/storage/pages.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace moonpool {

size_t PageFile::Read(uint64_t offset, absl::Span<char> buffer) const {
  if (offset >= size_) return 0;
  const size_t count = std::min<uint64_t>(buffer.size(), size_ - offset);
  for (size_t done = 0; done < count;) {
    const uint64_t at = offset + done;
    const uint64_t in_page = at % kPageBytes;
    const size_t part = std::min<uint64_t>(count - done, kPageBytes - in_page);
    const uint64_t index = at / kPageBytes;
    const char* page = index < pages_.size() ? pages_[index].get() : nullptr;
    if (page != nullptr) {
      std::memcpy(buffer.data() + done, page + in_page, part);
    } else {
      std::memset(buffer.data() + done, 0, part);
    }
    done += part;
  }
  return count;
}

std::string PageFile::Copy(uint64_t offset, uint64_t size) const {
  std::string copy(size, '\0');
  Read(offset, absl::MakeSpan(copy.data(), copy.size()));
  return copy;
}

void PageFile::Write(uint64_t offset, absl::string_view bytes) {
  if (bytes.empty()) return;
  size_ = std::max<uint64_t>(size_, offset + bytes.size());
  while (!bytes.empty()) {
    const uint64_t in_page = offset % kPageBytes;
    const size_t part = std::min<uint64_t>(bytes.size(), kPageBytes - in_page);
    std::memcpy(PageAt(offset / kPageBytes) + in_page, bytes.data(), part);
    bytes.remove_prefix(part);
    offset += part;
  }
}

void PageFile::Resize(uint64_t size) {
  if (size < size_) {
    const uint64_t keep = (size + kPageBytes - 1) / kPageBytes;
    while (pages_.size() > keep) {
      if (pages_.back() != nullptr) {
        --pages_in_use_;
        --budget_->used;
      }
      pages_.pop_back();
    }
    const uint64_t in_page = size % kPageBytes;
    if (in_page > 0 && pages_.size() == keep && pages_.back() != nullptr) {
      std::memset(pages_.back().get() + in_page, 0, kPageBytes - in_page);
    }
  }
  size_ = size;
}

void PageFile::Reserve(uint64_t offset, uint64_t size) {
  if (size == 0) return;
  for (uint64_t i = offset / kPageBytes; i <= (offset + size - 1) / kPageBytes;
       ++i) {
    PageAt(i);
  }
}

uint64_t PageFile::MissingPages(uint64_t offset, uint64_t size) const {
  if (size == 0) return 0;
  uint64_t missing = 0;
  for (uint64_t i = offset / kPageBytes; i <= (offset + size - 1) / kPageBytes;
       ++i) {
    missing += i >= pages_.size() || pages_[i] == nullptr;
  }
  return missing;
}

char* PageFile::PageAt(uint64_t index) {
  if (index >= pages_.size()) pages_.resize(index + 1);
  std::unique_ptr<char[]>& page = pages_[index];
  if (page == nullptr) {
    page = std::make_unique<char[]>(kPageBytes);
    ++pages_in_use_;
    ++budget_->used;
  }
  return page.get();
}

}  // namespace moonpool
