// SPDX-License-Identifier: BSD-3-Clause
//
// Ziplists and zipmaps, the compact blobs of older files: read once, element by element, with every
// length and back pointer checked.
//
// Threads: any.
#pragma once

#include <functional>
#include <string_view>

namespace millrace::persistence::rdb {

// The view is good for the call.
using ElementVisitor = std::function<void(std::string_view element)>;

// False: damaged; the visitor may have seen elements before that was found out.
bool read_ziplist(std::string_view blob, const ElementVisitor& visit);
// Fields and values in turns.
bool read_zipmap(std::string_view blob, const ElementVisitor& visit);

}  // namespace millrace::persistence::rdb
