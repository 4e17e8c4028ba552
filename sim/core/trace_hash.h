// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// TraceHash: the running fingerprint of a timeline, always on. Two runs are
// the same run if and only if (up to 2^-64) their hashes are equal. Everything
// that happens is folded in: event times, kinds, targets, payloads (through
// XXH3) and every random draw.
//
// Draws are by far the most frequent, and mixed already. So they are only
// added up, each weighted by its place in the run (two that change places
// change the sum), and every other word takes the sum so far in with it. That
// leaves one addition between a draw and the next, instead of a multiplication.
#ifndef MOONPOOL_SIM_CORE_TRACE_HASH_H_
#define MOONPOOL_SIM_CORE_TRACE_HASH_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace moonpool {

// Hears of every word before it is folded in (of an event: right after), for
// whoever looks for the place where two runs part. Recording is slow; without
// a listener it costs nothing.
class TraceListener {
 public:
  enum class Kind : uint8_t {
    kEvent,      // words: time in ns, 0, 0
    kDraw,       // words: 0, 0, 0: the value follows from the stream
    kFixedDraw,  // words: the value, 0, 0
    kTrace,      // words: those of World::Trace
  };
  struct Word {
    Kind kind;
    uint64_t words[3];
    uint64_t hash;     // of everything before (kEvent: and its time)
    const char* type;  // kEvent: mangled name of the event's type
  };

  virtual ~TraceListener() = default;
  virtual void OnWord(const Word& word) = 0;
};

class TraceHash {
 public:
  // A point of the run to compare with: after so many events and draws the
  // hash was this.
  struct Sample {
    uint64_t events = 0;
    uint64_t draws = 0;
    uint64_t hash = 0;
  };
  static constexpr size_t kMaxSamples = 64;

  // One multiplication; order-dependent.
  void Add(uint64_t word) { hash_ = Fold(word); }
  // A draw, uniform and the place-th of the run.
  void AddDraw(uint64_t value, uint64_t place) {
    draws_ += value * (2 * place + 1);
  }
  uint64_t value() const { return Fold(0); }

  // Records a sample now and then: at most kMaxSamples, evenly spread over the
  // run whatever its length (each time they are full every second one is
  // dropped). Two equal runs take the same samples.
  void SampleAt(uint64_t events, uint64_t draws) {
    if (events >= next_sample_) TakeSample(events, draws);
  }
  bool IsSampleDue(uint64_t events) const { return events >= due_; }

  // nullptr for none. While there is one, a sample is due at each event.
  void set_listener(TraceListener* listener) {
    listener_ = listener;
    SetDue();
  }
  // IsSampleDue also says so from this event on: for whoever has something to
  // do then and no wish to look at each event.
  void set_also_due(uint64_t events) {
    also_due_ = events;
    SetDue();
  }
  TraceListener* listener() const { return listener_; }

  const Sample* samples() const { return samples_.data(); }
  size_t sample_count() const { return sample_count_; }

 private:
  uint64_t Fold(uint64_t word) const {
    const uint64_t hash = (hash_ ^ word ^ draws_) * 0x9FB21C651E98DF25u;
    return hash ^ hash >> 35;
  }
  void TakeSample(uint64_t events, uint64_t draws);
  void SetDue() {
    due_ = listener_ != nullptr      ? 0
           : also_due_ < next_sample_ ? also_due_
                                      : next_sample_;
  }

  uint64_t draws_ = 0;  // their weighted sum
  uint64_t hash_ = 0x243F6A8885A308D3u;
  // The earlier of next_sample_ and also_due_; 0 with a listener.
  uint64_t due_ = 16;
  uint64_t also_due_ = ~uint64_t{0};
  TraceListener* listener_ = nullptr;
  uint64_t next_sample_ = 16;
  uint64_t stride_ = 16;
  size_t sample_count_ = 0;
  std::array<Sample, kMaxSamples> samples_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CORE_TRACE_HASH_H_
