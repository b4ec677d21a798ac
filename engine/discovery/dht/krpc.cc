#include "engine/discovery/dht/krpc.h"

#include <algorithm>

namespace kith::dht {
namespace {

using bencode::Value;
using bencode::Writer;

constexpr std::size_t kCompact4 = 4;
constexpr std::size_t kCompact6 = 16;

// --- addresses, BEP 5 "compact info" and BEP 32 ----------------------------------------------

std::size_t ip_bytes(Address::Family family) {
  return family == Address::Family::ipv4 ? kCompact4 : kCompact6;
}

void append_address(Bytes& out, const Address& address) {
  const auto length = static_cast<std::ptrdiff_t>(ip_bytes(address.family));
  out.insert(out.end(), address.ip.begin(), address.ip.begin() + length);
  out.push_back(static_cast<std::byte>(address.port >> 8));
  out.push_back(static_cast<std::byte>(address.port & 0xff));
}

// `bytes` is as long as an address of the family and its port.
Address address_of(ByteView bytes, Address::Family family) {
  Address address;
  address.family = family;
  const std::size_t length = ip_bytes(family);
  std::copy_n(bytes.begin(), length, address.ip.begin());
  address.port = static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[length]) << 8 |
                                            std::to_integer<unsigned>(bytes[length + 1]));
  return address;
}

std::optional<Address> peer_of(ByteView bytes) {
  if (bytes.size() == kCompact4 + 2) return address_of(bytes, Address::Family::ipv4);
  if (bytes.size() == kCompact6 + 2) return address_of(bytes, Address::Family::ipv6);
  return std::nullopt;
}

Bytes compact_contacts(const std::vector<Contact>& contacts, Address::Family family) {
  Bytes out;
  for (const Contact& contact : contacts) {
    if (contact.address.family != family) continue;
    out.insert(out.end(), contact.id.bytes.begin(), contact.id.bytes.end());
    append_address(out, contact.address);
  }
  return out;
}

// --- writing ---------------------------------------------------------------------------------

void write_want(Writer& out, const Want& want) {
  if (!want.v4 && !want.v6) return;
  out.key("want").begin_list();
  if (want.v4) out.string("n4");
  if (want.v6) out.string("n6");
  out.end();
}

struct RequestWriter {
  Writer& out;
  const NodeId& id;

  std::string_view operator()(const Ping&) {
    out.key("id").string(id.bytes);
    return "ping";
  }
  std::string_view operator()(const FindNode& r) {
    out.key("id").string(id.bytes).key("target").string(r.target.bytes);
    write_want(out, r.want);
    return "find_node";
  }
  std::string_view operator()(const GetPeers& r) {
    out.key("id").string(id.bytes).key("info_hash").string(r.info_hash.bytes);
    write_want(out, r.want);
    return "get_peers";
  }
  std::string_view operator()(const AnnouncePeer& r) {
    out.key("id").string(id.bytes);
    if (r.implied_port) out.key("implied_port").integer(1);
    out.key("info_hash").string(r.info_hash.bytes).key("port").integer(r.port);
    out.key("token").string(r.token);
    return "announce_peer";
  }
  std::string_view operator()(const Get& r) {
    out.key("id").string(id.bytes);
    if (r.seq) out.key("seq").integer(*r.seq);
    out.key("target").string(r.target.bytes);
    write_want(out, r.want);
    return "get";
  }
  std::string_view operator()(const PutImmutable& r) {
    out.key("id").string(id.bytes).key("token").string(r.token).key("v").raw(r.value);
    return "put";
  }
  std::string_view operator()(const PutMutable& r) {
    if (r.cas) out.key("cas").integer(*r.cas);
    out.key("id").string(id.bytes).key("k").string(r.item.key.bytes);
    if (!r.item.salt.empty()) out.key("salt").string(r.item.salt);
    out.key("seq").integer(r.item.seq).key("sig").string(r.item.signature);
    out.key("token").string(r.token).key("v").raw(r.item.value);
    return "put";
  }
};

