// SPDX-License-Identifier: BSD-3-Clause
//
// Transcripts: what clients say to a server, and what it is to answer, as text.
//
//     # A comment. The first one of a case is its title; a blank line ends the case.
//     > SET counter 5          what the client sends; words are quoted as in valkey-cli
//     +OK                      the reply, as protocol::to_text() shows it
//     event set counter        the key events, and what was propagated: all of a kind, in order, if
//     propagate SET counter 5  there is a line of that kind at all
//
//     b> BLPOP list 0          another client, called b; a name begins with a lower-case letter
//     (waits)                  there is no reply yet
//     b<                       what b reads now, without having sent anything; "<": the first one
//     ...
//
// Instead of a reply: "(waits)"; "(closed)", the connection has ended. The next command of that
// client connects anew.
//
// Events and propagation in another database than 0: "event(3) set k", "propagate(3) SET k v". That
// there was none: "event (none)", "propagate (none)".
//
// In expected lines
//     like PATTERN             any one line that the glob pattern matches
//     like* PATTERN            any number of such lines
//     {now+5000}               a Unix time in milliseconds, this far from now
//     {unix+5}                 in seconds
//     {about 100}              this or a little less, by the time that passes between commands
// In expected lines and in what is sent
//     {repeat ab 1000}         ab, a thousand times
// {now...} and {unix...} in what is sent are exact.
//
// Directives
//     ! resp 3                 the version that clients speak until the end of the case
//     ! advance 1500ms         time passes; also in s
//     ! config NAME VALUE      until the end of the file
//     ! events A               which classes of events are shown, as in notify-keyspace-events,
//                              until the end of the file; A at its beginning
//     ! unordered              of the next command: plain parts of arrays and sets, and pairs of
//                              maps, are compared in alphabetical order, and so written here
//     ! only in-process        the case is skipped in other modes; also socket, valkey, millrace
//     ! needs COMMAND          the case is skipped by servers without this command
//     ! needs jemalloc         the case is skipped where another allocator counts memory, as it is
//                              with a sanitizer
//
// Threads: any; a transcript is a value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace::transcript {

struct Step {
    enum class Kind { Send, Read, Directive };

    Kind kind = Kind::Send;
    int line = 0;
    std::string client;  // Empty: the one without a name.
    std::string text;    // As written, for messages; of Send what comes after ">".
    std::vector<std::string> expected;
    std::vector<std::string> events;
    std::vector<std::string> effects;
    bool checks_events = false;
    bool checks_effects = false;
};

struct Case {
    int line = 0;
    std::string title;
    std::vector<Step> steps;
};

struct Transcript {
    std::string path;
    std::vector<Case> cases;
};

Result<Transcript> parse_transcript(std::string path, std::string_view text);

}  // namespace millrace::transcript
