// SPDX-License-Identifier: BSD-3-Clause
#include "protocol/reply_parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/numbers.h"
#include "protocol/wire_size.h"

namespace millrace::protocol {
namespace {

using Kind = Reply::Kind;

constexpr size_t kVerbatimFormatBytes = 4;  // "txt:"
constexpr size_t kPartsReservedMax = 64;

bool is_double(std::string_view text) {
    return text == "nan" || text == "-nan" || parse_double(text).has_value();
}

bool is_big_number(std::string_view text) {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<Kind> kind_of_parts(char type) {
    switch (type) {
        case '*':
            return Kind::Array;
        case '~':
            return Kind::Set;
        case '>':
            return Kind::Push;
        case '%':
        case '|':
            return Kind::Map;
        default:
            return std::nullopt;
    }
}

Reply text_reply(Kind kind, std::string_view text) {
    Reply reply;
    reply.kind = kind;
    reply.text = text;
    return reply;
}

Reply integer_reply(Kind kind, int64_t value) {
    Reply reply;
    reply.kind = kind;
    reply.integer = value;
    return reply;
}

Reply null_reply(Kind kind) {
    Reply reply;
    reply.kind = kind;
    return reply;
}

}  // namespace

ReplyParser::Outcome ReplyParser::parse(std::string_view input) {
    consumed_ = 0;
    for (;;) {
        switch (parse_next(input.substr(consumed_))) {
            case Step::Reply:
                return Outcome::Reply;
            case Step::Wait:
                return Outcome::Incomplete;
            case Step::Bad:
                return Outcome::Error;
            case Step::Part:
                break;
        }
    }
}

ReplyParser::Step ReplyParser::parse_next(std::string_view input) {
    const size_t end = input.find("\r\n", searched_);
    if (end == std::string_view::npos) {
        if (input.size() > kReplyBytesMax) return bad("a line is too long");
        searched_ = input.empty() ? 0 : input.size() - 1;  // It may end in CR.
        return Step::Wait;
    }
    if (end == 0) return bad("a line is empty");
    searched_ = end;
    const char type = input[0];
    const std::string_view line = input.substr(1, end - 1);
    if (type == '$' || type == '=' || type == '!') {
        return parse_bulk(type, line, input.substr(end + kLineEndBytes));
    }
    consumed_ += end + kLineEndBytes;
    searched_ = 0;
    return kind_of_parts(type) ? open_parts(type, line) : parse_line(type, line);
}

ReplyParser::Step ReplyParser::parse_line(char type, std::string_view line) {
    switch (type) {
        case '+':
            return close(text_reply(Kind::Simple, line));
        case '-':
            return close(text_reply(Kind::Error, line));
        case '_':
            if (!line.empty()) return bad("a null holds something");
            return close(null_reply(Kind::Null));
        case ':': {
            const auto value = parse_integer(line);
            if (!value) return bad("an integer is none");
            return close(integer_reply(Kind::Integer, *value));
        }
        case '#':
            if (line != "t" && line != "f") return bad("a boolean is none");
            return close(integer_reply(Kind::Boolean, line == "t"));
        case ',':
            if (!is_double(line)) return bad("a double is none");
            return close(text_reply(Kind::Double, line));
        case '(':
            if (!is_big_number(line)) return bad("a big number is none");
            return close(text_reply(Kind::BigNumber, line));
        default:
            return bad("a type is unknown");
    }
}

ReplyParser::Step ReplyParser::parse_bulk(char type, std::string_view line, std::string_view rest) {
    const auto length = parse_integer(line);
    if (length == -1 && type == '$') {
        consumed_ += 1 + line.size() + kLineEndBytes;
        searched_ = 0;
        return close(null_reply(Kind::Null));
    }
    if (!length || *length < 0) return bad("a bulk has a bad length");
    const auto size = static_cast<uint64_t>(*length);
    if (size > kReplyBytesMax) return bad("a bulk is too long");
    if (rest.size() < size + kLineEndBytes) return Step::Wait;
    if (rest.substr(size, kLineEndBytes) != "\r\n")
        return bad("a bulk does not end where it should");

    const std::string_view bytes = rest.substr(0, size);
    consumed_ += 1 + line.size() + kLineEndBytes + size + kLineEndBytes;
    searched_ = 0;
    if (type == '$') return close(text_reply(Kind::Bulk, bytes));
    if (type == '!') return close(text_reply(Kind::BulkError, bytes));
    if (size < kVerbatimFormatBytes || bytes[kVerbatimFormatBytes - 1] != ':') {
        return bad("a verbatim string has no format");
    }
    return close(text_reply(Kind::Verbatim, bytes));
}

ReplyParser::Step ReplyParser::open_parts(char type, std::string_view line) {
    const auto count = parse_integer(line);
    if (count == -1 && type == '*') return close(null_reply(Kind::NullArray));
    if (!count || *count < 0 || *count > INT32_MAX) return bad("a count of parts is bad");
    if (open_.size() == kReplyDepthMax) return bad("parts are nested too deeply");

    Open open;
    open.value.kind = *kind_of_parts(type);
    open.left = static_cast<size_t>(*count) * (open.value.kind == Kind::Map ? 2 : 1);
    open.is_attribute = type == '|';
    if (open.left == 0) return open.is_attribute ? Step::Part : close(std::move(open.value));
    if (!open.is_attribute) open.value.attributes = std::exchange(waiting_attributes(), {});
    open.value.parts.reserve(std::min(open.left, kPartsReservedMax));
    open_.push_back(std::move(open));
    return Step::Part;
}

// Where the attributes of the next value wait for it.
std::vector<Reply>& ReplyParser::waiting_attributes() {
    return open_.empty() ? attributes_ : open_.back().attributes;
}

// Puts a complete value where it belongs, and closes what it completes.
ReplyParser::Step ReplyParser::close(Reply value) {
    if (!value.has_parts() || value.parts.empty()) {
        value.attributes = std::exchange(waiting_attributes(), {});
    }
    while (!open_.empty()) {
        Open& parent = open_.back();
        parent.value.parts.push_back(std::move(value));
        if (--parent.left > 0) return Step::Part;
        const bool was_attribute = parent.is_attribute;
        value = std::move(parent.value);
        open_.pop_back();
        if (was_attribute) {
            std::vector<Reply>& waiting = waiting_attributes();
            std::move(value.parts.begin(), value.parts.end(), std::back_inserter(waiting));
            return Step::Part;
        }
    }
    reply_ = std::move(value);
    return Step::Reply;
}

ReplyParser::Step ReplyParser::bad(std::string_view text) {
    error_ = "Bad reply: ";
    error_ += text;
    return Step::Bad;
}

}  // namespace millrace::protocol
