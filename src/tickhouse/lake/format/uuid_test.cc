#include "tickhouse/lake/format/uuid.h"

#include <set>

#include "tickhouse/core/testing.h"

namespace tickhouse::lake {
namespace {

TEST(MakeUuid, IsOfVersion4) {
  Random random(3);
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = MakeUuid(random);
    ASSERT_EQ(uuid.size(), 36);
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
  }
}

}  // namespace
}  // namespace tickhouse::lake
