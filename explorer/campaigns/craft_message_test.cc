// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: every message survives the wire, and nothing else is taken for one.
// Method: one message of each type is encoded, decoded and encoded again; each
// truncation, extension and count that does not fit is refused, and refusing
// leaves nothing allocated.
#include "explorer/campaigns/craft_message.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "explorer/campaigns/craft_heap.h"

namespace moonpool::craft {
namespace {

class CraftMessageTest : public ::testing::Test {
 protected:
  static raft_message Message(unsigned short type) {
    raft_message message = {};
    message.type = type;
    return message;
  }
  // One of each type, with distinct values. The test frees them.
  static std::vector<raft_message> Examples() {
    std::vector<raft_message> all;
    raft_message message = Message(RAFT_IO_REQUEST_VOTE);
    message.request_vote = {1, 2, 3, 4, true, false};
    all.push_back(message);
    message = Message(RAFT_IO_REQUEST_VOTE_RESULT);
    message.request_vote_result = {5, true, raft_tribool_false};
    all.push_back(message);
    message = Message(RAFT_IO_APPEND_ENTRIES);
    message.append_entries = {6, 7, 8, 9, MakeEntries(Entries()), 3};
    all.push_back(message);
    message = Message(RAFT_IO_APPEND_ENTRIES);  // a heartbeat
    message.append_entries = {6, 7, 8, 9, nullptr, 0};
    all.push_back(message);
    message = Message(RAFT_IO_APPEND_ENTRIES_RESULT);
    message.append_entries_result = {10, 11, 12};
    all.push_back(message);
    message = Message(RAFT_IO_INSTALL_SNAPSHOT);
    raft_install_snapshot& snapshot = message.install_snapshot;
    snapshot.term = 13;
    snapshot.last_index = 14;
    snapshot.last_term = 15;
    MakeConfiguration({{1, RAFT_VOTER, "10.0.1.1"}, {2, RAFT_SPARE, "b"}},
                      &snapshot.conf);
    snapshot.conf_index = 16;
    snapshot.data = MakeBuffer("state");
    all.push_back(message);
    message = Message(RAFT_IO_TIMEOUT_NOW);
    message.timeout_now = {17, 18, ~0ull};
    all.push_back(message);
    return all;
  }
  static std::vector<Entry> Entries() {
    return {{1, RAFT_COMMAND, "x"},
            {2, RAFT_BARRIER, ""},
            {3, RAFT_CHANGE, "twelve bytes"}};
  }
  static std::string Body(const raft_message& message) {
    std::string frame;
    AppendFrame(message, &frame);
    EXPECT_EQ(ByteReader(frame).U32(), frame.size() - kFrameHeaderBytes);
    return frame.substr(kFrameHeaderBytes);
  }

