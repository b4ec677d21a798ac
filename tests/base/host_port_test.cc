#include "engine/base/host_port.h"

#include <gtest/gtest.h>

namespace kith {
namespace {

TEST(HostPort, is_a_name_and_a_port) {
  const auto parsed = parse_host_port("router.example.org:6881");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->host, "router.example.org");
  EXPECT_EQ(parsed->port, 6881);
  EXPECT_TRUE(parse_host_port("[::1]:1").has_value());
  for (const char* wrong : {"", ":", "host", "host:", ":1", "host:0", "host:65536", "host:-1",
                            "host:1x", "host: 1", "host:1 "}) {
    EXPECT_FALSE(parse_host_port(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace kith
