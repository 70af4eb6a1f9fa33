// What a Spark that ended badly means, in a line instead of a page of Java.
#pragma once

#include <string>

#include "tickhouse/core/error.h"
#include "tickhouse/sql/process.h"

namespace tickhouse::sql {

/// From what `program` wrote: a missing, too old or too new Java, a Python without pyspark, a lack
/// of memory are kUnavailable with the way out; else `otherwise` with the last words that are
/// neither log nor stack trace.
Error SparkFailure(const std::string& program, const ProcessAnswer& answer, ErrorKind otherwise);

/// A program that could not even be started (kUnavailable), with the way out.
Error SparkNotStarted(Error error);

}  // namespace tickhouse::sql
