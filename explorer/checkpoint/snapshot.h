// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A snapshot of this very process: put back in place, it does what a fork of
// the moment of capture would have done, for the price of a copy.
//
//   Snapshot* snapshot = Snapshot::Take();     // returns once for each round
//   if (snapshot == nullptr) …                 // not possible here: fork
//   RunTheWorld(order_in_shared_memory);
//   PublishInSharedMemory();
//   if (snapshot->CanRestore()) snapshot->Restore();  // continues at Take
//   _exit(0);
//
// Copied are all private writable memory (the arena as far as it has ever been
// written, data and bss of every loaded object, thread-locals, malloc's heap,
// the stack), the registers and the signal mask. What grew meanwhile is zero
// again, as fresh memory is. Shared mappings are left alone: they are how
// rounds speak to others. The snapshot lies in memory of its own, which a fork
// does not copy.
//
// On the way it may store *images*: what then differs from the snapshot, pages
// and registers. Whoever was forked from the same process as it, and took its
// snapshot likewise, can put an image in place just as well, and continues
// where it was stored.
//
//   if (snapshot->StoreImage(pool, image) == Snapshot::Stored::kResumed) {
//     …  // somebody has put it in place: maybe another process than stored it
//   }
//   …
//   snapshot->RestoreImage(pool, image, note);  // returns if it is not there
//
// Not put back: what the kernel keeps (positions of files, timers, signal
// handlers, the working directory). Restore refuses when it sees that mappings
// or the lowest free descriptor have changed.
//
// Small ranges are compared page by page with their copy; of larger ones only
// the pages that were written to of late, where the kernel can tell
// (dirty_pages.h).
//
// Invariants: one thread; at most one snapshot in a process; C malloc must
// neither map nor trim (KeepMallocInPlace). Fork: the child has no snapshot, but
// its descriptors; it calls CloseInChild.
#ifndef MOONPOOL_EXPLORER_CHECKPOINT_SNAPSHOT_H_
#define MOONPOOL_EXPLORER_CHECKPOINT_SNAPSHOT_H_

#include <ucontext.h>

#include <cstddef>
#include <cstdint>

#include "explorer/checkpoint/dirty_pages.h"
#include "explorer/checkpoint/mappings.h"
#include "explorer/shared/image_pool.h"

namespace moonpool::explorer {

struct SnapshotOptions {
  // Ranges of up to so many bytes are compared: that costs less than to ask.
  size_t compare_limit = size_t{64} << 10;
};

class Snapshot {
 public:
  // False under sanitizers, whose shadow memory is not put back.
  static bool IsPossible();

  // Captures the process. Returns again after each Restore. nullptr: something
  // of this process cannot be captured, or memory is out.
  static Snapshot* Take(const SnapshotOptions& options = {});
  Snapshot(const Snapshot&) = delete;

  // Whether the process is still one that a copy can put right. If not, it had
  // better end.
  bool CanRestore();
  // Puts everything back and returns from Take. REQUIRES: CanRestore.
  [[noreturn]] void Restore();

  enum class Stored {
    kStored,
    kResumed,   // by RestoreImage
    kTooLarge,  // more has changed than a slot holds
    kRefused,   // what a copy cannot put right has changed, or memory is out
  };
  // Stores an image of this moment; it is there once it is whole. O(what has
  // been written to since the snapshot)
  Stored StoreImage(const ImagePool& pool, const ImageRef& image);
  // Continues where the image was stored; returns if it is not there. note: for
  // whoever continues there. REQUIRES: CanRestore.
  void RestoreImage(const ImagePool& pool, const ImageRef& image,
                    uint64_t note);
  uint64_t note() const { return note_; }

  // Whose it is. What the memory says may be another process's, if that one
  // has stored the image.
  void set_owner(uint64_t owner) { owner_ = owner; }
  uint64_t owner() const { return owner_; }

  // What a fork inherits of it. Ask before the fork, close in the child, which
  // does not have the object any more.
  struct Descriptors {
    int at[3];
  };
  Descriptors descriptors() const;
  static void CloseInChild(const Descriptors& descriptors);

