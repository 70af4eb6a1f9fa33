// The program that Spark runs for one statement.
#pragma once

#include <string>

namespace tickhouse::sql {

/// PySpark, given to spark-submit; its argument is a folder. Reads plan.json there (and removes
/// it: it holds keys), leaves the rows as Parquet in `rows` and says in answer.json what they are,
/// or why there are none (spark_answer.h). Columns that Parquet would hold nested, or not at all,
/// come as text.
std::string SparkSqlScript();

}  // namespace tickhouse::sql
