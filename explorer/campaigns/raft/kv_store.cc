// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/kv_store.h"

#include <utility>

#include "explorer/campaigns/raft/codec.h"
#include "providers/base/hash.h"

namespace moonpool::raft {

std::string EncodeCommand(const Command& command) {
  std::string data;
  Writer writer(&data);
  writer.Int(static_cast<uint64_t>(command.operation));
  writer.Int(command.client);
  writer.Int(command.sequence);
  writer.Bytes(command.key);
  writer.Bytes(command.value);
  writer.Bytes(command.expected);
  return data;
}

std::optional<Command> DecodeCommand(absl::string_view data) {
  Reader reader(data);
  Command command;
  command.operation = static_cast<Operation>(
      reader.Int(static_cast<uint64_t>(Operation::kCas)));
  command.client = static_cast<uint32_t>(reader.Int(~uint32_t{0}));
  command.sequence = reader.Int();
  command.key = std::string(reader.Bytes());
  command.value = std::string(reader.Bytes());
  command.expected = std::string(reader.Bytes());
  if (!reader.done()) return std::nullopt;
  return command;
}

KvStore::Result KvStore::Apply(const Command& command) {
  Result result;
  Session& session = sessions_[command.client];
  if (command.sequence <= session.sequence) {
    result.is_duplicate = command.sequence == session.sequence;
    result.is_stale = !result.is_duplicate;
    result.ok = session.ok;
    result.value = session.value;
  } else {
    std::string& value = values_[command.key];
    switch (command.operation) {
      case Operation::kGet:
        result.value = value;
        break;
      case Operation::kPut:
        value = command.value;
        break;
      case Operation::kAppend:
        result.value = value;
        value += command.value;
        break;
      case Operation::kCas:
        result.ok = value == command.expected;
        if (result.ok) value = command.value;
        break;
    }
    session = {command.sequence, result.ok, result.value};
  }
  digest_ = Combine64(digest_, HashBytes(result.value));
  digest_ = Combine64(digest_, uint64_t{result.ok} | uint64_t{result.is_duplicate} << 1 |
                                   uint64_t{result.is_stale} << 2);
  return result;
}

const std::string& KvStore::Get(const std::string& key) const {
  static const std::string& kEmpty = *new std::string;
  const auto it = values_.find(key);
  return it == values_.end() ? kEmpty : it->second;
}

std::string KvStore::Encode(bool with_sessions) const {
  std::string data;
  Writer writer(&data);
  writer.Int(digest_);
  writer.Int(values_.size());
  for (const auto& [key, value] : values_) {
    writer.Bytes(key);
    writer.Bytes(value);
  }
  writer.Int(with_sessions ? sessions_.size() : 0);
  if (!with_sessions) return data;
  for (const auto& [client, session] : sessions_) {
    writer.Int(client);
    writer.Int(session.sequence);
    writer.Int(session.ok);
    writer.Bytes(session.value);
  }
  return data;
}

bool KvStore::Restore(absl::string_view data) {
  *this = KvStore();
  if (data.empty()) return true;  // the snapshot of the beginning
  Reader reader(data);
  digest_ = reader.Int();
  for (uint64_t left = reader.Int(); left > 0 && reader.ok(); --left) {
    std::string key(reader.Bytes());
    values_[std::move(key)] = std::string(reader.Bytes());
  }
  for (uint64_t left = reader.Int(); left > 0 && reader.ok(); --left) {
    const auto client = static_cast<uint32_t>(reader.Int());
    Session& session = sessions_[client];
    session.sequence = reader.Int();
    session.ok = reader.Int() != 0;
    session.value = std::string(reader.Bytes());
  }
  if (reader.done()) return true;
  *this = KvStore();
  return false;
}

}  // namespace moonpool::raft