void write_contacts(Writer& out, const Response& response, Address::Family family) {
  const bool v4 = family == Address::Family::ipv4;
  const Bytes compact = compact_contacts(response.nodes, family);
  if (compact.empty() && !(v4 ? response.lists.v4 : response.lists.v6)) return;
  out.key(v4 ? "nodes" : "nodes6").string(compact);
}

void write_response(Writer& out, const Response& response) {
  out.key("r").begin_dictionary().key("id").string(response.id.bytes);
  if (response.key) out.key("k").string(response.key->bytes);
  write_contacts(out, response, Address::Family::ipv4);
  write_contacts(out, response, Address::Family::ipv6);
  if (response.seq) out.key("seq").integer(*response.seq);
  if (response.signature) out.key("sig").string(*response.signature);
  if (response.token) out.key("token").string(*response.token);
  if (response.value) out.key("v").raw(*response.value);
  if (!response.peers.empty()) {
    out.key("values").begin_list();
    for (const Address& peer : response.peers) {
      Bytes compact;
      append_address(compact, peer);
      out.string(compact);
    }
    out.end();
  }
  out.end();
}

// --- reading ---------------------------------------------------------------------------------

// Fields of a dictionary. A field that is there and wrong spoils the whole.
class Fields {
 public:
  explicit Fields(Value dictionary) : dictionary_(dictionary) {}

  bool good() const { return good_; }
  std::optional<Value> any(std::string_view key) const { return dictionary_.find(key); }

  template <std::size_t N>
  std::optional<std::array<std::byte, N>> exactly(std::string_view key) {
    const auto text = string(key, N);
    if (!text) return std::nullopt;
    std::array<std::byte, N> out{};
    if (text->size() != N) {
      good_ = false;
      return std::nullopt;
    }
    std::copy(text->begin(), text->end(), out.begin());
    return out;
  }

  std::optional<ByteView> string(std::string_view key, std::size_t max_bytes) {
    const auto field = dictionary_.find(key);
    if (!field) return std::nullopt;
    const auto text = field->string();
    if (!text || text->size() > max_bytes) {
      good_ = false;
      return std::nullopt;
    }
    return text;
  }

  std::optional<std::int64_t> integer(std::string_view key) {
    const auto field = dictionary_.find(key);
    if (!field) return std::nullopt;
    const auto number = field->integer();
    if (!number) good_ = false;
    return number;
  }

  std::optional<NodeId> id(std::string_view key) {
    const auto bytes = exactly<20>(key);
    if (!bytes) return std::nullopt;
    return NodeId{*bytes};
  }

  // BEP 32; families that are not known are passed over.
  Want want() {
    Want want;
    const auto list = dictionary_.find("want");
    if (!list) return want;
    if (list->kind() != bencode::Kind::list) good_ = false;
    for (auto each = list->first(); each; each = each->next()) {
      const auto name = each->string();
      if (name && as_text(*name) == "n4") want.v4 = true;
      if (name && as_text(*name) == "n6") want.v6 = true;
    }
    return want;
  }

 private:
  Value dictionary_;
  bool good_ = true;
};

using Read = tl::expected<Request, ErrorNumber>;

Read protocol_error() { return tl::unexpected(ErrorNumber::protocol); }

Read read_announce(Fields& fields) {
  AnnouncePeer r;
  const auto info_hash = fields.id("info_hash");
  const auto token = fields.string("token", kMaxTokenBytes);
  r.implied_port = fields.integer("implied_port").value_or(0) != 0;
  const auto port = fields.integer("port");
  if (!info_hash || !token) return protocol_error();
  if (port ? *port < 0 || *port > 0xffff : !r.implied_port) return protocol_error();
  r.info_hash = *info_hash;
  r.port = static_cast<std::uint16_t>(port.value_or(0));
  r.token = to_bytes(*token);
  return r;
}

