#pragma once

// A completion handler of any token, held until its operation ends. It may be moved but not copied,
// as handlers of coroutines are, and is called once, on the executor the handler asks for.

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

namespace kith::io {

// The handler of one operation, whatever its token was.
template <class Value>
class Completion {
 public:
  Completion() = default;

  // Keeps the context of `handler` running until it is called.
  template <class Handler>
  Completion(boost::asio::io_context& context, Handler handler)
      : call_(std::make_unique<Call<Handler>>(context, std::move(handler))) {}

  explicit operator bool() const { return call_ != nullptr; }

  // Posts the handler with `value`; it never runs within this call.
  void operator()(Value value) { std::exchange(call_, nullptr)->complete(std::move(value)); }

 private:
  struct AnyCall {
    virtual ~AnyCall() = default;
    virtual void complete(Value value) = 0;
  };

  template <class Handler>
  struct Call final : AnyCall {
    using Executor =
        boost::asio::associated_executor_t<Handler, boost::asio::io_context::executor_type>;

    Call(boost::asio::io_context& context, Handler wanted)
        : handler(std::move(wanted)),
          work(boost::asio::get_associated_executor(handler, context.get_executor())) {}

    void complete(Value value) override {
      auto executor = work.get_executor();
      boost::asio::post(executor, [done = std::move(handler), held = std::move(work),
                                   outcome = std::move(value)]() mutable {
        std::move(done)(std::move(outcome));
      });
    }

    Handler handler;
    boost::asio::executor_work_guard<Executor> work;  // keeps the executor's context running
  };

  std::unique_ptr<AnyCall> call_;
};

}  // namespace kith::io
