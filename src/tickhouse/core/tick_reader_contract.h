// The contract of TickReader (core/tick.h) as tests that every implementation runs. Tests only.
//
//   INSTANTIATE_TEST_SUITE_P(Parquet, TickReaderContract,
//                            ::testing::Values(TickReaderCase{"Plain", OpenPlain, {}}),
//                            TickReaderCaseName);
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/testing.h"
#include "tickhouse/core/tick.h"

namespace tickhouse {

/// What a case promises about the ticks it is given and hands back.
struct TickReaderTraits {
  /// The finest step of time the form keeps; ticks are made on that grid.
  int64_t time_step_ns = 1;
  /// Digits after the point of the prices made.
  int decimals = 5;
  /// Which volume columns the form keeps; the others are not given.
  bool both_volumes = false;
  bool single_volume = false;
  /// NaN prices and times out of order survive.
  bool keeps_anything = true;
  /// True when the reader is a harmful twin: it hands out at most the rows given, in order, then
  /// fails with this kind for good.
  std::optional<ErrorKind> fails_with;
};

/// One implementation under test: `make` turns ticks into a reader over them (writing them to a
/// file first, where the reader reads files). What the reader needs is owned by it.
struct TickReaderCase {
  std::string name;
  std::function<std::unique_ptr<TickReader>(const TickBatch& ticks)> make;
  TickReaderTraits traits;
};

inline std::string TickReaderCaseName(const ::testing::TestParamInfo<TickReaderCase>& info) {
  return info.param.name;
}

class TickReaderContract : public ::testing::TestWithParam<TickReaderCase> {
 protected:
  /// `rows` ticks on the case's grid of time and price, 37 steps apart, from 2024-01-15.
  static TickBatch MakeTicks(std::size_t rows) {
    const TickReaderTraits& traits = GetParam().traits;
    double scale = 1;
    for (int i = 0; i < traits.decimals; ++i) scale *= 10;
    TickBatch ticks;
    for (std::size_t i = 0; i < rows; ++i) {
      const auto n = static_cast<int64_t>(i);
      ticks.time_ns.push_back(1'705'276'800 * kNanosPerSecond + n / 3 * 37 * traits.time_step_ns);
      ticks.bid.push_back(static_cast<double>(122'000 + n * 7 % 1'000) / scale);
      ticks.ask.push_back(static_cast<double>(122'003 + n * 7 % 1'000 + n % 3) / scale);
      if (traits.both_volumes) {
        ticks.bid_volume.push_back(static_cast<double>(100'000 * (n % 30 + 1)));
        ticks.ask_volume.push_back(static_cast<double>(200'000 * (n % 20 + 1)));
      }
      if (traits.single_volume) ticks.volume.push_back(static_cast<double>(n % 50) / 4);
    }
    return ticks;
  }

  /// Reads to the end or the first failure, checking each batch.
  static Status Drain(TickReader& reader, TickBatch* all) {
    TickBatch batch;
    batch.time_ns = {1, 2, 3};  // left over from elsewhere: Next clears it
    batch.bid = batch.ask = {1, 2, 3};
    while (true) {
      TICKHOUSE_ASSIGN(const bool more, reader.Next(&batch));
      if (!more) return {};
      EXPECT_GE(batch.size(), 1u) << "a batch has at least one row";
      ExpectWellFormed(batch);
      all->AppendRows(batch, 0, batch.size());
    }
  }

  static void ExpectWellFormed(const TickBatch& batch) {
    EXPECT_EQ(batch.bid.size(), batch.size());
    EXPECT_EQ(batch.ask.size(), batch.size());
    for (const auto* column : {&batch.bid_volume, &batch.ask_volume, &batch.volume}) {
      EXPECT_TRUE(column->empty() || column->size() == batch.size());
    }
  }

  /// The first rows of `expected`, bit for bit (NaN equals NaN).
  static void ExpectPrefix(const TickBatch& got, const TickBatch& expected) {
    ASSERT_LE(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(got.time_ns[i], expected.time_ns[i]) << "row " << i;
    }
    ExpectColumnPrefix(got.bid, expected.bid, "bid");
    ExpectColumnPrefix(got.ask, expected.ask, "ask");
    ExpectColumnPrefix(got.bid_volume, expected.bid_volume, "bid_volume");
    ExpectColumnPrefix(got.ask_volume, expected.ask_volume, "ask_volume");
    ExpectColumnPrefix(got.volume, expected.volume, "volume");
  }

  static void ExpectColumnPrefix(const std::vector<double>& got,
                                 const std::vector<double>& expected, const char* name) {
    ASSERT_LE(got.size(), expected.size()) << name;
    for (std::size_t i = 0; i < got.size(); ++i) {
      ASSERT_TRUE(std::bit_cast<uint64_t>(got[i]) == std::bit_cast<uint64_t>(expected[i]) ||
                  (got[i] != got[i] && expected[i] != expected[i]))
          << name << " of row " << i << ": " << got[i] << " instead of " << expected[i];
    }
  }

  /// Drains a reader over `ticks` and checks everything the contract says.
  static void Check(const TickBatch& ticks) {
    const std::unique_ptr<TickReader> reader = GetParam().make(ticks);
    ASSERT_NE(reader, nullptr);
    TickBatch all;
    const Status status = Drain(*reader, &all);
    ExpectPrefix(all, ticks);
    if (GetParam().traits.fails_with) {
      CheckStaysFailed(*reader, status);
      return;
    }
    ASSERT_OK(status);
    EXPECT_EQ(all.size(), ticks.size()) << "every row is handed out";
    EXPECT_EQ(all.bid_volume.empty(), ticks.bid_volume.empty());
    EXPECT_EQ(all.volume.empty(), ticks.volume.empty());
    for (int i = 0; i < 3; ++i) {
      TickBatch batch = MakeTicks(2);
      ASSERT_OK_AND_ASSIGN(const bool more, reader->Next(&batch));
      EXPECT_FALSE(more) << "the end stays the end";
    }
  }

  static void CheckStaysFailed(TickReader& reader, const Status& first) {
    ASSERT_THAT(first, IsError(*GetParam().traits.fails_with));
    for (int i = 0; i < 3; ++i) {
      TickBatch batch;
      const Result<bool> again = reader.Next(&batch);
      ASSERT_THAT(again, IsError(first.error().kind));
      EXPECT_EQ(again.error().message, first.error().message) << "the same error comes again";
    }
  }
};

TEST_P(TickReaderContract, HandsOutNothingOfNothing) {
  Check(MakeTicks(0));
}

TEST_P(TickReaderContract, HandsOutOneRow) {
  Check(MakeTicks(1));
}

TEST_P(TickReaderContract, HandsOutEveryRowInTheOrderOfTheSource) {
  Check(MakeTicks(1'000));
}

TEST_P(TickReaderContract, HandsOutMoreThanOneBatch) {
  Check(MakeTicks(200'003));
}

TEST_P(TickReaderContract, KeepsRowsOfOneInstantInOrder) {
  TickBatch ticks = MakeTicks(500);
  for (int64_t& time : ticks.time_ns) time = ticks.time_ns.front();
  Check(ticks);
}

TEST_P(TickReaderContract, KeepsTimesOutOfOrderAndBefore1970) {
  if (!GetParam().traits.keeps_anything) GTEST_SKIP() << "the form cannot hold them";
  TickBatch ticks = MakeTicks(300);
  std::swap(ticks.time_ns[10], ticks.time_ns[200]);
  ticks.time_ns[50] = -1'000'000 * GetParam().traits.time_step_ns;
  Check(ticks);
}

}  // namespace tickhouse
