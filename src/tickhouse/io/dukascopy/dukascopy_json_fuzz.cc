// Any bytes: an answer or an error, never a crash; what parses is written and read back the same.
#include <cstdlib>
#include <string_view>

#include "tickhouse/io/dukascopy/dukascopy_hour.h"
#include "tickhouse/io/dukascopy/dukascopy_instrument.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tickhouse::io;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ParseDukascopyInstrument(text);
  const auto hour = ParseDukascopyHour(text);
  if (!hour) return 0;
  const auto back = ParseDukascopyHour(FormatDukascopyHour(*hour));
  if (!back || *back != *hour) std::abort();
  return 0;
}