Read read_put(Fields& fields) {
  const auto token = fields.string("token", kMaxTokenBytes);
  const auto value = fields.any("v");
  if (!token || !value) return protocol_error();
  if (value->raw().size() > kMaxValueBytes) return tl::unexpected(ErrorNumber::value_too_big);
  if (!fields.any("k")) return PutImmutable{to_bytes(*token), to_bytes(value->raw())};
  PutMutable r;
  const auto key = fields.exactly<32>("k");
  const auto signature = fields.exactly<64>("sig");
  const auto seq = fields.integer("seq");
  const auto salt = fields.string("salt", bencode::Limits{}.bytes);
  r.cas = fields.integer("cas");
  if (!key || !signature || !seq || *seq < 0) return protocol_error();
  if (salt && salt->size() > kMaxSaltBytes) return tl::unexpected(ErrorNumber::salt_too_big);
  r.token = to_bytes(*token);
  r.item = {{*key}, salt ? to_bytes(*salt) : Bytes{}, *seq, to_bytes(value->raw()), *signature};
  return r;
}

Read read_request(std::string_view method, Fields& fields) {
  if (method == "ping") return Ping{};
  if (method == "announce_peer") return read_announce(fields);
  if (method == "put") return read_put(fields);
  if (method == "get_peers") {
    const auto info_hash = fields.id("info_hash");
    if (!info_hash) return protocol_error();
    return GetPeers{*info_hash, fields.want()};
  }
  if (method == "find_node" || method == "get") {
    const auto target = fields.id("target");
    if (!target) return protocol_error();
    if (method == "find_node") return FindNode{*target, fields.want()};
    const auto seq = fields.integer("seq");
    return Get{*target, seq, fields.want()};
  }
  return tl::unexpected(ErrorNumber::unknown_method);
}

tl::expected<Query, ErrorNumber> read_query(const Value& root) {
  const auto method = root.find("q");
  const auto arguments = root.find("a");
  if (!method || !method->string() || !arguments ||
      arguments->kind() != bencode::Kind::dictionary) {
    return tl::unexpected(ErrorNumber::protocol);
  }
  Fields fields(*arguments);
  Query query;
  const auto id = fields.id("id");
  if (!id) return tl::unexpected(ErrorNumber::protocol);
  query.id = *id;
  Fields outer(root);
  query.read_only = outer.integer("ro").value_or(0) == 1;
  auto request = read_request(as_text(*method->string()), fields);
  if (!request) return tl::unexpected(request.error());
  if (!fields.good()) return tl::unexpected(ErrorNumber::protocol);
  query.request = std::move(*request);
  return query;
}

bool read_contacts(Fields& fields, std::string_view key, Address::Family family, Response& out) {
  const auto compact = fields.string(key, bencode::Limits{}.bytes);
  if (!compact) return fields.good();
  (family == Address::Family::ipv4 ? out.lists.v4 : out.lists.v6) = true;
  const std::size_t each = 20 + ip_bytes(family) + 2;
  if (compact->size() % each != 0) return false;
  for (std::size_t at = 0; at < compact->size() && out.nodes.size() < kMaxContacts; at += each) {
    Contact contact;
    std::copy_n(compact->subspan(at).begin(), 20, contact.id.bytes.begin());
    contact.address = address_of(compact->subspan(at + 20, each - 20), family);
    out.nodes.push_back(contact);
  }
  return true;
}

std::optional<Response> read_response(const Value& root) {
  const auto values = root.find("r");
  if (!values) return std::nullopt;
  Fields fields(*values);
  Response response;
  const auto id = fields.id("id");
  if (!id) return std::nullopt;
  response.id = *id;
  if (!read_contacts(fields, "nodes", Address::Family::ipv4, response)) return std::nullopt;
  if (!read_contacts(fields, "nodes6", Address::Family::ipv6, response)) return std::nullopt;
  if (const auto token = fields.string("token", kMaxTokenBytes)) response.token = to_bytes(*token);
  if (const auto value = fields.any("v")) {
    if (value->raw().size() > kMaxValueBytes) return std::nullopt;
    response.value = to_bytes(value->raw());
  }
  if (const auto key = fields.exactly<32>("k")) response.key = DeviceId{*key};
  response.seq = fields.integer("seq");
  response.signature = fields.exactly<64>("sig");
  if (const auto peers = fields.any("values"); peers && peers->kind() == bencode::Kind::list) {
    for (auto each = peers->first(); each && response.peers.size() < kMaxContacts;
         each = each->next()) {
      const auto compact = each->string();
      const auto peer = compact ? peer_of(*compact) : std::nullopt;
      if (peer) response.peers.push_back(*peer);
    }
  }
  if (!fields.good()) return std::nullopt;
  return response;
}

