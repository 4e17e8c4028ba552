// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a round after a restore cannot be told from a fork of the moment of
// capture, and a process that a copy cannot put right is refused. Method: a
// round reads and changes every kind of memory there is and folds it into a
// digest; its rounds in place are compared with its rounds in forks.
#include "explorer/checkpoint/snapshot.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "providers/base/hash.h"
#include "sim/core/arena.h"

namespace moonpool::explorer {
namespace {

constexpr int kMaxRounds = 300;

struct Shared {
  int rounds;
  int round;
  bool tracks_pages;
  uint64_t bytes;
  uint64_t restores;
  uint64_t digests[kMaxRounds];
  uint64_t grown;  // so that it is not optimised away
};

// What a round is allowed to know: its own number.
Shared* MapShared() {
  return static_cast<Shared*>(mmap(nullptr, sizeof(Shared),
                                   PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

uint64_t initialised_static = 77;
uint64_t zero_static = 0;
thread_local uint64_t thread_local_count = 5;

// Some of every kind of state.
struct State {
  std::map<uint64_t, std::string> in_arena;
  absl::flat_hash_map<std::string, uint64_t> hashed;
  std::vector<uint64_t*> in_heap;
  std::vector<std::vector<char>> ballast;
  char* sparse = nullptr;  // large, most of it never written to
};

constexpr size_t kSparse = size_t{64} << 10;

uint64_t Deeper(int depth, uint64_t seed) {
  volatile char frame[1024];
  frame[seed % sizeof(frame)] = static_cast<char>(seed);
  if (depth == 0) return Mix64(seed);
  return Deeper(depth - 1, Mix64(seed)) + frame[seed % sizeof(frame)];
}

// Folds memory that nobody has written to yet: zero, if it is fresh.
uint64_t DigestOfFresh(uint64_t digest, const char* memory, size_t size) {
  for (size_t i = 64; i < size; i += 512) {
    digest = Combine64(digest, static_cast<unsigned char>(memory[i]));
  }
  return digest;
}

uint64_t GrowArena(uint64_t digest, size_t size) {
  Arena::Scope scope;
  char* block = static_cast<char*>(::operator new(size));
  digest = DigestOfFresh(digest, block, size);
  memset(block, 0xab, size);
  return digest;  // left allocated
}

uint64_t GrowHeap(uint64_t digest, size_t size) {
  char* block = static_cast<char*>(malloc(size));
  digest = DigestOfFresh(digest, block, size);
  memset(block, 0xcd, size);
  return Combine64(digest, reinterpret_cast<uintptr_t>(block));
}

void Change(State& state, uint64_t random) {
  const std::string name = absl::StrCat("key-", random % 64);
  if (random % 5 == 0) state.hashed.erase(name);
  ++state.hashed[name];
  state.in_arena[random % 97] = std::string(random % 200, 'x');
  if (random % 7 == 0) state.in_arena.erase(random % 31);
  *state.in_heap[random % state.in_heap.size()] += random;
  if (!state.ballast.empty()) {
    auto& block = state.ballast[random % state.ballast.size()];
    ++block[random % block.size()];
  }
  if (state.sparse != nullptr && random % 50 == 0) {
    ++state.sparse[random % kSparse];
  }
  initialised_static ^= random;
  zero_static += random;
  thread_local_count = Mix64(thread_local_count);
  try {
    if (random % 11 == 0) throw std::runtime_error(name);
  } catch (const std::runtime_error& e) {
    zero_static += static_cast<unsigned char>(e.what()[4]);
  }
}

uint64_t DigestOf(const State& state) {
  uint64_t digest = 0;
  auto add = [&digest](uint64_t value) { digest = Combine64(digest, value); };
  for (const auto& [key, text] : state.in_arena) add(key), add(text.size());
  // In the order of the table, which depends on a counter of absl's own in a
  // thread-local and on the addresses of the tables.
  for (const auto& [key, count] : state.hashed) add(HashBytes(key)), add(count);
  for (const uint64_t* value : state.in_heap) add(*value);
  for (const auto& block : state.ballast) {
    for (size_t i = 0; i < block.size(); i += 64) {
      add(static_cast<unsigned char>(block[i]));
    }
  }
  for (size_t i = 0; state.sparse != nullptr && i < kSparse; ++i) {
    if (state.sparse[i] == 0) continue;
    add(i), add(static_cast<uint64_t>(state.sparse[i]));
  }
  add(initialised_static), add(zero_static), add(thread_local_count);
  return digest;
}

uint64_t Play(State& state, uint64_t& local, int round) {
  uint64_t random = Mix64(static_cast<uint64_t>(round) + 1000);
  {
    Arena::Scope scope;
    for (int i = 0; i < 200; ++i) {
      random = Mix64(random);
      Change(state, random);
      local += random;
      state.in_heap[static_cast<size_t>(i) % 4] =
          static_cast<uint64_t*>(calloc(1 + random % 8, sizeof(uint64_t)));
    }
    // A table made anew also shows absl's counter.
    absl::flat_hash_map<uint64_t, uint64_t> table;
    for (uint64_t i = 0; i < 50; ++i) table[Mix64(random + i)] = i;
    for (const auto& [key, i] : table) random = Combine64(random, i);
  }
  uint64_t digest = Combine64(DigestOf(state), local);
  digest = Combine64(digest, random);
  digest = GrowArena(digest, 5000);
  if (round % 10 == 0) digest = GrowArena(digest, size_t{3} << 20);
  digest = GrowHeap(digest, 3000);
  if (round % 10 == 5) digest = GrowHeap(digest, size_t{2} << 20);
  if (round % 50 == 7) digest = Combine64(digest, Deeper(1000, random));
  // stdio's buffer, too: what a round printed is not printed twice.
  printf("%s", "");
  return digest;
}

State* MakeState(size_t ballast_blocks) {
  Arena::Scope scope;
  auto* state = new State;
  for (size_t i = 0; i < ballast_blocks; ++i) {
    state->ballast.emplace_back(size_t{1} << 20, static_cast<char>(i));
  }
  {
    Arena::OutsideScope outside;
    for (int i = 0; i < 16; ++i) {
      state->in_heap.push_back(
          static_cast<uint64_t*>(calloc(4, sizeof(uint64_t))));
    }
  }
  for (uint64_t i = 0; i < 500; ++i) Change(*state, Mix64(i));
  return state;
}

// Runs it in a child of its own; returns its wait status.
int InChild(const std::function<void()>& run) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    KeepMallocInPlace();
    run();
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

void PlayForked(Shared* shared, State* state) {
  uint64_t local = 3;
  for (int round = 0; round < shared->rounds; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      shared->digests[round] = Play(*state, local, round);
      _exit(0);
    }
    waitpid(child, nullptr, 0);
  }
}

void PlayInPlace(Shared* shared, State* state, const SnapshotOptions& options) {
  uint64_t local = 3;
  shared->round = 0;
  Snapshot* snapshot = Snapshot::Take(options);
  if (snapshot == nullptr) _exit(1);
  shared->bytes = snapshot->bytes();
  shared->tracks_pages = snapshot->tracks_pages();
  shared->restores = snapshot->restores();
  if (shared->round == shared->rounds) _exit(0);
  const int round = shared->round++;
  shared->digests[round] = Play(*state, local, round);
  if (snapshot->CanRestore()) snapshot->Restore();
  _exit(2);
}

// Rounds at moments of a longer run: round r plays from where moment r %
// kMoments was. Each moment but the first is reached by playing on from the one
// before it, at another depth of the stack. Their number does not divide that
// of the rounds after which a snapshot forgets what was written to.
constexpr int kMoments = 3;

uint64_t ReachMoment(State& state, uint64_t& local, int moment) {
  uint64_t digest = 0;
  for (int i = 0; i < moment; ++i) {
    digest = Combine64(digest, Play(state, local, 1001 + i));
    if (i == 1) digest = GrowArena(digest, size_t{1} << 20);
    Arena::Scope scope;
    if (i == 0) state.sparse = static_cast<char*>(::operator new(kSparse));
  }
  return digest;
}

// Calls play below so many frames of a kilobyte.
uint64_t AtDepth(int depth, const std::function<uint64_t()>& play) {
  volatile char frame[1024];
  frame[depth % 1024] = static_cast<char>(depth);
  if (depth == 0) return play();
  return AtDepth(depth - 1, play) + frame[depth % 1024] - depth % 128;
}

void PlayMomentsForked(Shared* shared, State* state) {
  for (int round = 0; round < shared->rounds; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      uint64_t local = 3;
      ReachMoment(*state, local, round % kMoments);
      shared->digests[round] = Play(*state, local, round);
      _exit(0);
    }
    waitpid(child, nullptr, 0);
  }
}

// As a runner does it: the first round at a moment gets there, and stores an
// image of it; the others begin there.
void PlayMomentsInPlace(Shared* shared, State* state, const ImagePool& pool,
                        const SnapshotOptions& options) {
  uint64_t local = 3;
  Snapshot* snapshot = Snapshot::Take(options);
  if (snapshot == nullptr) _exit(1);
  shared->tracks_pages = snapshot->tracks_pages();
  snapshot->set_owner(reinterpret_cast<uintptr_t>(shared));
  auto image_of = [](int moment) {
    return ImageRef{.slot = static_cast<uint32_t>(10 + moment),
                    .generation = static_cast<uint64_t>(70 + moment)};
  };
  const int moment = shared->round % kMoments;
  ReachMoment(*state, local, moment);
  AtDepth(20 * moment, [&] {
    if (moment > 0 && snapshot->StoreImage(pool, image_of(moment)) ==
                          Snapshot::Stored::kResumed) {
      // What the memory says is whoever's who stored the image.
      shared = reinterpret_cast<Shared*>(snapshot->owner());
      shared->restores += snapshot->note() == 5 ? 1 : 1000;
    }
    if (shared->round == shared->rounds) _exit(0);
    const int round = shared->round++;
    shared->digests[round] = Play(*state, local, round);
    const int next = shared->round % kMoments;
    if (shared->round == shared->rounds) _exit(0);
    if (!snapshot->CanRestore()) _exit(2);
    snapshot->RestoreImage(pool, image_of(next), /*note=*/5);
    snapshot->Restore();
    return uint64_t{0};
  });
}

bool IsTrackingOffered() {
  DirtyPages dirty;
  const bool is_offered = dirty.Open(100);
  dirty.Close();
  return is_offered;
}

class SnapshotTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Snapshot::IsPossible()) GTEST_SKIP() << "needs the arena";
  }
  // Both ways from one process, so that addresses are the same.
  void ExpectInPlaceEqualsForked(int rounds, size_t ballast,
                                 SnapshotOptions options) {
    Shared* forked = MapShared();
    shared_->rounds = forked->rounds = rounds;
    const int status = InChild([&] {
      State* state = MakeState(ballast);
      PlayForked(forked, state);
      PlayInPlace(shared_, state, options);
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(shared_->round, rounds);
    EXPECT_EQ(shared_->restores, static_cast<uint64_t>(rounds));
    for (int i = 0; i < rounds; ++i) {
      EXPECT_NE(forked->digests[i], 0u);
      EXPECT_EQ(shared_->digests[i], forked->digests[i]) << i;
    }
  }
  // Rounds at several moments, in this process from the first, and then in
  // another that finds the images of that one.
  void ExpectImagesEqualForks(int rounds, size_t ballast,
                              SnapshotOptions options) {
    Shared* forked = MapShared();
    Shared* again = MapShared();
    const ImagePool pool;
    shared_->rounds = forked->rounds = again->rounds = rounds;
    const int status = InChild([&] {
      State* state = MakeState(ballast);
      PlayMomentsForked(forked, state);
      for (Shared* shared : {shared_, again}) {
        const pid_t child = fork();
        if (child == 0) PlayMomentsInPlace(shared, state, pool, options);
        int child_status = 0;
        waitpid(child, &child_status, 0);
        if (child_status != 0) _exit(3);
      }
    });
    EXPECT_EQ(status, 0);
    for (int i = 0; i < rounds; ++i) {
      EXPECT_EQ(shared_->digests[i], forked->digests[i]) << i;
      EXPECT_EQ(again->digests[i], forked->digests[i]) << i;
    }
    // Two of three rounds begin at an image, except the first two.
    const auto at_images =
        static_cast<uint64_t>(rounds - (rounds + kMoments - 1) / kMoments);
    EXPECT_EQ(shared_->restores, at_images - (kMoments - 1));
    EXPECT_EQ(again->restores, at_images);
  }
  // What storing an image says after run, and whether it is there then.
  Snapshot::Stored StoredAfter(const std::function<void()>& run) {
    const ImagePool pool;
    const ImageRef image = {.slot = 63, .generation = 9};
    const int status = InChild([&] {
      MakeState(0);
      Snapshot* snapshot = Snapshot::Take();
      if (snapshot == nullptr) _exit(1);
      run();
      _exit(10 + static_cast<int>(snapshot->StoreImage(pool, image)));
    });
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_GE(WEXITSTATUS(status), 10);
    const auto stored = static_cast<Snapshot::Stored>(WEXITSTATUS(status) - 10);
    EXPECT_EQ(pool.Has(image), stored == Snapshot::Stored::kStored);
    return stored;
  }
  // Takes a snapshot, lets run change the process, and says whether it could
  // be restored after that.
  bool IsRestoredAfter(const std::function<void()>& run) {
    shared_->round = 0;
    const int status = InChild([&] {
      Snapshot* snapshot = Snapshot::Take();
      if (snapshot == nullptr) _exit(1);
      if (shared_->round++ == 1) _exit(10);
      run();
      if (snapshot->CanRestore()) snapshot->Restore();
      _exit(11);
    });
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_GE(WEXITSTATUS(status), 10);
    return WEXITSTATUS(status) == 10;
  }

  Shared* shared_ = MapShared();
};

TEST_F(SnapshotTest, ARoundInPlaceIsTheRoundOfAFork) {
  ExpectInPlaceEqualsForked(kMaxRounds, 0, {});
  EXPECT_LT(shared_->bytes, size_t{2} << 20);
  EXPECT_EQ(shared_->tracks_pages, IsTrackingOffered());
}

TEST_F(SnapshotTest, OfALargeWorldOnlyPagesThatWereWritten) {
  ExpectInPlaceEqualsForked(60, 6, {});
  EXPECT_GT(shared_->bytes, size_t{6} << 20);
  EXPECT_EQ(shared_->tracks_pages, IsTrackingOffered());
}

TEST_F(SnapshotTest, ALargeWorldCanBeComparedToo) {
  ExpectInPlaceEqualsForked(60, 2, {.compare_limit = size_t{64} << 20});
  EXPECT_FALSE(shared_->tracks_pages);
}

TEST_F(SnapshotTest, LocalsAreThoseOfTheCapture) {
  const int status = InChild([&] {
    shared_->round = 0;
    int local = 1;
    std::string text = "before";
    Snapshot* snapshot = Snapshot::Take();
    if (local != 1 || text != "before" || snapshot == nullptr) _exit(1);
    if (shared_->round++ == 5) _exit(0);
    local = 2;
    text = "after, and too long to be stored in place";
    volatile int* escaped = &local;
    *escaped = shared_->round + 10;
    if (snapshot->CanRestore()) snapshot->Restore();
    _exit(2);
  });
  EXPECT_EQ(status, 0);
}

TEST_F(SnapshotTest, TheSignalMaskIsPutBack) {
  const int status = InChild([&] {
    shared_->round = 0;
    Snapshot* snapshot = Snapshot::Take();
    sigset_t mask;
    sigprocmask(SIG_SETMASK, nullptr, &mask);
    if (sigismember(&mask, SIGUSR1)) _exit(1);
    if (shared_->round++ == 1) _exit(0);
    sigaddset(&mask, SIGUSR1);
    sigprocmask(SIG_SETMASK, &mask, nullptr);
    if (snapshot->CanRestore()) snapshot->Restore();
    _exit(2);
  });
  EXPECT_EQ(status, 0);
}

TEST_F(SnapshotTest, RefusesAProcessThatIsNotTheSame) {
  EXPECT_TRUE(IsRestoredAfter([] {}));
  EXPECT_TRUE(IsRestoredAfter([] { Deeper(2000, 1); }));  // a larger stack
  EXPECT_TRUE(IsRestoredAfter(
      [&] { shared_->grown = GrowHeap(0, size_t{9} << 20); }));
  EXPECT_TRUE(IsRestoredAfter([] { close(open("/dev/null", O_RDONLY)); }));

  EXPECT_FALSE(IsRestoredAfter([] {
    mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }));
  EXPECT_FALSE(IsRestoredAfter([] { open("/dev/null", O_RDONLY); }));
  EXPECT_FALSE(IsRestoredAfter([] { close(0); }));
  // Both at once: the stack may grow, but nothing else may.
  EXPECT_FALSE(IsRestoredAfter([] {
    Deeper(2000, 1);
    mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }));
}

TEST_F(SnapshotTest, ARoundFromAnImageIsTheRoundOfAFork) {
  ExpectImagesEqualForks(200, 0, {});
  EXPECT_EQ(shared_->tracks_pages, IsTrackingOffered());
}

TEST_F(SnapshotTest, ImagesOfALargeWorldAreOfWhatChanged) {
  ExpectImagesEqualForks(80, 6, {});
}

TEST_F(SnapshotTest, ImagesNeedNoTracking) {
  ExpectImagesEqualForks(80, 2, {.compare_limit = size_t{64} << 20});
  EXPECT_FALSE(shared_->tracks_pages);
}

TEST_F(SnapshotTest, StoresOnlyWhatFitsAndCanBePutBack) {
  using Stored = Snapshot::Stored;
  EXPECT_EQ(StoredAfter([] {}), Stored::kStored);
  EXPECT_EQ(StoredAfter([] { GrowArena(0, size_t{2} << 20); }),
            Stored::kStored);
  EXPECT_EQ(StoredAfter([] { GrowArena(0, size_t{5} << 20); }),
            Stored::kTooLarge);
  EXPECT_EQ(StoredAfter([&] { shared_->grown = GrowHeap(0, size_t{9} << 20); }),
            Stored::kRefused);
  EXPECT_EQ(StoredAfter([] { open("/dev/null", O_RDONLY); }),
            Stored::kRefused);
  EXPECT_EQ(StoredAfter([] {
              mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                   0);
            }),
            Stored::kRefused);
}

TEST_F(SnapshotTest, AnImageThatIsNotThereIsNotRestored) {
  const ImagePool pool;
  const int status = InChild([&] {
    Snapshot* snapshot = Snapshot::Take();
    if (snapshot == nullptr || snapshot->restores() != 0) _exit(1);
    const ImageRef image = {.slot = 4, .generation = 9};
    snapshot->RestoreImage(pool, {.slot = 4, .generation = 0}, 0);
    snapshot->RestoreImage(pool, image, 0);
    if (snapshot->StoreImage(pool, image) != Snapshot::Stored::kStored) {
      _exit(3);
    }
    // The slot has been another's, or will be.
    snapshot->RestoreImage(pool, {.slot = 4, .generation = 8}, 0);
    snapshot->RestoreImage(pool, {.slot = 5, .generation = 9}, 0);
    // What another snapshot had stored, of another layout.
    void* here = mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Snapshot* other = Snapshot::Take();
    if (other == nullptr || here == MAP_FAILED) _exit(5);
    other->RestoreImage(pool, image, 0);
    _exit(0);
  });
  EXPECT_EQ(status, 0);
}

TEST_F(SnapshotTest, AForkHasNothingOfIt) {
  const int status = InChild([] {
    Snapshot* snapshot = Snapshot::Take({.compare_limit = 0});
    if (snapshot == nullptr) _exit(1);
    const Snapshot::Descriptors files = snapshot->descriptors();
    const pid_t child = fork();
    if (child == 0) {
      unsigned char resident = 0;
      const auto page = reinterpret_cast<uintptr_t>(snapshot) / 4096 * 4096;
      if (mincore(reinterpret_cast<void*>(page), 4096, &resident) == 0 ||
          errno != ENOMEM) {
        _exit(2);
      }
      Snapshot::CloseInChild(files);
      for (const int file : files.at) {
        if (file >= 0 && fcntl(file, F_GETFD) != -1) _exit(3);
      }
      _exit(0);
    }
    int child_status = 0;
    waitpid(child, &child_status, 0);
    _exit(child_status == 0 ? 0 : 4);
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace moonpool::explorer