  CraftHeap heap_;
  CraftHeap::Scope scope_{&heap_};
};

TEST_F(CraftMessageTest, EachTypeSurvivesTheRoundTrip) {
  for (raft_message& message : Examples()) {
    const std::string body = Body(message);
    raft_message decoded = {};
    ASSERT_TRUE(DecodeMessage(body, &decoded).ok()) << message.type;
    EXPECT_EQ(decoded.type, message.type);
    EXPECT_EQ(Body(decoded), body) << message.type;
    FreeMessage(&decoded);
    FreeMessage(&message);
  }
  EXPECT_EQ(heap_.live_blocks(), 0u);
}

TEST_F(CraftMessageTest, FieldsKeepTheirPlaces) {
  std::vector<raft_message> all = Examples();
  raft_message decoded = {};
  ASSERT_TRUE(DecodeMessage(Body(all[0]), &decoded).ok());
  EXPECT_EQ(decoded.request_vote.candidate_id, 2u);
  EXPECT_EQ(decoded.request_vote.last_log_term, 4u);
  EXPECT_TRUE(decoded.request_vote.disrupt_leader);
  EXPECT_FALSE(decoded.request_vote.pre_vote);
  ASSERT_TRUE(DecodeMessage(Body(all[5]), &decoded).ok());
  EXPECT_EQ(decoded.install_snapshot.conf.n, 2u);
  EXPECT_STREQ(decoded.install_snapshot.conf.servers[0].address, "10.0.1.1");
  EXPECT_EQ(decoded.install_snapshot.conf_index, 16u);
  EXPECT_EQ(View(decoded.install_snapshot.data), "state");
}

TEST_F(CraftMessageTest, EntriesAreOneBatch) {
  raft_entry* entries = MakeEntries(Entries());
  EXPECT_EQ(heap_.live_blocks(), 2u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(entries[i].batch, entries[0].buf.base);
    EXPECT_EQ(entries[i].term, static_cast<raft_term>(i + 1));
  }
  EXPECT_EQ(View(entries[1].buf), "");
  EXPECT_EQ(View(entries[2].buf), "twelve bytes");
  EXPECT_EQ(MakeEntries({}), nullptr);
}

TEST_F(CraftMessageTest, EveryTruncationIsRefused) {
  for (raft_message& message : Examples()) {
    const std::string body = Body(message);
    FreeMessage(&message);
    const size_t live = heap_.live_blocks();
    for (size_t size = 0; size < body.size(); ++size) {
      raft_message decoded = {};
      EXPECT_FALSE(DecodeMessage(body.substr(0, size), &decoded).ok())
          << message.type << " cut to " << size;
    }
    EXPECT_EQ(heap_.live_blocks(), live);
  }
}

TEST_F(CraftMessageTest, BytesBehindTheMessageAreRefused) {
  for (raft_message& message : Examples()) {
    raft_message decoded = {};
    EXPECT_FALSE(DecodeMessage(Body(message) + '\0', &decoded).ok());
  }
}

TEST_F(CraftMessageTest, CorruptValuesAreRefused) {
  const std::vector<raft_message> all = Examples();
  raft_message decoded = {};
  EXPECT_FALSE(DecodeMessage(std::string(25, '\0'), &decoded).ok());
  EXPECT_FALSE(DecodeMessage(std::string(25, '\7'), &decoded).ok());
  std::string vote = Body(all[0]);
  vote.back() = 2;  // neither true nor false
  EXPECT_FALSE(DecodeMessage(vote, &decoded).ok());
  std::string result = Body(all[1]);
  result.back() = 3;  // beyond raft_tribool
  EXPECT_FALSE(DecodeMessage(result, &decoded).ok());
  std::string append = Body(all[2]);
  const size_t count = 1 + 4 * 8;
  append[count] = 4;  // more entries than there are
  EXPECT_FALSE(DecodeMessage(append, &decoded).ok());
  append[count] = 3;
  append[count + 3] = 127;  // two billion of them
  EXPECT_FALSE(DecodeMessage(append, &decoded).ok());
  append[count + 3] = 0;
  append[count + 4 + 8] = 9;  // of no known type
  EXPECT_FALSE(DecodeMessage(append, &decoded).ok());
}

// Whatever arrives, decoding neither crashes nor leaks.
TEST_F(CraftMessageTest, FlippedBitsAreHarmless) {
  for (raft_message& message : Examples()) {
    const std::string body = Body(message);
    FreeMessage(&message);
    const size_t live = heap_.live_blocks();
    for (size_t bit = 0; bit < body.size() * 8; ++bit) {
      std::string flipped = body;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      raft_message decoded = {};
      if (!DecodeMessage(flipped, &decoded).ok()) continue;
      EXPECT_EQ(Body(decoded).size(), body.size());
      FreeMessage(&decoded);
    }
    EXPECT_EQ(heap_.live_blocks(), live);
  }
}

TEST(CraftHeapTest, DropsWhatTheLibraryHasNotFreed) {
  CraftHeap heap;
  CraftHeap::Scope scope(&heap);
  void* first = raft_malloc(10);
  void* second = raft_calloc(4, 8);
  EXPECT_EQ(heap.live_blocks(), 2u);
  EXPECT_EQ(static_cast<char*>(second)[31], 0);
  static_cast<char*>(second)[31] = 7;
  second = raft_realloc(second, 1000);
  EXPECT_EQ(static_cast<char*>(second)[31], 7);
  raft_free(first);
  EXPECT_EQ(heap.live_blocks(), 1u);
}

}  // namespace
}  // namespace moonpool::craft
