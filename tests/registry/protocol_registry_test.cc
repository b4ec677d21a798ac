#include "engine/registry/protocol_registry.h"

#include <gtest/gtest.h>

namespace kith {
namespace {

std::unique_ptr<Protocol> silent();

TEST(ProtocolRegistry, a_protocol_is_found_by_its_alpn) {
  ProtocolRegistry registry;
  ASSERT_TRUE(registry.add("kith/a/1", Access::anyone, silent()));
  ASSERT_TRUE(registry.add("kith/b/1", Access::paired, silent()));
  ASSERT_NE(registry.find("kith/b/1"), nullptr);
  EXPECT_EQ(registry.find("kith/b/1")->access, Access::paired);
  EXPECT_EQ(registry.index_of(*registry.find("kith/b/1")), 1);
  EXPECT_EQ(registry.find("kith/c/1"), nullptr);
}

TEST(ProtocolRegistry, a_second_protocol_of_one_name_is_refused) {
  ProtocolRegistry registry;
  ASSERT_TRUE(registry.add("kith/a/1", Access::anyone, silent()));
  const auto again = registry.add("kith/a/1", Access::paired, silent());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::already_exists);
}

TEST(ProtocolRegistry, names_are_bounded) {
  ProtocolRegistry registry;
  EXPECT_EQ(registry.add("", Access::anyone, silent()).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(registry.add(std::string(65, 'x'), Access::anyone, silent()).error().code,
            ErrorCode::invalid_argument);
  EXPECT_TRUE(registry.add(std::string(64, 'x'), Access::anyone, silent()));
}

TEST(ProtocolRegistry, the_number_of_protocols_is_bounded) {
  ProtocolRegistry registry;
  for (std::size_t i = 0; i < ProtocolRegistry::kMaxProtocols; ++i) {
    ASSERT_TRUE(registry.add("kith/" + std::to_string(i), Access::anyone, silent()));
  }
  EXPECT_EQ(registry.add("one more", Access::anyone, silent()).error().code,
            ErrorCode::limit_exceeded);
}

std::unique_ptr<Protocol> silent() {
  class Silent final : public Protocol {
    void handle(Instant, const ProtocolInput&) override {}
    std::optional<ProtocolOutput> poll_output() override { return std::nullopt; }
    std::optional<Wakeup> next_wakeup() const override { return std::nullopt; }
  };
  return std::make_unique<Silent>();
}

}  // namespace
}  // namespace kith
