#include "engine/dns/split.h"

#include <optional>
#include <utility>

#include "engine/dns/write.h"

namespace kith::dns {
namespace {

// Writes parts into packets, opening another when one does not take the next part.
class Splitter {
 public:
  explicit Splitter(std::size_t limit) : limit_(limit), writer_(limit, SrvNames::compressed) {}

  template <class... Part>
  void add(const Part&... part) {
    if (writer_.add(part...)) {
      used_ = true;
      return;
    }
    if (used_) next();
    if (writer_.add(part...)) {
      used_ = true;
    } else {
      ++out_.left_out;
    }
  }

  void add_if_it_fits(Section section, const Record& record) {
    if (writer_.add(section, record)) used_ = true;
  }

  // `more` is set in all packets but the last.
  Packets finish(const Header& last, const Header& more) && {
    if (used_) next();
    for (std::size_t i = 0; i < writers_.size(); ++i) {
      const bool final = i + 1 == writers_.size();
      out_.packets.push_back(std::move(writers_[i]).finish(final ? last : more));
    }
    return std::move(out_);
  }

 private:
  void next() {
    writers_.push_back(std::exchange(writer_, MessageWriter(limit_, SrvNames::compressed)));
    used_ = false;
  }

  std::size_t limit_;
  MessageWriter writer_;
  std::vector<MessageWriter> writers_;
  bool used_ = false;
  Packets out_;
};

}  // namespace

Packets split_query(std::span<const Question> questions, std::span<const Record> known_answers,
                    std::size_t limit) {
  Splitter splitter(limit);
  for (const Question& question : questions) splitter.add(question);
  for (const Record& record : known_answers) splitter.add(Section::answer, record);
  Header more;
  more.truncated = true;
  return std::move(splitter).finish({}, known_answers.empty() ? Header{} : more);
}

Packets split_probe(std::span<const ProbeGroup> groups, std::size_t limit) {
  Packets out;
  Message message;
  std::optional<Bytes> packet;  // of `message`
  for (const ProbeGroup& group : groups) {
    const auto add = [&] {
      message.questions.push_back(group.question);
      message.authorities.insert(message.authorities.end(), group.proposed.begin(),
                                 group.proposed.end());
      return write(message, limit, SrvNames::compressed);
    };
    auto grown = add();
    if (!grown && packet) {
      out.packets.push_back(*std::exchange(packet, std::nullopt));
      message = {};
      grown = add();
    }
    if (grown) {
      packet = std::move(grown);
    } else {
      ++out.left_out;
      message = {};
    }
  }
  if (packet) out.packets.push_back(*std::move(packet));
  return out;
}

Packets split_response(std::span<const Record> answers, std::span<const Record> additionals,
                       std::size_t limit) {
  Splitter splitter(limit);
  for (const Record& record : answers) splitter.add(Section::answer, record);
  for (const Record& record : additionals) splitter.add_if_it_fits(Section::additional, record);
  Header header;
  header.response = true;
  header.authoritative = true;
  return std::move(splitter).finish(header, header);
}

}  // namespace kith::dns
