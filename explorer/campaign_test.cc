// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: campaigns register themselves, declare their parameters by reading
// them, and refuse what they do not know.
#include "explorer/campaign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moonpool {
namespace {

using ::testing::HasSubstr;

struct Read {
  bool durable = false;
  int64_t servers = 0;
  std::string mode;
};
Read last_read;

}  // namespace

REGISTER_CAMPAIGN(sample, "Reads a parameter of each type") {
  last_read.durable = params.Bool("durable", false, "sync before ack");
  last_read.servers = params.Int("servers", 3, "how many");
  last_read.mode = params.String("mode", "calm", "the weather");
  return SimulationBuilder();
}

REGISTER_CAMPAIGN(plain, "Has no parameters") { return SimulationBuilder(); }

namespace {

absl::Status Build(absl::string_view name, CampaignParams::Values values) {
  return BuildCampaign(**FindCampaign(name), CampaignParams(std::move(values)))
      .status();
}

TEST(Campaigns, AreListedByName) {
  ASSERT_EQ(Campaigns().size(), 2u);
  EXPECT_EQ(Campaigns().begin()->first, "plain");
  EXPECT_EQ(Campaigns().at("sample").description,
            "Reads a parameter of each type");
}

TEST(Campaigns, UnknownNameListsThoseThatExist) {
  const absl::Status status = FindCampaign("nothing").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(),
            "unknown campaign nothing: choose one of plain, sample");
}

TEST(CampaignParams, DefaultsHoldAndAreDeclared) {
  const CampaignParams params({});
  ASSERT_TRUE(BuildCampaign(**FindCampaign("sample"), params).ok());
  EXPECT_FALSE(last_read.durable);
  EXPECT_EQ(last_read.servers, 3);
  EXPECT_EQ(last_read.mode, "calm");
  ASSERT_EQ(params.declarations().size(), 3u);
  EXPECT_EQ(params.declarations()[1].name, "servers");
  EXPECT_EQ(params.declarations()[1].type, "int");
  EXPECT_EQ(params.declarations()[1].default_value, "3");
  EXPECT_EQ(params.declarations()[1].help, "how many");
}

TEST(CampaignParams, ValuesAreRead) {
  ASSERT_TRUE(Build("sample", {{"durable", "true"},
                               {"servers", "-9223372036854775808"},
                               {"mode", "stormy"}})
                  .ok());
  EXPECT_TRUE(last_read.durable);
  EXPECT_EQ(last_read.servers, std::numeric_limits<int64_t>::min());
  EXPECT_EQ(last_read.mode, "stormy");
}

TEST(CampaignParams, MalformedValuesAreErrors) {
  for (const char* value : {"", "yes", "TRUE", " true"}) {
    EXPECT_THAT(std::string(Build("sample", {{"durable", value}}).message()),
                HasSubstr("give true or false"));
  }
  for (const char* value :
       {"", "-", "+1", " 1", "1 ", "0x1", "1.5", "9223372036854775808"}) {
    EXPECT_THAT(std::string(Build("sample", {{"servers", value}}).message()),
                HasSubstr("give a decimal integer"))
        << value;
  }
}

TEST(CampaignParams, IntegersHaveLimits) {
  using Limits = CampaignParams::Limits;
  struct Case {
    const char* value;
    Limits limits;
    const char* error;
  };
  for (const Case& wrong :
       {Case{"0", {1, 9}, "parameter beyond its limits: n=0: give 1 to 9"},
        Case{"10", {1, 9}, "parameter beyond its limits: n=10: give 1 to 9"},
        Case{"-1",
             {.least = 0},
             "parameter beyond its limits: n=-1: give 0 or more"},
        Case{"8",
             {.most = 7},
             "parameter beyond its limits: n=8: give 7 or less"},
        Case{"x",
             {1, 9},
             "malformed parameter: n=x: give a decimal integer of 64 bits"}}) {
    const CampaignParams params({{"n", wrong.value}});
    EXPECT_EQ(params.Int("n", 3, "how many", wrong.limits), 3);
    EXPECT_EQ(params.status().message(), wrong.error);
  }
  for (const char* value : {"1", "9"}) {
    const CampaignParams params({{"n", value}});
    EXPECT_EQ(params.Int("n", 3, "how many", {1, 9}), value[0] - '0');
    EXPECT_TRUE(params.status().ok());
    EXPECT_EQ(params.declarations()[0].help, "how many, 1 to 9");
  }
}

TEST(CampaignParams, UnknownParametersAreErrors) {
  EXPECT_EQ(Build("sample", {{"durabel", "true"}}).message(),
            "campaign sample: unknown parameter durabel: this campaign has "
            "durable, servers, mode; give one of these");
  EXPECT_EQ(Build("plain", {{"x", "1"}}).message(),
            "campaign plain: unknown parameter x: this campaign has none; "
            "leave it out");
}

TEST(CampaignParamsTest, AChoiceIsOneOfThose) {
  const CampaignParams given({{"size", "large"}});
  EXPECT_EQ(given.Choice("size", {"small", "large"}, "how much"), "large");
  EXPECT_TRUE(given.status().ok());
  EXPECT_EQ(given.declarations()[0].help, "how much: small, large");
  const CampaignParams none({});
  EXPECT_EQ(none.Choice("size", {"small", "large"}, "how much"), "small");
  EXPECT_TRUE(none.status().ok());
  const CampaignParams bad({{"size", "huge"}});
  EXPECT_EQ(bad.Choice("size", {"small", "large"}, "how much"), "small");
  EXPECT_FALSE(bad.status().ok());
}

}  // namespace
}  // namespace moonpool
