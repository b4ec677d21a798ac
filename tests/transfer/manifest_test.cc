#include "engine/transfer/manifest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "engine/base/byte_writer.h"
#include "engine/transfer/limits.h"
#include "tests/transfer/random_tree.h"

namespace kith::transfer {
namespace {

ManifestEntry directory(std::uint32_t parent, std::string name);
ManifestEntry file(std::uint32_t parent, std::string name, std::uint64_t size = 0);

TEST(Manifest, entries_get_their_paths_and_items) {
  const auto manifest =
      manifest_of({directory(kNoParent, "photos"), directory(0, "a"), file(1, "1.jpg", 10),
                   file(0, "b.jpg", 20), file(kNoParent, "notes.txt", 5)});
  EXPECT_EQ(manifest.path(0), "photos");
  EXPECT_EQ(manifest.path(2), "photos/a/1.jpg");
  EXPECT_EQ(manifest.path_below_item(2), "a/1.jpg");
  EXPECT_EQ(manifest.path_below_item(0), "");
  EXPECT_EQ(manifest.path(4), "notes.txt");
  EXPECT_EQ(manifest.bytes(), 35u);
  EXPECT_EQ(manifest.files(), 3u);
  ASSERT_EQ(manifest.items().size(), 2u);
  EXPECT_EQ(manifest.items()[0].end, 4u);
  EXPECT_EQ(manifest.items()[0].bytes, 30u);
  EXPECT_EQ(manifest.item_of(3), 0u);
  EXPECT_EQ(manifest.item_of(4), 1u);
  const auto summary = manifest.summary();
  EXPECT_EQ(summary[0].name, "photos");
  EXPECT_TRUE(summary[0].directory);
  EXPECT_EQ(summary[0].files, 2u);
  EXPECT_FALSE(summary[1].directory);
}

TEST(Manifest, one_path_cannot_appear_twice) {
  auto manifest = manifest_of({directory(kNoParent, "d"), file(0, "a")});
  EXPECT_EQ(manifest.add(file(0, "a")), ManifestFault::out_of_order);
  EXPECT_EQ(manifest.add(directory(0, "a")), ManifestFault::out_of_order);
}

TEST(Manifest, siblings_come_in_byte_order) {
  auto manifest = manifest_of({directory(kNoParent, "d"), file(0, "b"), file(0, "\xff")});
  EXPECT_EQ(manifest.add(file(0, "a")), ManifestFault::out_of_order);
  EXPECT_EQ(manifest.add(file(0, "\xff\x01")), ManifestFault::none);
}

TEST(Manifest, items_may_share_a_name) {
  auto manifest = manifest_of({file(kNoParent, "a"), file(kNoParent, "a")});
  EXPECT_EQ(manifest.items().size(), 2u);
}

TEST(Manifest, a_file_holds_nothing) {
  auto manifest = manifest_of({directory(kNoParent, "d"), file(0, "a")});
  EXPECT_EQ(manifest.add(file(1, "x")), ManifestFault::bad_parent);
}

TEST(Manifest, a_directory_that_was_left_is_closed) {
  auto manifest = manifest_of({directory(kNoParent, "d"), directory(0, "a"), file(0, "b")});
  EXPECT_EQ(manifest.add(file(1, "x")), ManifestFault::bad_parent);
  auto second = manifest_of({directory(kNoParent, "d"), file(kNoParent, "e")});
  EXPECT_EQ(second.add(file(0, "x")), ManifestFault::bad_parent);
}

TEST(Manifest, a_parent_comes_first) {
  Manifest manifest;
  EXPECT_EQ(manifest.add(file(0, "a")), ManifestFault::bad_parent);
  EXPECT_EQ(manifest.add(file(7, "a")), ManifestFault::bad_parent);
}

TEST(Manifest, hostile_names_are_refused) {
  for (const auto* name : {"", ".", "..", "a/b", "../../etc/passwd", ".kith-part-1"}) {
    Manifest manifest;
    EXPECT_EQ(manifest.add(file(kNoParent, name)), ManifestFault::bad_name) << name;
    EXPECT_TRUE(manifest.entries().empty());
  }
}

TEST(Manifest, attributes_must_make_sense) {
  Manifest manifest;
  auto sized = directory(kNoParent, "d");
  sized.size_bytes = 1;
  EXPECT_EQ(manifest.add(sized), ManifestFault::bad_attributes);
  auto set_uid = file(kNoParent, "f");
  set_uid.mode = 04755;
  EXPECT_EQ(manifest.add(set_uid), ManifestFault::bad_attributes);
}

TEST(Manifest, limits_are_typed) {
  Manifest large;
  EXPECT_EQ(large.add(file(kNoParent, "a", kMaxTransferBytes)), ManifestFault::none);
  EXPECT_EQ(large.add(file(kNoParent, "b", 1)), ManifestFault::too_large);
  EXPECT_EQ(large.add(file(kNoParent, "b", ~std::uint64_t{0})), ManifestFault::too_large);
  EXPECT_EQ(code_of(ManifestFault::too_large), ErrorCode::limit_exceeded);
  EXPECT_EQ(code_of(ManifestFault::bad_name), ErrorCode::corrupt);

  Manifest deep;
  for (std::uint32_t i = 0; i < kMaxDepth; ++i) {
    ASSERT_EQ(deep.add(directory(i == 0 ? kNoParent : i - 1, "d")), ManifestFault::none);
  }
  EXPECT_EQ(deep.add(file(kMaxDepth - 1, "f")), ManifestFault::too_deep);

  Manifest wide;
  ManifestFault fault = ManifestFault::none;
  for (std::uint32_t i = 0; i < 13 && fault == ManifestFault::none; ++i) {
    fault = wide.add(directory(i == 0 ? kNoParent : i - 1, std::string(255, 'd')));
  }
  EXPECT_EQ(fault, ManifestFault::path_too_long);
  EXPECT_EQ(wide.entries().size(), kMaxPathBytes / 256);
}

TEST(Manifest, a_million_entries_and_not_one_more) {
  Manifest manifest;
  for (std::size_t i = 0; i < kMaxEntries; ++i) {
    ASSERT_EQ(manifest.add(file(kNoParent, "a")), ManifestFault::none);
  }
  EXPECT_EQ(manifest.add(file(kNoParent, "a")), ManifestFault::too_many_entries);
}

TEST(Manifest, every_fault_is_counted_under_its_own_name) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(ManifestFault::too_large); ++i) {
    names.insert(counter_of(static_cast<ManifestFault>(i)));
  }
  EXPECT_EQ(names.size(), 9u);
  EXPECT_EQ(names.count(""), 0u);
}