std::optional<ErrorReply> read_error(const Value& root) {
  const auto list = root.find("e");
  const auto number = list && list->kind() == bencode::Kind::list ? list->first() : std::nullopt;
  if (!number || !number->integer()) return std::nullopt;
  ErrorReply reply{*number->integer(), {}};
  const auto text = number->next();
  if (text && text->string()) reply.text = as_text(*text->string()).substr(0, kMaxErrorText);
  return reply;
}

tl::unexpected<Refused> refused(Bytes transaction = {},
                                std::optional<ErrorNumber> answer = std::nullopt) {
  return tl::unexpected(Refused{std::nullopt, std::move(transaction), answer});
}

}  // namespace

std::string_view text_of(ErrorNumber number) {
  switch (number) {
    case ErrorNumber::generic:
      return "error";
    case ErrorNumber::server:
      return "no room to store it";
    case ErrorNumber::protocol:
      return "malformed message, bad arguments or bad token";
    case ErrorNumber::unknown_method:
      return "unknown method";
    case ErrorNumber::value_too_big:
      return "v is longer than 1000 bytes";
    case ErrorNumber::bad_signature:
      return "invalid signature";
    case ErrorNumber::salt_too_big:
      return "salt is longer than 64 bytes";
    case ErrorNumber::cas_mismatch:
      return "cas does not match: read again";
    case ErrorNumber::seq_too_old:
      return "a later sequence number is stored";
  }
  return "error";
}

Bytes encode(const Message& message) {
  Writer out;
  out.begin_dictionary();
  std::string_view method;
  const auto* query = std::get_if<Query>(&message.body);
  const auto* error = std::get_if<ErrorReply>(&message.body);
  if (query != nullptr) {
    out.key("a").begin_dictionary();
    method = std::visit(RequestWriter{out, query->id}, query->request);
    out.end();
  }
  if (error != nullptr) {
    out.key("e").begin_list().integer(error->number).string(error->text).end();
  }
  if (message.external) {
    Bytes compact;
    append_address(compact, *message.external);
    out.key("ip").string(compact);
  }
  if (query != nullptr) {
    out.key("q").string(method);
    if (query->read_only) out.key("ro").integer(1);
  }
  if (const auto* response = std::get_if<Response>(&message.body)) write_response(out, *response);
  out.key("t").string(message.transaction);
  if (message.client) out.key("v").string(*message.client);
  out.key("y").string(query != nullptr ? "q" : error != nullptr ? "e" : "r");
  out.end();
  return std::move(out).take();
}

tl::expected<Message, Refused> decode(ByteView datagram) {
  const auto document = bencode::Document::parse(datagram);
  if (!document) return tl::unexpected(Refused{document.error(), {}, std::nullopt});
  const Value root = document->root();
  if (root.kind() != bencode::Kind::dictionary) return refused();
  Fields fields(root);
  const auto transaction = fields.string("t", kMaxTransactionBytes);
  const auto kind = fields.string("y", 1);
  if (!transaction || !kind) return refused();
  Message message;
  message.transaction = to_bytes(*transaction);
  // What others say of themselves and of us may be anything: what is not understood is left out.
  if (const auto client = root.find("v");
      client && client->string() && client->string()->size() == 4) {
    std::copy_n(client->string()->begin(), 4, message.client.emplace().begin());
  }
  if (const auto ip = root.find("ip"); ip && ip->string())
    message.external = peer_of(*ip->string());

  if (as_text(*kind) == "q") {
    auto query = read_query(root);
    if (!query) return refused(std::move(message.transaction), query.error());
    message.body = std::move(*query);
  } else if (as_text(*kind) == "r") {
    auto response = read_response(root);
    if (!response) return refused();
    message.body = std::move(*response);
  } else if (as_text(*kind) == "e") {
    auto error = read_error(root);
    if (!error) return refused();
    message.body = std::move(*error);
  } else {
    return refused();
  }
  return message;
}

}  // namespace kith::dht
