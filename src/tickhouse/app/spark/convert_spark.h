// Conversion by the user's Spark: what it hands back is judged and published as our own work is.
#pragma once

#include <string>

#include "tickhouse/ingest/convert/convert.h"
#include "tickhouse/sql/spark_convert.h"

namespace tickhouse::app {

/// An engine for ingest::ConvertWith. One Spark job does all items; its files live under `scratch`
/// while it runs. An item with rows that Spark's pattern doesn't know but our parser takes (quotes,
/// exponents, MetaTrader's empty prices, columns that change places), or with a zone that has
/// daylight saving, is converted here instead, so that the rows are the same in every case.
ingest::ConvertEngine SparkConvertEngine(sql::SparkProgram program, std::string scratch);

}  // namespace tickhouse::app
