// SPDX-License-Identifier: BSD-3-Clause
#include "engine/fanout.h"

#include "engine/dispatch.h"
#include "protocol/reply_encoder.h"

namespace millrace::engine {

const Fanout::Copy& Fanout::copy_for(ReplyLog& log, uint8_t protocol) {
    for (const Copy& each : copies_) {
        if (each.log == &log && each.protocol == protocol) return each;
    }
    const size_t opened = log.open_bytes();
    message_.encode(log.bytes(), protocol);
    copies_.push_back({&log, protocol, opened, log.bytes().size() - opened});
    return copies_.back();
}

void Fanout::send(Session& session) {
    if (session.is(kClosing)) return;
    ReplyLog& log = engine_.push_log(session);
    const Copy& copy = copy_for(log, session.protocol);
    log.share(session.slot(), copy.offset, copy.bytes);
    session.produced_bytes += copy.bytes;
    Dispatch(engine_).check_output(session);
}

void ChannelMessage::encode(ByteBuffer& out, int protocol) const {
    protocol::encode_push(out, has_pattern_ ? 4 : 3, protocol);
    protocol::encode_bulk(out, kind_);
    if (has_pattern_) protocol::encode_bulk(out, pattern_);
    protocol::encode_bulk(out, channel_);
    protocol::encode_bulk(out, text_);
}

}  // namespace millrace::engine
