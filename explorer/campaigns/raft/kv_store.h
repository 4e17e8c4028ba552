// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// KvStore: the replicated state machine: text values by key, and the clients'
// sessions, which make a command that was retried take effect once (thesis,
// 6.3). A client has one command under way at a time and numbers them from 1;
// its session begins with its first command and never expires.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_KV_STORE_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_KV_STORE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace moonpool::raft {

enum class Operation : uint8_t { kGet, kPut, kAppend, kCas };

struct Command {
  Operation operation = Operation::kGet;
  uint32_t client = 0;
  uint64_t sequence = 0;
  std::string key;
  std::string value;     // put; appended; set if the old value is expected
  std::string expected;  // kCas
};
std::string EncodeCommand(const Command& command);
// nullopt if data is no command.
std::optional<Command> DecodeCommand(absl::string_view data);

class KvStore {
 public:
  struct Result {
    // kCas: whether it was as expected.
    bool ok = true;
    // kAppend: the value before it.
    std::string value;
    // It took effect earlier, and this is what was answered then.
    bool is_duplicate = false;
    // Older than the last one of its client, which does not wait for it.
    bool is_stale = false;
  };

  Result Apply(const Command& command);
  const std::string& Get(const std::string& key) const;

  // Of all results so far: equal digests, equal histories.
  uint64_t digest() const { return digest_; }

  // A snapshot's contents, and back. Without sessions: a planted bug.
  std::string Encode(bool with_sessions) const;
  // False if data is malformed; the store is empty then.
  bool Restore(absl::string_view data);

 private:
  struct Session {
    uint64_t sequence = 0;
    bool ok = true;
    std::string value;
  };
  std::map<std::string, std::string> values_;
  std::map<uint32_t, Session> sessions_;
  uint64_t digest_ = 0;
};

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_KV_STORE_H_
