// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The arena: all memory of a world in one compact range at a fixed address.
//
// Inside an Arena::Scope, operator new serves from the range that starts at
// kArenaBase; outside, from malloc; operator delete knows which is which. So a
// checkpoint's copy-on-write pages are few and dense, pointers repeat from run
// to run, and the world can later be rewound by copying one range back.
//
// Small blocks come from slabs of one size class each (no header), large ones
// from runs of 2^k pages. Freed memory is reused last-in-first-out; when the
// last block is freed the arena starts again from its beginning, so that each
// iteration of a run sees the same addresses.
//
// Under sanitizers the arena is off: they need to see every allocation.
// Single-threaded. Fork: copied like any private memory.
#ifndef MOONPOOL_SIM_CORE_ARENA_H_
#define MOONPOOL_SIM_CORE_ARENA_H_

#include <array>
#include <cstddef>

namespace moonpool {

class Arena {
 public:
  // Accepted by plain, static and every sanitizer build (design/toolchain.md).
  static constexpr unsigned long kBase = 0x551000000000;
  static constexpr size_t kMaxBytes = size_t{16} << 30;  // address space only

  // Allocations inside the scope belong to the world.
  class Scope {
   public:
    Scope();
    Scope(const Scope&) = delete;
    ~Scope();

   private:
    bool previous_;
  };
  // Allocations inside it belong to the engine again (explorer callbacks).
  class OutsideScope {
   public:
    OutsideScope();
    OutsideScope(const OutsideScope&) = delete;
    ~OutsideScope();

   private:
    bool previous_;
  };

  // Whether an allocation would be the world's just now.
  static bool InScope();

  // For a doctor: lays the arena out in another way, which no correct world
  // can notice. With a fill, the small blocks of a page are also handed out
  // in another order. REQUIRES: nothing has been allocated in it yet.
  struct Variation {
    size_t skipped_pages = 0;  // left out at its beginning
    int fill = -1;  // 0..255: what every block is filled with; -1: nothing
  };
  static void Vary(const Variation& variation);

  // From now on the arena takes at most so many bytes. Whoever wants more of
  // it, or of a malloc that has none, ends in on_exhausted, which must not
  // return. By default kMaxBytes and a CHECK.
  static void Limit(size_t bytes, void (*on_exhausted)());

  static bool IsEnabled();
  static size_t BytesInUse();
  // Bytes from kBase up to the highest page ever handed out since the arena
  // was last empty: what a checkpoint has to keep.
  static size_t HighWater();

  // For whoever puts a world back in place: what the arena has written to
  // since it was mapped, its own tables included. All other bytes of Mapping()
  // are zero. Both grow only; empty before the first allocation.
  struct Range {
    char* begin = nullptr;
    size_t size = 0;
  };
  static std::array<Range, 2> Touched();
  static Range Mapping();
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CORE_ARENA_H_
