// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/craft_message.h"

#include <algorithm>
#include <cstring>

#include "providers/base/check.h"

namespace moonpool::craft {
namespace {

// The least that one of them takes: a count that does not fit is refused
// before anything is made of it.
constexpr size_t kMinEntryBytes = 8 + 2 + 4;
constexpr size_t kMinServerBytes = 8 + 1 + 4;

size_t Padded(size_t size) { return (size + 7) & ~size_t{7}; }

void WriteBody(const raft_append_entries& m, ByteWriter& writer) {
  writer.U64(m.term);
  writer.U64(m.prev_log_index);
  writer.U64(m.prev_log_term);
  writer.U64(m.leader_commit);
  writer.U32(m.n_entries);
  for (unsigned i = 0; i < m.n_entries; ++i) WriteEntry(m.entries[i], writer);
}

void WriteBody(const raft_append_entries_result& m, ByteWriter& writer) {
  writer.U64(m.term);
  writer.U64(m.rejected);
  writer.U64(m.last_log_index);
}

void WriteBody(const raft_request_vote& m, ByteWriter& writer) {
  writer.U64(m.term);
  writer.U64(m.candidate_id);
  writer.U64(m.last_log_index);
  writer.U64(m.last_log_term);
  writer.U8(m.disrupt_leader);
  writer.U8(m.pre_vote);
}

void WriteBody(const raft_request_vote_result& m, ByteWriter& writer) {
  writer.U64(m.term);
  writer.U8(m.vote_granted);
  writer.U8(static_cast<uint8_t>(m.pre_vote));
}

void WriteBody(const raft_install_snapshot& m, ByteWriter& writer) {
  writer.U64(m.term);
  writer.U64(m.last_index);
  writer.U64(m.last_term);
  WriteServers(m.conf, writer);
  writer.U64(m.conf_index);
  writer.Bytes(View(m.data));
}

void WriteBody(const raft_timeout_now& m, ByteWriter& writer) {
  writer.U64(m.term);
  writer.U64(m.last_log_index);
  writer.U64(m.last_log_term);
}

// Each ReadBody returns whether the values make sense; it allocates last, when
// the whole body is known to be good.

bool ReadBody(ByteReader& reader, raft_append_entries* m) {
  m->term = reader.U64();
  m->prev_log_index = reader.U64();
  m->prev_log_term = reader.U64();
  m->leader_commit = reader.U64();
  m->n_entries = reader.U32();
  if (m->n_entries > reader.remaining() / kMinEntryBytes) return false;
  std::vector<Entry> entries;
  entries.reserve(m->n_entries);
  for (unsigned i = 0; i < m->n_entries; ++i) {
    entries.push_back(ReadEntry(reader));
    const uint16_t type = entries.back().type;
    if (type < RAFT_COMMAND || type > RAFT_CHANGE) return false;
  }
  if (!reader.done()) return false;
  m->entries = MakeEntries(entries);
  return true;
}

bool ReadBody(ByteReader& reader, raft_append_entries_result* m) {
  m->term = reader.U64();
  m->rejected = reader.U64();
  m->last_log_index = reader.U64();
  return reader.done();
}

bool ReadBody(ByteReader& reader, raft_request_vote* m) {
  m->term = reader.U64();
  m->candidate_id = reader.U64();
  m->last_log_index = reader.U64();
  m->last_log_term = reader.U64();
  const uint8_t disrupt_leader = reader.U8();
  const uint8_t pre_vote = reader.U8();
  m->disrupt_leader = disrupt_leader != 0;
  m->pre_vote = pre_vote != 0;
  return reader.done() && disrupt_leader <= 1 && pre_vote <= 1;
}

bool ReadBody(ByteReader& reader, raft_request_vote_result* m) {
  m->term = reader.U64();
  const uint8_t vote_granted = reader.U8();
  const uint8_t pre_vote = reader.U8();
  if (!reader.done() || vote_granted > 1 || pre_vote > raft_tribool_false) {
    return false;
  }
  m->vote_granted = vote_granted != 0;
  m->pre_vote = static_cast<raft_tribool>(pre_vote);
  return true;
}

// What raft_configuration_add accepts.
bool IsConfiguration(const std::vector<Server>& servers) {
  for (size_t i = 0; i < servers.size(); ++i) {
    const Server& server = servers[i];
    if (server.id == 0 || server.role > RAFT_SPARE) return false;
    // The library's text ends at the first zero.
    if (server.address.find('\0') != std::string::npos) return false;
    for (size_t j = 0; j < i; ++j) {
      if (servers[j].id == server.id) return false;
      if (servers[j].address == server.address) return false;
    }
  }
  return true;
}

bool ReadBody(ByteReader& reader, raft_install_snapshot* m) {
  m->term = reader.U64();
  m->last_index = reader.U64();
  m->last_term = reader.U64();
  const std::vector<Server> servers = ReadServers(reader);
  m->conf_index = reader.U64();
  const absl::string_view data = reader.Bytes();
  if (!reader.done() || !IsConfiguration(servers)) return false;
  MakeConfiguration(servers, &m->conf);
  m->data = MakeBuffer(data);
  return true;
}

bool ReadBody(ByteReader& reader, raft_timeout_now* m) {
  m->term = reader.U64();
  m->last_log_index = reader.U64();
  m->last_log_term = reader.U64();
  return reader.done();
}

bool ReadBodyOfType(ByteReader& reader, raft_message* m) {
  switch (m->type) {
    case RAFT_IO_APPEND_ENTRIES:
      return ReadBody(reader, &m->append_entries);
    case RAFT_IO_APPEND_ENTRIES_RESULT:
      return ReadBody(reader, &m->append_entries_result);
    case RAFT_IO_REQUEST_VOTE:
      return ReadBody(reader, &m->request_vote);
    case RAFT_IO_REQUEST_VOTE_RESULT:
      return ReadBody(reader, &m->request_vote_result);
    case RAFT_IO_INSTALL_SNAPSHOT:
      return ReadBody(reader, &m->install_snapshot);
    case RAFT_IO_TIMEOUT_NOW:
      return ReadBody(reader, &m->timeout_now);
    default:
      return false;
  }
}

void WriteBodyOfType(const raft_message& m, ByteWriter& writer) {
  switch (m.type) {
    case RAFT_IO_APPEND_ENTRIES:
      return WriteBody(m.append_entries, writer);
    case RAFT_IO_APPEND_ENTRIES_RESULT:
      return WriteBody(m.append_entries_result, writer);
    case RAFT_IO_REQUEST_VOTE:
      return WriteBody(m.request_vote, writer);
    case RAFT_IO_REQUEST_VOTE_RESULT:
      return WriteBody(m.request_vote_result, writer);
    case RAFT_IO_INSTALL_SNAPSHOT:
      return WriteBody(m.install_snapshot, writer);
    case RAFT_IO_TIMEOUT_NOW:
      return WriteBody(m.timeout_now, writer);
    default:
      CHECK(false) << "raft.h 0.15.0 has no message of type " << m.type;
  }
}

// Enough for the usual message, to allocate once.
size_t ExpectedBytes(const raft_message& message) {
  const unsigned entries = message.type == RAFT_IO_APPEND_ENTRIES
                               ? message.append_entries.n_entries
                               : 0;
  return 48 + entries * (kMinEntryBytes + 8);
}

void WriteEntryParts(raft_term term, uint16_t type, absl::string_view data,
                     ByteWriter& writer) {
  CHECK_LE(data.size(), kMaxFrameBytes);
  writer.EntryHead(term, type, static_cast<uint32_t>(data.size()));
  writer.Raw(data);
}

}  // namespace

void ByteWriter::EntryHead(uint64_t term, uint16_t type, uint32_t size) {
  char bytes[kMinEntryBytes];
  Store(term, 8, bytes);
  Store(type, 2, bytes + 8);
  Store(size, 4, bytes + 10);
  out_->append(bytes, sizeof(bytes));
}

void ByteWriter::Bytes(absl::string_view bytes) {
  CHECK_LE(bytes.size(), kMaxFrameBytes);
  U32(static_cast<uint32_t>(bytes.size()));
  Raw(bytes);
}

uint64_t ByteReader::Get(size_t width) {
  if (rest_.size() < width) {
    ok_ = false;
    rest_ = absl::string_view();
    return 0;
  }
  uint64_t value = 0;
  for (size_t i = 0; i < width; ++i) {
    value |= uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
  }
  rest_.remove_prefix(width);
  return value;
}

absl::string_view ByteReader::Bytes() {
  const uint32_t size = U32();
  if (size > rest_.size()) {
    ok_ = false;
    rest_ = absl::string_view();
  }
  if (!ok_) return absl::string_view();
  const absl::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

void AppendFrame(const raft_message& message, std::string* out) {
  const size_t start = out->size();
  out->reserve(start + ExpectedBytes(message));
  ByteWriter writer(out);
  writer.U32(0);  // filled in below
  writer.U8(static_cast<uint8_t>(message.type));
  WriteBodyOfType(message, writer);
  const size_t size = out->size() - start - kFrameHeaderBytes;
  CHECK_LE(size, kMaxFrameBytes);
  for (size_t i = 0; i < kFrameHeaderBytes; ++i) {
    (*out)[start + i] = static_cast<char>(size >> (8 * i));
  }
}

absl::Status DecodeMessage(absl::string_view body, raft_message* message) {
  ByteReader reader(body);
  message->type = reader.U8();
  if (!ReadBodyOfType(reader, message)) {
    return absl::InvalidArgumentError("not a message of C-Raft");
  }
  return absl::OkStatus();
}

void FreeMessage(raft_message* message) {
  if (message->type == RAFT_IO_APPEND_ENTRIES) {
    raft_append_entries& m = message->append_entries;
    if (m.entries != nullptr) raft_free(m.entries[0].batch);
    raft_free(m.entries);
  } else if (message->type == RAFT_IO_INSTALL_SNAPSHOT) {
    raft_configuration_close(&message->install_snapshot.conf);
    raft_free(message->install_snapshot.data.base);
  }
}

void WriteEntry(const raft_entry& entry, ByteWriter& writer) {
  WriteEntryParts(entry.term, entry.type, View(entry.buf), writer);
}

void WriteEntry(const Entry& entry, ByteWriter& writer) {
  WriteEntryParts(entry.term, entry.type, entry.data, writer);
}

Entry ReadEntry(ByteReader& reader) {
  Entry entry;
  entry.term = reader.U64();
  entry.type = reader.U16();
  entry.data = std::string(reader.Bytes());
  return entry;
}

raft_entry* MakeEntries(const std::vector<Entry>& entries) {
  if (entries.empty()) return nullptr;
  size_t total = 0;
  for (const Entry& entry : entries) total += Padded(entry.data.size());
  // Never of size zero: the library frees a batch by its address.
  auto* batch = static_cast<char*>(raft_malloc(std::max<size_t>(total, 8)));
  auto* made =
      static_cast<raft_entry*>(raft_calloc(entries.size(), sizeof(raft_entry)));
  CHECK(batch != nullptr);
  CHECK(made != nullptr);
  size_t offset = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    const std::string& data = entries[i].data;
    std::memcpy(batch + offset, data.data(), data.size());
    made[i].term = entries[i].term;
    made[i].type = entries[i].type;
    made[i].buf.base = batch + offset;
    made[i].buf.len = data.size();
    made[i].batch = batch;
    offset += Padded(data.size());
  }
  return made;
}

void WriteServers(const raft_configuration& configuration, ByteWriter& writer) {
  writer.U32(configuration.n);
  for (unsigned i = 0; i < configuration.n; ++i) {
    const raft_server& server = configuration.servers[i];
    writer.U64(server.id);
    writer.U8(static_cast<uint8_t>(server.role));
    writer.Bytes(server.address);
  }
}

std::vector<Server> ReadServers(ByteReader& reader) {
  std::vector<Server> servers;
  const uint32_t count = reader.U32();
  for (uint32_t i = 0; i < count; ++i) {
    if (reader.remaining() < kMinServerBytes) {
      while (reader.ok()) reader.U64();  // past the end: remembered
      break;
    }
    Server server;
    server.id = reader.U64();
    server.role = reader.U8();
    server.address = std::string(reader.Bytes());
    servers.push_back(std::move(server));
  }
  return servers;
}

void MakeConfiguration(const std::vector<Server>& servers,
                       raft_configuration* configuration) {
  raft_configuration_init(configuration);
  for (const Server& server : servers) {
    CHECK_EQ(raft_configuration_add(configuration, server.id,
                                    server.address.c_str(), server.role),
             0)
        << "server " << server.id << " is no member of a configuration";
  }
}

raft_buffer MakeBuffer(absl::string_view bytes) {
  raft_buffer buffer;
  buffer.len = bytes.size();
  buffer.base = raft_malloc(std::max<size_t>(bytes.size(), 1));
  CHECK(buffer.base != nullptr);
  std::memcpy(buffer.base, bytes.data(), bytes.size());
  return buffer;
}

}  // namespace moonpool::craft