  // Of the memory that it watches over; its copies may take less.
  size_t bytes() const { return bytes_; }
  uint64_t restores() const { return restores_; }
  bool tracks_pages() const { return tracks_pages_; }

 private:
  struct Range {
    char* at = nullptr;
    size_t size = 0;
    size_t first_page = 0;  // in copies_
    bool is_tracked = false;
  };
  // At the beginning of an image's slot. The contents of its pages follow.
  struct Image {
    uint64_t generation;  // of its ImageRef; written last
    const Snapshot* snapshot;
    uint64_t layout;
    uint32_t in_ranges;
    uint32_t beyond;
    // First those in ranges, by their number; then those beyond, which were
    // zero or not in use, by address. Both ascending.
    uint64_t pages[ImagePool::kMaxPages];
    ucontext_t context;

    const char* Content(size_t page) const {
      return reinterpret_cast<const char*>(this) + ImagePool::kHeaderBytes +
             page * ImagePool::kPage;
    }
  };
  static_assert(sizeof(Image) <= ImagePool::kHeaderBytes);
  static constexpr size_t kMaxRanges = MappingList::kMax + 2;
  static constexpr size_t kStackBytes = size_t{32} << 10;

  Snapshot() = default;
  static Snapshot* Make(const SnapshotOptions& options);
  bool OpenFiles();
  void CloseFiles();
  void CopyOut();
  void StartTracking(size_t compare_limit);
  // See snapshot_image.cc.
  Stored CaptureImage(const ImagePool& pool, const ImageRef& image);
  bool FindChanged();
  bool FindGrown(uintptr_t frame);
  bool AddPage(uint64_t page);
  bool WriteImage(const ImagePool& pool, const ImageRef& image);
  char* PageAt(size_t page) const;
  char* EndOf(const char* begin) const;
  void PutBackImage(const Image& image);
  void PutBackBeyond(const Image& image);

  [[noreturn]] void Continue(const Image* image);
  bool IsLikeBefore();
  bool MappingsAreTheSame();
  uint64_t MappedPages() const;
  int LowestFreeDescriptor() const;
  static void RestoreFrom(unsigned high, unsigned low);
  void PutBack();
  void PutBackRanges();
  // A page of the range, from its copy, if they differ.
  void PutBackPage(const Range& range, char* page);
  bool PutBackTracked(const Range& range);
  void ZeroWhatGrew();
  static void Clear(char* begin, char* end);

  size_t storage_bytes_ = 0;
  size_t bytes_ = 0;
  uint64_t restores_ = 0;
  bool is_captured_ = false;
  bool tracks_pages_ = false;
  size_t range_count_ = 0;
  Range ranges_[kMaxRanges];
  // By page, of all ranges one after the other; pages of zeros, which are most
  // of data and heap, share one copy.
  const char** copies_ = nullptr;
  char* next_copy_ = nullptr;
  size_t pages_ = 0;
  bool* visited_ = nullptr;  // by page: by the last PutBackRanges
  const char* stack_begin_ = nullptr;  // of the part that is copied

  // What must still hold when it is restored.
  char* heap_end_ = nullptr;
  uint64_t mapped_pages_ = 0;
  int lowest_descriptor_ = -1;
  int statm_ = -1;
  MappingList mappings_;
  MappingList now_;

  uint64_t owner_ = 0;
  uint64_t note_ = 0;
  uint64_t layout_ = 0;  // the hash of all ranges
  const Image* target_ = nullptr;  // nullptr: the snapshot itself
  bool has_resumed_ = false;
  Image draft_;
  iovec parts_[ImagePool::kMaxPages];
  const char* replaced_[ImagePool::kMaxPages];

  DirtyPages dirty_;
  ucontext_t captured_;
  ucontext_t image_context_;
  ucontext_t restoring_;
  alignas(64) char stack_[kStackBytes];
};

// C malloc takes its memory from one heap and keeps it, so that a process looks
// the same to the kernel before and after a round.
void KeepMallocInPlace();

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_CHECKPOINT_SNAPSHOT_H_
