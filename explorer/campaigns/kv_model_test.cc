// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the oracle of the key-value campaign neither accuses a correct server
// nor lets a plain loss pass. Method: unit tests of the model; a model test
// against all the states a correct server can be in; the log's records cut
// and bent at every byte; the wire format.
#include "explorer/campaigns/kv_model.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "explorer/campaigns/kv_log.h"
#include "explorer/campaigns/kv_protocol.h"
#include "gtest/gtest.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"

namespace moonpool {
namespace {

TEST(KvModelTest, UntouchedKeyIsEmpty) {
  const KvModel model;
  EXPECT_TRUE(model.Allows("s", "k", ""));
  EXPECT_FALSE(model.Allows("s", "k", "v1"));
  EXPECT_EQ(model.Describe("s", "k"), "one of {\"\"}");
  EXPECT_EQ(model.size(), 0u);
}

TEST(KvModelTest, AcknowledgedSetReplacesTheValue) {
  KvModel model;
  model.Set("s", "k", "v1", KvWrite::kAcknowledged);
  EXPECT_TRUE(model.Allows("s", "k", "v1"));
  EXPECT_FALSE(model.Allows("s", "k", ""));
  model.Set("s", "k", "v2", KvWrite::kAcknowledged);
  EXPECT_FALSE(model.Allows("s", "k", "v1"));
  EXPECT_EQ(model.size(), 1u);
}

TEST(KvModelTest, ServersAndKeysAreSeparate) {
  KvModel model;
  model.Set("s", "k", "v1", KvWrite::kAcknowledged);
  EXPECT_TRUE(model.Allows("t", "k", ""));
  EXPECT_FALSE(model.Allows("t", "k", "v1"));
  EXPECT_FALSE(model.Allows("s", "l", "v1"));
}

TEST(KvModelTest, AmbiguousSetStaysAllowedForEver) {
  KvModel model;
  model.Set("s", "k", "v1", KvWrite::kAcknowledged);
  model.Set("s", "k", "v2", KvWrite::kUnknown);
  EXPECT_TRUE(model.Allows("s", "k", "v1"));
  EXPECT_TRUE(model.Allows("s", "k", "v2"));
  EXPECT_FALSE(model.IsAmbiguous("s", "k", "v1"));
  EXPECT_TRUE(model.IsAmbiguous("s", "k", "v2"));
  // Its request may still arrive after this one.
  model.Set("s", "k", "v3", KvWrite::kAcknowledged);
  EXPECT_FALSE(model.Allows("s", "k", "v1"));
  EXPECT_TRUE(model.Allows("s", "k", "v2"));
  EXPECT_TRUE(model.Allows("s", "k", "v3"));
  EXPECT_EQ(model.Describe("s", "k"), "one of {\"v3\", \"v2\"}");
}

TEST(KvModelTest, UnsentSetDidNotHappen) {
  KvModel model;
  model.Set("s", "k", "v1", KvWrite::kNotSent);
  EXPECT_TRUE(model.Allows("s", "k", ""));
  EXPECT_FALSE(model.Allows("s", "k", "v1"));
}

// A correct server whose network delays requests of failed sets for any time.
TEST(KvModelTest, NeverAccusesAServerWithDelayedSets) {
  TraceHash trace;
  RandomSource source(1, &trace);
  RandomStream random(&source, "server");
  for (int run = 0; run < 300; ++run) {
    KvModel model;
    std::string stored;
    std::vector<std::string> delayed;
    for (int i = 0; i < 40; ++i) {
      const std::string value = absl::StrCat("v", i);
      switch (random.Below(5)) {
        case 0:
          stored = value;
          model.Set("s", "k", value, KvWrite::kAcknowledged);
          break;
        case 1:  // applied, but the acknowledgement is lost
          stored = value;
          model.Set("s", "k", value, KvWrite::kUnknown);
          break;
        case 2:  // the request is under way
          delayed.push_back(value);
          model.Set("s", "k", value, KvWrite::kUnknown);
          break;
        case 3:
          model.Set("s", "k", value, KvWrite::kNotSent);
          break;
        default:
          if (delayed.empty()) break;
          const size_t at = random.Below(delayed.size());
          stored = delayed[at];
          delayed.erase(delayed.begin() + static_cast<ptrdiff_t>(at));
      }
      ASSERT_TRUE(model.Allows("s", "k", stored))
          << stored << " of " << model.Describe("s", "k");
    }
  }
}

TEST(KvProtocolTest, RequestsSurviveTheWire) {
  const auto get = DecodeKvRequest(EncodeKvGet("k1"));
  ASSERT_TRUE(get.has_value());
  EXPECT_FALSE(get->is_set);
  EXPECT_EQ(get->key, "k1");
  const auto set = DecodeKvRequest(EncodeKvSet("k1", "value"));
  ASSERT_TRUE(set.has_value());
  EXPECT_TRUE(set->is_set);
  EXPECT_EQ(set->key, "k1");
  EXPECT_EQ(set->value, "value");
  for (absl::string_view bad : {"", "X", "S", "S\x05key"}) {
    EXPECT_FALSE(DecodeKvRequest(bad).has_value()) << bad;
  }
}

TEST(KvLogTest, RecoversTheRecordsBeforeACutAtAnyByte) {
  const std::vector<KvLog::Record> records = {
      {"k1", "v1"}, {"k2", ""}, {"", "v3"}};
  std::string bytes;
  std::vector<size_t> ends = {0};
  for (const KvLog::Record& record : records) {
    KvLog::Encode(record, bytes);
    ends.push_back(bytes.size());
  }
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    size_t whole = 0;
    while (whole < records.size() && ends[whole + 1] <= cut) ++whole;
    std::vector<KvLog::Record> decoded;
    EXPECT_EQ(KvLog::Decode(bytes.substr(0, cut), decoded), ends[whole]);
    EXPECT_EQ(decoded, std::vector<KvLog::Record>(
                           records.begin(),
                           records.begin() + static_cast<ptrdiff_t>(whole)));
  }
}

TEST(KvLogTest, StopsAtTheFirstCorruptRecord) {
  std::string good;
  KvLog::Encode({"k1", "v1"}, good);
  std::string second;
  KvLog::Encode({"k2", "v2"}, second);
  for (size_t at = 0; at < second.size(); ++at) {
    std::string bent = second;
    bent[at] = static_cast<char>(bent[at] ^ 0x10);
    std::vector<KvLog::Record> decoded;
    EXPECT_EQ(KvLog::Decode(good + bent + good, decoded), good.size())
        << "byte " << at;
    EXPECT_EQ(decoded.size(), 1u);
  }
  std::vector<KvLog::Record> decoded;
  EXPECT_EQ(KvLog::Decode(std::string(64, '\0'), decoded), 0u);
}

}  // namespace
}  // namespace moonpool
