// SPDX-License-Identifier: BSD-3-Clause
#include "server/title_area.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace millrace::server {
namespace {

// Copies of the variables, with the C library as their owner.
void move_environment() {
    std::vector<std::string> variables;
    for (char** each = environ; each != nullptr && *each != nullptr; ++each)
        variables.emplace_back(*each);
    clearenv();
    for (const std::string& variable : variables) {
        const size_t sign = variable.find('=');
        if (sign == std::string::npos) continue;
        setenv(variable.substr(0, sign).c_str(), variable.c_str() + sign + 1, 1);
    }
}

}  // namespace

TitleArea::TitleArea(int argument_count, char** arguments) {
    if (argument_count == 0) return;
    original_ = arguments[0];
    begin_ = arguments[0];
    char* end = begin_;
    // The kernel lays the texts out one behind the other; only what really touches is ours.
    const auto extend = [&](char* text) {
        if (text == end) end = text + std::strlen(text) + 1;
    };
    for (int i = 0; i < argument_count; ++i) extend(arguments[i]);
    for (char** each = environ; each != nullptr && *each != nullptr; ++each) extend(*each);
    bytes_ = static_cast<size_t>(end - begin_);
    move_environment();
}

void TitleArea::set(std::string_view title) {
    if (bytes_ == 0) return;
    const size_t used = std::min(title.size(), bytes_ - 1);
    std::fill_n(begin_, bytes_, '\0');
    std::copy_n(title.data(), used, begin_);
}

}  // namespace millrace::server
