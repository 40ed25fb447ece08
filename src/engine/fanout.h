// SPDX-License-Identifier: BSD-3-Clause
//
// One message for many clients, encoded once for each protocol version and each log that carries
// it; what each client gets is a record of 16 bytes.
//
// Owner:   a value, made for one message.
// Threads: main thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "engine/reply_log.h"

namespace millrace::engine {

class Engine;
class Session;

// Something that can be said outside of replies.
class PushMessage {
public:
    virtual ~PushMessage() = default;
    virtual void encode(ByteBuffer& out, int protocol) const = 0;
};

class Fanout {
public:
    Fanout(Engine& engine, const PushMessage& message) : engine_(engine), message_(message) {}

    void send(Session& session);

private:
    struct Copy {
        ReplyLog* log;
        uint8_t protocol;
        size_t offset;
        size_t bytes;
    };
    const Copy& copy_for(ReplyLog& log, uint8_t protocol);

    Engine& engine_;
    const PushMessage& message_;
    std::vector<Copy> copies_;
};

// A message to subscribers: `kind`, the pattern if it has one, the channel, and the text.
class ChannelMessage final : public PushMessage {
public:
    ChannelMessage(std::string_view kind, std::string_view channel, std::string_view text)
        : kind_(kind), channel_(channel), text_(text) {}
    ChannelMessage(std::string_view kind, std::string_view pattern, std::string_view channel,
                   std::string_view text)
        : kind_(kind), pattern_(pattern), channel_(channel), text_(text), has_pattern_(true) {}
    void encode(ByteBuffer& out, int protocol) const override;

private:
    std::string_view kind_;
    std::string_view pattern_;
    std::string_view channel_;
    std::string_view text_;
    bool has_pattern_ = false;
};

}  // namespace millrace::engine