TEST(ManifestDigest, of_a_file_is_the_digest_of_the_file) {
  const auto manifest = manifest_of({file(kNoParent, "a", 3)});
  EXPECT_EQ(item_digest(manifest, 0, {blake3(as_byte_view("abc"))}), blake3(as_byte_view("abc")));
}

TEST(ManifestDigest, of_a_directory_is_as_the_document_says) {
  const auto manifest =
      manifest_of({directory(kNoParent, "d"), directory(0, "e"), file(1, "f", 3)});
  const auto of_file = blake3(as_byte_view("abc"));
  ByteWriter canonical;
  canonical.u8(1).u32(0);
  canonical.u8(1).u32(1).bytes(as_byte_view("e"));
  canonical.u8(0).u32(3).bytes(as_byte_view("e/f")).u64(3).bytes(of_file.bytes);
  EXPECT_EQ(item_digest(manifest, 0, {{}, {}, of_file}), blake3(canonical.view()));
}

TEST(ManifestDigest, depends_on_names_and_contents_and_not_on_the_item_s_own_name) {
  const std::vector<Digest> digests{{}, blake3(as_byte_view("abc"))};
  const auto of = [&](std::string top, std::string name, const std::vector<Digest>& contents) {
    return item_digest(manifest_of({directory(kNoParent, top), file(0, name, 3)}), 0, contents);
  };
  const auto base = of("d", "f", digests);
  EXPECT_EQ(of("other", "f", digests), base);
  EXPECT_NE(of("d", "g", digests), base);
  EXPECT_NE(of("d", "f", {{}, blake3(as_byte_view("abd"))}), base);
}

RC_GTEST_PROP(ManifestProperty, a_tree_in_canonical_order_is_accepted_whole, ()) {
  const auto entries = random_entries();
  const auto manifest = manifest_of(entries);
  RC_ASSERT(manifest.entries() == entries);
  std::uint64_t bytes = 0;
  std::uint32_t at = 0;
  std::set<std::string> paths;
  for (std::uint32_t item = 0; item < manifest.items().size(); ++item) {
    const auto& range = manifest.items()[item];
    RC_ASSERT(range.first == at);
    at = range.end;
    for (auto entry = range.first; entry < range.end; ++entry) {
      RC_ASSERT(manifest.item_of(entry) == item);
      RC_ASSERT(paths.insert(std::to_string(item) + "/" + manifest.path_below_item(entry)).second);
    }
    bytes += range.bytes;
  }
  RC_ASSERT(at == entries.size());
  RC_ASSERT(bytes == manifest.bytes());
}

RC_GTEST_PROP(ManifestProperty, a_refused_entry_changes_nothing, ()) {
  const auto entries = random_entries();
  auto manifest = manifest_of(entries);
  auto bad = entries[*rc::gen::inRange<std::size_t>(0, entries.size())];
  bad.parent = *rc::gen::inRange<std::uint32_t>(0, 20);
  bad.name = *rc::gen::element<std::string>("", "..", "a/b");
  RC_ASSERT(manifest.add(bad) != ManifestFault::none);
  RC_ASSERT(manifest.entries() == entries);
  RC_ASSERT(manifest.add(file(kNoParent, "next")) == ManifestFault::none);
}

ManifestEntry directory(std::uint32_t parent, std::string name) {
  return {.parent = parent,
          .directory = true,
          .mode = 0755,
          .name = std::move(name),
          .size_bytes = 0,
          .modified_ns = 0};
}

ManifestEntry file(std::uint32_t parent, std::string name, std::uint64_t size) {
  return {.parent = parent,
          .directory = false,
          .mode = 0644,
          .name = std::move(name),
          .size_bytes = size,
          .modified_ns = 0};
}

}  // namespace
}  // namespace kith::transfer
