// SPDX-License-Identifier: BSD-3-Clause
//
// Result<T> is a value or an Error; Status is a Result without a value. There are no exceptions.
//
//     Result<int64_t> parse(std::string_view text);
//     Status store(std::string_view text) {
//         const int64_t number = TRY(parse(text));   // returns the Error to the caller
//         ...
//         return done();
//     }
//
// Threads: any; a Result belongs to whoever holds it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace millrace {

// An error text that lives for ever: the constants of engine/errors.h.
struct ErrorText {
    std::string_view text;
};

// What went wrong, as text for whoever asked; `code` is an errno where the system said no, else 0.
class [[nodiscard]] Error {
public:
    Error(ErrorText constant)
        : text_(constant.text) {}  // NOLINT: the implicit way from a constant.
    explicit Error(std::string text, int code = 0)
        : owned_(std::make_unique<std::string>(std::move(text))), text_(*owned_), code_(code) {}
    Error(Error&&) noexcept = default;
    Error& operator=(Error&&) noexcept = default;

    std::string_view text() const { return text_; }
    int code() const { return code_; }

private:
    std::unique_ptr<std::string> owned_;  // Null for constants.
    std::string_view text_;
    int code_ = 0;
};

// An Error from errno: "what: reason".
Error system_error(std::string_view what, int code);

template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}            // NOLINT
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}        // NOLINT
    Result(ErrorText constant) : state_(std::in_place_index<1>, Error(constant)) {}  // NOLINT

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }
    T& value() & {
        CHECK(ok());
        return *std::get_if<0>(&state_);
    }
    const T& value() const& {
        CHECK(ok());
        return *std::get_if<0>(&state_);
    }
    T&& value() && {
        CHECK(ok());
        return std::move(*std::get_if<0>(&state_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T* operator->() { return &value(); }
    const Error& error() const {
        CHECK(!ok());
        return *std::get_if<1>(&state_);
    }
    Error&& take_error() {
        CHECK(!ok());
        return std::move(*std::get_if<1>(&state_));
    }

private:
    std::variant<T, Error> state_;
};

struct Done {};
using Status = Result<Done>;
inline Status done() {
    return Done{};
}

}  // namespace millrace

// The value of `expression`, a Result; or returns its error from the enclosing function.
#define TRY(expression)                                         \
    __extension__({                                             \
        auto try_result_ = (expression);                        \
        if (!try_result_.ok()) return try_result_.take_error(); \
        std::move(try_result_).value();                         \
    })
