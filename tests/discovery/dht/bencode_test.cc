#include "engine/discovery/dht/bencode.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace kith::bencode {
namespace {

// Any value, owned.
struct Tree {
  Kind kind = Kind::integer;
  std::int64_t number = 0;
  std::string text;
  std::vector<Tree> list;
  std::map<std::string, Tree> dictionary;

  friend bool operator==(const Tree&, const Tree&) = default;
};
Tree any_tree(int depth);
void write(Writer& out, const Tree& tree);
Bytes written(const Tree& tree);
Tree tree_of(const Value& value);
std::string refusal_of(std::string_view text, const Limits& limits = {});

RC_GTEST_PROP(Bencode, what_is_written_is_read_back_and_written_again_the_same, ()) {
  const Tree tree = any_tree(3);
  const Bytes bytes = written(tree);
  const auto document = Document::parse(bytes, {.bytes = 1 << 20, .depth = 8, .elements = 1 << 16});
  RC_ASSERT(document.has_value());
  RC_ASSERT(tree_of(document->root()) == tree);
  RC_ASSERT(to_bytes(document->root().raw()) == bytes);
}

// Strict: whatever is accepted has one form.
RC_GTEST_PROP(Bencode, whatever_is_read_would_be_written_the_same, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::element('d', 'l', 'i', 'e', '0', '1', '2', '-', ':', 'a'));
  const auto document = Document::parse(as_byte_view(text));
  if (!document) return;
  RC_ASSERT(std::string(as_text(written(tree_of(document->root())))) == text);
}

RC_GTEST_PROP(Bencode, every_part_of_a_message_is_refused, ()) {
  const Bytes bytes = written(any_tree(3));
  const auto length = *rc::gen::inRange<std::size_t>(0, bytes.size());
  const Limits limits{.bytes = 1 << 20, .depth = 8, .elements = 1 << 16};
  RC_ASSERT(!Document::parse(ByteView(bytes).first(length), limits));
}

TEST(Bencode, what_is_not_canonical_is_refused_by_reason) {
  const std::vector<std::pair<std::string, std::string>> kCases{
      {"", "truncated"},
      {"i1", "truncated"},
      {"i-", "truncated"},
      {"l", "truncated"},
      {"li1e", "truncated"},
      {"d1:a", "truncated"},
      {"3:ab", "truncated"},
      {"18446744073709551615:a", "truncated"},
      {"3", "truncated"},
      {"i1ee", "trailing bytes"},
      {"0::", "trailing bytes"},
      {"x", "unknown type"},
      {"-1:a", "unknown type"},
      {"e", "unknown type"},
      {"lxe", "unknown type"},
      {"ie", "bad integer"},
      {"i-e", "bad integer"},
      {"i-0e", "bad integer"},
      {"i00e", "bad integer"},
      {"i01e", "bad integer"},
      {"i-01e", "bad integer"},
      {"i+1e", "bad integer"},
      {"i 1e", "bad integer"},
      {"i1.5e", "bad integer"},
      {"i9223372036854775808e", "bad integer"},
      {"i-9223372036854775809e", "bad integer"},
      {"00:", "bad length"},
      {"01:a", "bad length"},
      {"1x:a", "bad length"},
      {"99999999999999999999:a", "bad length"},
      {"di1ei2ee", "bad key"},
      {"d1:ae", "bad key"},
      {"d1:b0:1:a0:e", "keys out of order"},
      {"d1:a0:1:a0:e", "keys out of order"},
      {"d2:aa0:1:a0:e", "keys out of order"},
  };
  for (const auto& [text, reason] : kCases) EXPECT_EQ(refusal_of(text), reason) << text;
}

TEST(Bencode, the_edges_of_64_bits_are_read) {
  for (const char* text : {"i9223372036854775807e", "i-9223372036854775808e", "i0e", "0:", "le",
                           "de", "d0:0:e", "d1:ai1e2:aai2e1:bi3ee"}) {
    EXPECT_EQ(refusal_of(text), "") << text;
  }
}

TEST(Bencode, depth_values_and_bytes_are_bounded) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, 'l') + std::string(depth, 'e');
  };
  const Limits limits{.bytes = 64, .depth = 4, .elements = 6};
  EXPECT_EQ(refusal_of(nested(5), limits), "");
  EXPECT_EQ(refusal_of(nested(6), limits), "too deep");
  EXPECT_EQ(refusal_of("l0:0:0:0:0:e", limits), "");
  EXPECT_EQ(refusal_of("l0:0:0:0:0:0:e", limits), "too many values");
  EXPECT_EQ(refusal_of("61:" + std::string(61, 'a'), limits), "");
  EXPECT_EQ(refusal_of("62:" + std::string(62, 'a'), limits), "too large");
}

TEST(Bencode, the_span_of_a_value_is_kept) {
  const std::string text = "d1:vl1:xi7ee1:wi1ee";
  const auto document = Document::parse(as_byte_view(text));
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ(as_text(document->root().find("v")->raw()), "l1:xi7ee");
  EXPECT_FALSE(document->root().find("x").has_value());
  EXPECT_FALSE(document->root().find("v")->integer().has_value());
  EXPECT_FALSE(document->root().find("w")->string().has_value());
}

Tree any_tree(int depth) {
  Tree tree;
  tree.kind = static_cast<Kind>(*rc::gen::inRange(0, depth == 0 ? 2 : 4));
  if (tree.kind == Kind::integer) tree.number = *rc::gen::arbitrary<std::int64_t>();
  if (tree.kind == Kind::string) tree.text = *rc::gen::arbitrary<std::string>();
  const int children = *rc::gen::inRange(0, 4);
  for (int i = 0; i < children; ++i) {
    if (tree.kind == Kind::list) tree.list.push_back(any_tree(depth - 1));
    if (tree.kind == Kind::dictionary) {
      auto key = *rc::gen::arbitrary<std::string>();
      tree.dictionary[std::move(key)] = any_tree(depth - 1);
    }
  }
  return tree;
}

void write(Writer& out, const Tree& tree) {
  switch (tree.kind) {
    case Kind::integer:
      out.integer(tree.number);
      return;
    case Kind::string:
      out.string(tree.text);
      return;
    case Kind::list:
      out.begin_list();
      for (const Tree& each : tree.list) write(out, each);
      out.end();
      return;
    case Kind::dictionary:
      out.begin_dictionary();
      for (const auto& [key, value] : tree.dictionary) write(out.key(key), value);
      out.end();
      return;
  }
}

Bytes written(const Tree& tree) {
  Writer out;
  write(out, tree);
  return std::move(out).take();
}

Tree tree_of(const Value& value) {
  Tree tree;
  tree.kind = value.kind();
  tree.number = value.integer().value_or(0);
  if (value.string()) tree.text = as_text(*value.string());
  for (auto each = value.first(); each; each = each->next()) {
    if (tree.kind == Kind::list) tree.list.push_back(tree_of(*each));
    if (tree.kind == Kind::dictionary) {
      tree.dictionary[std::string(as_text(each->key()))] = tree_of(*each);
    }
  }
  return tree;
}

std::string refusal_of(std::string_view text, const Limits& limits) {
  const auto document = Document::parse(as_byte_view(text), limits);
  return document ? "" : std::string(to_string(document.error()));
}

}  // namespace
}  // namespace kith::bencode
