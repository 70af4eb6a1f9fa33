// Numbers as the feed writes them.
#pragma once

#include <string>

namespace tickhouse::io {

/// The shortest digits that read back to `value`, laid out as Java's Double.toString: "900000.0",
/// "1.449E7", "1.0E-5", "0.001". Finite values only.
std::string FormatJavaDouble(double value);

}  // namespace tickhouse::io
