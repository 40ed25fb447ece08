// SPDX-License-Identifier: BSD-3-Clause
//
// Replies as text. The header of reply_parser.h describes the language.
#include <string>
#include <vector>

#include "base/quote.h"
#include "protocol/reply_parser.h"

namespace millrace::protocol {
namespace {

using Kind = Reply::Kind;

constexpr size_t kMapIndent = 3;

bool is_plain(const Reply& reply) {
    return reply.attributes.empty() && (!reply.has_parts() || reply.parts.empty());
}

// Bytes that are not printable would break the line, or be lost in an editor.
void append_escaped(std::string& out, std::string_view text) {
    static constexpr char kHexDigits[] = "0123456789abcdef";
    for (const char byte : text) {
        if (byte >= ' ' && byte <= '~') {
            out += byte;
        } else {
            const auto value = static_cast<unsigned char>(byte);
            out += {'\\', 'x', kHexDigits[value >> 4], kHexDigits[value & 15]};
        }
    }
}

void append_plain(std::string& out, const Reply& reply) {
    switch (reply.kind) {
        case Kind::Null:
            out += "(nil)";
            break;
        case Kind::NullArray:
            out += "(nil array)";
            break;
        case Kind::Simple:
        case Kind::Error:
            out += reply.kind == Kind::Simple ? '+' : '-';
            append_escaped(out, reply.text);
            break;
        case Kind::Bulk:
            append_quoted(out, reply.text);
            break;
        case Kind::BulkError:
            out += '!';
            append_quoted(out, reply.text);
            break;
        case Kind::Verbatim:
            out += '=';
            append_escaped(out, std::string_view(reply.text).substr(0, 4));
            append_quoted(out, std::string_view(reply.text).substr(4));
            break;
        case Kind::Integer:
            out += ":" + std::to_string(reply.integer);
            break;
        case Kind::Double:
            out += "," + reply.text;
            break;
        case Kind::BigNumber:
            out += "(" + reply.text;
            break;
        case Kind::Boolean:
            out += reply.integer != 0 ? "#t" : "#f";
            break;
        case Kind::Array:
            out += "(empty array)";
            break;
        case Kind::Set:
            out += "(empty set)";
            break;
        case Kind::Push:
            out += "(empty push)";
            break;
        case Kind::Map:
            out += "(empty map)";
            break;
    }
}

char mark_of(Kind kind) {
    switch (kind) {
        case Kind::Set:
            return '~';
        case Kind::Push:
            return '>';
        case Kind::Map:
            return '#';
        default:
            return ')';
    }
}

// Walks over a tree with a stack of its own, and writes one line after the other.
class TextWriter {
public:
    std::string write(const Reply& root) {
        begin(root, 0);
        while (!stack_.empty()) step();
        return std::move(out_);
    }

private:
    // The parts of a value that are being written, below each other at column `indent`.
    struct Level {
        const Reply* reply;
        const std::vector<Reply>* parts;
        size_t next;
        size_t indent;
        char mark;
    };

    // Writes a value at the end of the line, or goes into its parts.
    void begin(const Reply& reply, size_t indent) {
        if (!reply.attributes.empty()) {
            stack_.push_back({&reply, &reply.attributes, 0, indent, '|'});
        } else {
            begin_value(reply, indent);
        }
    }

    void begin_value(const Reply& reply, size_t indent) {
        if (!reply.has_parts() || reply.parts.empty()) return append_plain(out_, reply);
        stack_.push_back({&reply, &reply.parts, 0, indent, mark_of(reply.kind)});
    }

    void step() {
        Level& level = stack_.back();
        if (level.next == level.parts->size()) {
            const Level done = level;
            stack_.pop_back();
            if (done.mark != '|') return;
            new_line(done.indent);
            begin_value(*done.reply, done.indent);
        } else if (level.mark == '|' || level.mark == '#') {
            write_pair_part(level);
        } else {
            const size_t at = level.next++;
            const size_t indent = level.indent;
            const Reply& part = (*level.parts)[at];
            if (at > 0) new_line(indent);
            const size_t width = label(level, at + 1);
            begin(part, indent + width);
        }
    }

    void write_pair_part(Level& level) {
        const size_t at = level.next++;
        const Reply& part = (*level.parts)[at];
        const size_t indent = level.indent;
        if (at % 2 == 0) {
            if (at > 0) new_line(indent);
            const size_t width = label(level, at / 2 + 1);
            return begin(part, indent + width);
        }
        if (is_plain((*level.parts)[at - 1])) {
            out_ += " =>";
        } else {
            new_line(indent + kMapIndent);
            out_ += "=>";
        }
        if (is_plain(part)) {
            out_ += ' ';
            return append_plain(out_, part);
        }
        new_line(indent + kMapIndent);
        begin(part, indent + kMapIndent);
    }

    // Writes "1) " and tells how wide it is.
    size_t label(const Level& level, size_t number) {
        const std::string text = std::to_string(number) + level.mark + ' ';
        out_ += text;
        return text.size();
    }

    void new_line(size_t indent) {
        out_ += '\n';
        out_.append(indent, ' ');
    }

    std::string out_;
    std::vector<Level> stack_;
};

}  // namespace

std::string to_text(const Reply& reply) {
    return TextWriter().write(reply);
}

}  // namespace millrace::protocol
