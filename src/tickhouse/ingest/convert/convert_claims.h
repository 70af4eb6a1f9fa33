// Which items of a plan are already done, told by content.
#pragma once

#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"
#include "tickhouse/ingest/convert/convert_plan.h"
#include "tickhouse/ingest/convert/convert_state.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::ingest {

/// What is to be done with the item of the same index.
struct Claim {
  bool todo = true;
  std::string note;     ///< Why not.
  std::string content;  ///< Where it had to be read to decide; else empty.
};

/// The rules, in order:
/// 1. The item has a record with equal options whose outputs are there: done when the sources'
/// sizes and
///    times are those of the record and lie two seconds before that conversion began; otherwise the
///    content decides, and the record is renewed.
/// 2. A record of another name has the same content and options, and is not about to be replaced:
/// done
///    (the source was renamed or copied).
/// 3. Several items of this plan have the same content and options: the first is converted.
/// With `strict`, a record with refused rows doesn't count. Reads sources only where size and
/// options leave a doubt. Same answer for any number of threads.
Result<std::vector<Claim>> ClaimItems(const ConvertPlan& plan, const ConvertOptions& options,
                                      const std::string& out, io::FileSystem& files,
                                      ConvertState& state, const CancelToken& cancel);

}  // namespace tickhouse::ingest
