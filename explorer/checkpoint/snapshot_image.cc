// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Images: what differs from a snapshot at another moment.
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "explorer/checkpoint/pages.h"
#include "explorer/checkpoint/snapshot.h"
#include "sim/core/arena.h"

namespace moonpool::explorer {

static_assert(kPage == ImagePool::kPage);

Snapshot::Stored Snapshot::StoreImage(const ImagePool& pool,
                                      const ImageRef& image) {
  // Returns here after each RestoreImage. This frame is then as WriteImage
  // found it.
  getcontext(&draft_.context);
  if (has_resumed_) {
    has_resumed_ = false;
    return Stored::kResumed;
  }
  return CaptureImage(pool, image);
}

// Its frame begins where the part of the stack that StoreImage needs ends.
__attribute__((noinline)) Snapshot::Stored Snapshot::CaptureImage(
    const ImagePool& pool, const ImageRef& image) {
  const auto frame =
      reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) / kPage * kPage;
  if (!pool.is_open() || sbrk(0) != heap_end_ || !IsLikeBefore()) {
    return Stored::kRefused;
  }
  draft_.snapshot = this;
  draft_.layout = layout_;
  draft_.in_ranges = 0;
  draft_.beyond = 0;
  if (!FindChanged() || !FindGrown(frame)) return Stored::kTooLarge;
  return WriteImage(pool, image) ? Stored::kStored : Stored::kRefused;
}

bool Snapshot::AddPage(uint64_t page) {
  const size_t count = draft_.in_ranges + draft_.beyond;
  if (count == ImagePool::kMaxPages) return false;
  draft_.pages[count] = page;
  return true;
}

// Those in ranges that are not what they were.
bool Snapshot::FindChanged() {
  bool fits = true;
  for (size_t i = 0; i < range_count_; ++i) {
    const Range& range = ranges_[i];
    const uint32_t before = draft_.in_ranges;
    auto look = [&](const char* page) {
      const size_t number =
          range.first_page + static_cast<size_t>(page - range.at) / kPage;
      if (!fits || memcmp(page, copies_[number], kPage) == 0) return;
      fits = AddPage(number);
      if (fits) ++draft_.in_ranges;
    };
    const bool is_done =
        range.is_tracked &&
        dirty_.ForEach(range.at, range.size,
                       [&](const DirtyPages::Region& written) {
                         for (const char* page = written.begin;
                              page < written.end; page += kPage) {
                           look(page);
                         }
                       });
    if (!is_done) {
      // Maybe in the middle: none may be there twice.
      draft_.in_ranges = before;
      fits = true;
      for (size_t at = 0; at < range.size; at += kPage) look(range.at + at);
    }
    if (!fits) return false;
  }
  return true;
}

// The arena and the stack beyond what they were.
bool Snapshot::FindGrown(uintptr_t frame) {
  auto add = [this](const char* page) {
    if (!AddPage(reinterpret_cast<uintptr_t>(page))) return false;
    ++draft_.beyond;
    return true;
  };
  for (const Arena::Range& touched : Arena::Touched()) {
    const char* page = EndOf(touched.begin);
    if (page == nullptr) continue;
    for (; page < touched.begin + touched.size; page += kPage) {
      if (!IsZeroPage(page) && !add(page)) return false;
    }
  }
  for (const char* page = reinterpret_cast<const char*>(frame);
       page < stack_begin_; page += kPage) {
    if (!add(page)) return false;
  }
  return true;
}

char* Snapshot::PageAt(size_t page) const {
  const Range* const end = ranges_ + range_count_;
  const Range* const after = std::upper_bound(
      ranges_, end, page,
      [](size_t at, const Range& range) { return at < range.first_page; });
  return after[-1].at + (page - after[-1].first_page) * kPage;
}

bool Snapshot::WriteImage(const ImagePool& pool, const ImageRef& image) {
  const size_t count = draft_.in_ranges + draft_.beyond;
  size_t parts = 0;
  for (size_t i = 0; i < count; ++i) {
    char* const page = i < draft_.in_ranges
                           ? PageAt(draft_.pages[i])
                           : reinterpret_cast<char*>(draft_.pages[i]);
    if (parts > 0 &&
        static_cast<char*>(parts_[parts - 1].iov_base) +
                parts_[parts - 1].iov_len ==
            page) {
      parts_[parts - 1].iov_len += kPage;
    } else {
      parts_[parts++] = {page, kPage};
    }
  }
  if (!pool.Write(image.slot, ImagePool::kHeaderBytes, parts_, parts)) {
    return false;
  }
  constexpr size_t kNumber = sizeof(draft_.generation);
  draft_.generation = image.generation;
  iovec rest = {reinterpret_cast<char*>(&draft_) + kNumber,
                sizeof(draft_) - kNumber};
  iovec number = {&draft_.generation, kNumber};
  return pool.Write(image.slot, kNumber, &rest, 1) &&
         pool.Write(image.slot, 0, &number, 1);
}

void Snapshot::RestoreImage(const ImagePool& pool, const ImageRef& image,
                            uint64_t note) {
  if (!pool.Has(image)) return;
  const auto* const stored =
      reinterpret_cast<const Image*>(pool.at(image.slot));
  if (stored->snapshot != this || stored->layout != layout_) return;
  memcpy(&image_context_, &stored->context, sizeof(image_context_));
  // It points into the structure itself.
  image_context_.uc_mcontext.fpregs = &image_context_.__fpregs_mem;
  note_ = note;
  has_resumed_ = true;
  Continue(stored);
}

void Snapshot::PutBackImage(const Image& image) {
  for (size_t i = 0; i < image.in_ranges; ++i) {
    const size_t page = image.pages[i];
    replaced_[i] = copies_[page];
    copies_[page] = image.Content(i);
  }
  memset(visited_, 0, pages_);
  PutBackRanges();
  for (size_t i = 0; i < image.in_ranges; ++i) {
    const size_t page = image.pages[i];
    // Not written to since the snapshot, so it is not this page yet.
    if (visited_[page] == 0) memcpy(PageAt(page), copies_[page], kPage);
    copies_[page] = replaced_[i];
  }
}

// Of the arena, what is not in the image is zero.
void Snapshot::PutBackBeyond(const Image& image) {
  size_t next = image.in_ranges;
  const size_t end = next + image.beyond;
  const std::array<Arena::Range, 2> touched = Arena::Touched();
  const char* const limits[] = {
      touched[1].begin, Arena::Mapping().begin + Arena::Mapping().size};
  for (size_t which = 0; which < touched.size(); ++which) {
    char* page = EndOf(touched[which].begin);
    if (page == nullptr) continue;
    char* const all = touched[which].begin + touched[which].size;
    for (; next < end; ++next) {
      char* const stored = reinterpret_cast<char*>(image.pages[next]);
      if (stored >= limits[which]) break;
      for (; page < stored && page < all; page += kPage) {
        if (!IsZeroPage(page)) memset(page, 0, kPage);
      }
      const char* const content = image.Content(next);
      if (memcmp(stored, content, kPage) != 0) memcpy(stored, content, kPage);
      page = stored + kPage;
    }
    Clear(page, all);
  }
  // The stack's.
  for (; next < end; ++next) {
    memcpy(reinterpret_cast<char*>(image.pages[next]), image.Content(next),
           kPage);
  }
}

// Of the range that begins there; nullptr: none does.
char* Snapshot::EndOf(const char* begin) const {
  for (size_t i = 0; begin != nullptr && i < range_count_; ++i) {
    if (ranges_[i].at == begin) return ranges_[i].at + ranges_[i].size;
  }
  return nullptr;
}

}  // namespace moonpool::explorer
