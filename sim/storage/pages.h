// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// PageFile: the bytes of one file, in pages of 4 KiB; a page never written is
// a hole, reads as zeros and takes no memory.
//
// Invariant: bytes of the last page behind the end of the file are zero.
#ifndef MOONPOOL_SIM_STORAGE_PAGES_H_
#define MOONPOOL_SIM_STORAGE_PAGES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace moonpool {

inline constexpr uint64_t kPageBytes = 4096;

// The pages in use of one disk.
struct PageBudget {
  uint64_t used = 0;
  uint64_t capacity = 0;  // 0: without limit
  bool HasRoomFor(uint64_t pages) const {
    return capacity == 0 || used + pages <= capacity;
  }
};

class PageFile {
 public:
  explicit PageFile(std::shared_ptr<PageBudget> budget)
      : budget_(std::move(budget)) {}
  PageFile(const PageFile&) = delete;
  ~PageFile() { budget_->used -= pages_in_use_; }

  uint64_t size() const { return size_; }
  uint64_t pages_in_use() const { return pages_in_use_; }
  // Up to buffer.size() bytes; 0 at or after the end.
  size_t Read(uint64_t offset, absl::Span<char> buffer) const;
  // Exactly size bytes; zeros after the end.
  std::string Copy(uint64_t offset, uint64_t size) const;
  // Extends the file as needed.
  void Write(uint64_t offset, absl::string_view bytes);
  void Resize(uint64_t size);
  // Gives every page of the range memory. REQUIRES: inside the file.
  void Reserve(uint64_t offset, uint64_t size);
  // How many pages a write of this range would newly need.
  uint64_t MissingPages(uint64_t offset, uint64_t size) const;
  bool HasRoomFor(uint64_t offset, uint64_t size) const {
    return budget_->capacity == 0 ||
           budget_->HasRoomFor(MissingPages(offset, size));
  }

 private:
  char* PageAt(uint64_t index);  // makes it

  std::shared_ptr<PageBudget> budget_;
  uint64_t size_ = 0;
  uint64_t pages_in_use_ = 0;
  std::vector<std::unique_ptr<char[]>> pages_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_PAGES_H_
