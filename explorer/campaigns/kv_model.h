// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// KvModel: what the reads of one client may return, for each server and key.
//
//   model.Set("10.0.1.1", "k3", "v17", KvWrite::kUnknown);
//   if (!model.Allows("10.0.1.1", "k3", got)) ...   // a bug of the server
//
// A key holds the *certain* value, of the last acknowledged set (at first the
// empty one), or any *ambiguous* value: one whose set failed after its request
// was sent. Such a request may be applied at once, never, or long after later
// sets, so an ambiguous value stays allowed for ever.
//
// Sound: the client waits for each operation before the next, so a correct
// server applies acknowledged sets in their order, each before its
// acknowledgement; what it applied last is the last acknowledged set or one
// that was not. Not complete: a lost set escapes notice if an older ambiguous
// value shows up in its place.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_KV_MODEL_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_KV_MODEL_H_

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace moonpool {

// What a client knows of a set of its own.
enum class KvWrite {
  kAcknowledged,
  kUnknown,  // sent, but no acknowledgement: may happen now, later or never
  kNotSent,  // failed before a byte of the request was sent: cannot happen
};

class KvModel {
 public:
  void Clear() { cells_.clear(); }
  void Set(absl::string_view server, absl::string_view key,
           absl::string_view value, KvWrite outcome);

  bool Allows(absl::string_view server, absl::string_view key,
              absl::string_view value) const;
  // The value is allowed only because its set is ambiguous.
  bool IsAmbiguous(absl::string_view server, absl::string_view key,
                   absl::string_view value) const;
  // For people: one of {"v1", "v7"}; the certain value first.
  std::string Describe(absl::string_view server, absl::string_view key) const;

  // The pairs of server and key that a set was tried on.
  size_t size() const { return cells_.size(); }

 private:
  struct Cell {
    std::string certain;
    std::set<std::string> ambiguous;
  };
  const Cell& Find(absl::string_view server, absl::string_view key) const;

  std::map<std::pair<std::string, std::string>, Cell> cells_;
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_KV_MODEL_H_
