#pragma once

// The executor of everything that touches an engine: one at a time, in any thread of the context.

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>

namespace kith::io {

using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;
using Descriptor = boost::asio::posix::basic_stream_descriptor<Strand>;
using Timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, Strand>;

}  // namespace kith::io
