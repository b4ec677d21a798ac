#include "engine/dns/message.h"

namespace kith::dns {
namespace {

struct TypeOf {
  Type operator()(const A&) const { return Type::a; }
  Type operator()(const Aaaa&) const { return Type::aaaa; }
  Type operator()(const Ptr&) const { return Type::ptr; }
  Type operator()(const Ns&) const { return Type::ns; }
  Type operator()(const Cname&) const { return Type::cname; }
  Type operator()(const Soa&) const { return Type::soa; }
  Type operator()(const Srv&) const { return Type::srv; }
  Type operator()(const Txt&) const { return Type::txt; }
  Type operator()(const Nsec&) const { return Type::nsec; }
  Type operator()(const Opaque& opaque) const { return static_cast<Type>(opaque.type); }
};

}  // namespace

Type Record::type() const { return std::visit(TypeOf{}, data); }

bool Record::same_as(const Record& other) const {
  return record_class == other.record_class && name == other.name && data == other.data;
}

}  // namespace kith::dns
