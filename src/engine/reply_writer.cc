// SPDX-License-Identifier: BSD-3-Clause
#include "engine/reply_writer.h"

#include "protocol/reply_encoder.h"

namespace millrace::engine {

template <typename Encode>
void ReplyWriter::encode(Encode&& encode) {
    ++replies_;
    if (muted_) return;
    const size_t opened = log_.open_bytes();
    encode(log_.bytes());
    produced_ += log_.bytes().size() - opened;
    log_.close_bytes(client_, opened);
    if (produced_ > produced_max_) [[unlikely]]
        give_up();
}

void ReplyWriter::boolean(bool value) {
    if (protocol_ == 2) {
        constant(value ? ":1\r\n" : ":0\r\n");
    } else {
        constant(value ? "#t\r\n" : "#f\r\n");
    }
}

void ReplyWriter::simple(std::string_view text) {
    encode([&](ByteBuffer& out) { protocol::encode_simple(out, text); });
}

void ReplyWriter::bulk(std::string_view bytes) {
    encode([&](ByteBuffer& out) { protocol::encode_bulk(out, bytes); });
}

void ReplyWriter::double_number(double value) {
    encode([&](ByteBuffer& out) { protocol::encode_double(out, value, protocol_); });
}

void ReplyWriter::big_number(std::string_view digits) {
    encode([&](ByteBuffer& out) { protocol::encode_big_number(out, digits, protocol_); });
}

void ReplyWriter::verbatim(std::string_view format, std::string_view text) {
    encode([&](ByteBuffer& out) { protocol::encode_verbatim(out, format, text, protocol_); });
}

void ReplyWriter::error(std::string_view text) {
    encode([&](ByteBuffer& out) { protocol::encode_error(out, text); });
}

void ReplyWriter::array(size_t count) {
    encode([&](ByteBuffer& out) { protocol::encode_array(out, count); });
}

void ReplyWriter::map(size_t pairs) {
    encode([&](ByteBuffer& out) { protocol::encode_map(out, pairs, protocol_); });
}

void ReplyWriter::set(size_t count) {
    encode([&](ByteBuffer& out) { protocol::encode_set(out, count, protocol_); });
}

void ReplyWriter::push(size_t count) {
    encode([&](ByteBuffer& out) { protocol::encode_push(out, count, protocol_); });
}

void ReplyWriter::attribute(size_t pairs) {
    encode([&](ByteBuffer& out) { protocol::encode_attribute(out, pairs); });
}

void ReplyWriter::raw(std::string_view wire_form) {
    encode([&](ByteBuffer& out) { out.append(wire_form); });
}

size_t ReplyWriter::open() {
    ++replies_;
    return muted_ ? 0 : log_.reserve(client_);
}

void ReplyWriter::close(size_t opened, char kind, size_t count) {
    if (muted_) return;
    const size_t begin = log_.open_bytes();
    switch (kind) {
        case '%':
            protocol::encode_map(log_.bytes(), count, protocol_);
            break;
        case '~':
            protocol::encode_set(log_.bytes(), count, protocol_);
            break;
        default:
            protocol::encode_array(log_.bytes(), count);
            break;
    }
    produced_ += log_.bytes().size() - begin;
    log_.fill(opened, begin);
}

void ReplyWriter::close_array(size_t opened, size_t count) {
    close(opened, '*', count);
}
void ReplyWriter::close_map(size_t opened, size_t pairs) {
    close(opened, '%', pairs);
}
void ReplyWriter::close_set(size_t opened, size_t count) {
    close(opened, '~', count);
}

}  // namespace millrace::engine
