#include "tickhouse/io/parquet/encode/point_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <random>
#include <set>

namespace tickhouse::io {
namespace {

/// Dictionary sorted and without doubles, and every value at its index.
void ExpectHolds(const PointTable& table, const std::vector<double>& values) {
  const std::set<double> distinct(values.begin(), values.end());
  EXPECT_EQ(table.dictionary(), std::vector<double>(distinct.begin(), distinct.end()));
  std::vector<uint32_t> indices(values.size());
  table.Indices(0, values.size(), indices.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_LT(indices[i], table.dictionary().size());
    ASSERT_EQ(std::bit_cast<uint64_t>(table.dictionary()[indices[i]]),
              std::bit_cast<uint64_t>(values[i]));
  }
}

double Price(int points) {
  return points / 1e5;
}

TEST(PointTable, HoldsPricesOnEitherSideOfZero) {
  std::mt19937 random(1);
  std::vector<double> values;
  for (int i = 0; i < 5000; ++i) values.push_back(Price(static_cast<int>(random() % 3000) - 1500));
  const auto table = PointTable::Make(values, 1e5);
  ASSERT_TRUE(table.has_value());
  ExpectHolds(*table, values);
  std::vector<uint32_t> all(values.size()), some(10);
  table->Indices(0, values.size(), all.data());
  table->Indices(4000, 10, some.data());
  EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin() + 4000));
}

TEST(PointTable, HoldsMeansOfTwoPricesThoughTheyDifferInTheLastBits) {
  std::mt19937 random(2);
  std::vector<double> values;
  std::set<int> sums;
  for (int i = 0; i < 50'000; ++i) {
    const int bid = 122'000 + static_cast<int>(random() % 400);
    const int ask = bid + static_cast<int>(random() % 60);
    values.push_back((Price(bid) + Price(ask)) / 2);
    sums.insert(bid + ask);
  }
  const auto table = PointTable::Make(values, 2e5, true);
  ASSERT_TRUE(table.has_value());
  EXPECT_GT(table->dictionary().size(), sums.size());
  ExpectHolds(*table, values);
  EXPECT_FALSE(PointTable::Make(values, 2e5).has_value());
}

TEST(PointTable, NeighboursOfOnePointAreSortedByValue) {
  const double point = Price(123'456);
  const double above = std::nextafter(point, 2);
  const double below = std::nextafter(point, 0);
  for (const std::vector<double>& values :
       {std::vector{above, point, below}, std::vector{point, below, above},
        std::vector{-above, -point, -below}}) {
    const auto table = PointTable::Make(values, 1e5, true);
    ASSERT_TRUE(table.has_value());
    ExpectHolds(*table, values);
  }
}

TEST(PointTable, RefusesWhatDoesNotLieOnTheGrid) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const std::vector<double>& values :
       {std::vector<double>{}, std::vector{1.0, kNan}, std::vector{kInfinity, 1.0},
        std::vector{1.0, -kInfinity}, std::vector{0.0, -0.0}, std::vector{1.000001, 1.000002},
        std::vector{0.0, 1e4}, std::vector{0.0, 1e300}, std::vector{-2000.0, 2000.0}}) {
    EXPECT_FALSE(PointTable::Make(values, 1e5).has_value());
    EXPECT_FALSE(PointTable::Make(values, 1e5, true).has_value());
  }
}

}  // namespace
}  // namespace tickhouse::io
