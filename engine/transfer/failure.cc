#include "engine/transfer/failure.h"

#include "engine/base/text.h"

namespace kith::transfer {
namespace {

Error from_receiver(ErrorCode code) {
  switch (code) {
    case ErrorCode::refused:
      return {code, "The receiving device declined the transfer", ""};
    case ErrorCode::timed_out:
      return {code, "Nobody answered on the receiving device", "Try again when someone is there"};
    case ErrorCode::no_space:
      return {code, "The receiving device has no space left",
              "Free space on that device and send again"};
    case ErrorCode::io_error:
      return {code, "The disk of the receiving device failed", ""};
    case ErrorCode::permission_denied:
      return {code, "The receiving device may not write to its inbox or to the destination",
              "Check the permissions there"};
    case ErrorCode::not_found:
      return {code, "The inbox of the receiving device does not exist", "Create it there"};
    case ErrorCode::already_exists:
      return {code, "The destination on the receiving device is taken by something else",
              "Choose another destination"};
    default:
      return {code, "The receiving device could not complete the transfer", ""};
  }
}

Error from_sender(ErrorCode code) {
  switch (code) {
    case ErrorCode::source_changed:
      return {code, "A file changed while it was being sent", "It has to be sent again"};
    case ErrorCode::io_error:
      return {code, "The disk of the sending device failed", ""};
    case ErrorCode::permission_denied:
      return {code, "The sending device may not read one of the files", ""};
    default:
      return {code, "The sending device could not complete the transfer", ""};
  }
}

}  // namespace

Error reported_by_peer(ErrorCode code, TransferDirection direction) {
  switch (code) {
    case ErrorCode::cancelled:
      return {code, "The transfer was cancelled on the other device", ""};
    case ErrorCode::corrupt:
      return {code, "The other device found that the data did not arrive as it was sent",
              "Send again; if it happens again, one of the devices is faulty"};
    case ErrorCode::limit_exceeded:
      return {code, "The transfer exceeds a limit of the other device", "Send less at a time"};
    default:
      return direction == TransferDirection::sending ? from_receiver(code) : from_sender(code);
  }
}

Error file_failed(ErrorCode code, std::string_view path) {
  const auto name = printable(path);
  switch (code) {
    case ErrorCode::source_changed:
      return {code, name + " changed while it was being sent", "Send it again"};
    case ErrorCode::permission_denied:
      return {code, name + " may not be read", ""};
    default:
      return {code, name + " could not be read", ""};
  }
}

Error disk_failed(const Error& cause, std::string_view path) {
  const auto name = printable(path);
  switch (cause.code) {
    case ErrorCode::no_space:
      return {cause.code, "The disk is full", "Free space and have it sent again"};
    case ErrorCode::permission_denied:
      return {cause.code, name + " may not be written", "Check the permissions of the inbox"};
    case ErrorCode::not_found:
      return {cause.code, name + " does not exist", "Check that the inbox exists"};
    case ErrorCode::already_exists:
      return {cause.code, name + " is taken by something else", ""};
    default:
      return {cause.code, name + " could not be written: " + cause.message, cause.hint};
  }
}

}  // namespace kith::transfer
