#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Proves that each rule of tidy.py fires, and that a clean tree stays clean."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tidy  # noqa: E402

TOP = "// SPDX-License-Identifier: BSD-3-Clause\n//\n// What this file is.\n"
HEADER = TOP + "//\n// Threads: any.\n#pragma once\n\n"
LAYERS = "base :\nkeyspace : base\nserver : *\nmodules : * except server\n"
CLEAN = {
    "src/layers.txt": LAYERS,
    "src/base/result.h": HEADER + "int one();\n",
    "src/base/result.cc": TOP + '#include "base/result.h"\n\nint one() {\n    return 1;\n}\n',
    "src/keyspace/database.cc": TOP + '#include "base/result.h"\n',
    "tools/tidy/tidy.py": "#!/usr/bin/env python3\n# SPDX-License-Identifier: BSD-3-Clause\n",
    "docs/ARCHITECTURE.md": "src/  the code\nsrc/base/  a\nsrc/keyspace/  b\ntools/  t\n`tools/tidy/` c\ndocs/  d\n",
}


def findings(**changes):
    """What tidy says about the clean tree with files replaced or added; None removes one."""
    files = dict(CLEAN)
    for path, text in changes.pop("files").items():
        files[path] = text
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            if text is None:
                continue
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return tidy.check_tree(root)


class Rules(unittest.TestCase):
    def one(self, path, text, expected):
        found = findings(files={path: text})
        self.assertEqual(1, len(found), found)
        self.assertIn(expected, found[0])
        return found[0]

    def none(self, path, text):
        self.assertEqual([], findings(files={path: text}))

    def test_clean_tree(self):
        self.assertEqual([], findings(files={}))

    def test_layers(self):
        text = TOP + '\n#include "keyspace/database.cc"\n'
        message = self.one("src/base/other.cc", text, "may not include `keyspace`")
        self.assertTrue(message.startswith("src/base/other.cc:5: "), message)

    def test_layers_from_a_folder_within_a_module(self):
        found = findings(files={
            "src/base/commands/ping.cc": TOP + '#include "keyspace/database.cc"\n',
            "docs/ARCHITECTURE.md": CLEAN["docs/ARCHITECTURE.md"] + "src/base/commands/  e\n"})
        self.assertEqual(1, len(found), found)
        self.assertIn("`base` may not include `keyspace`", found[0])

    def test_main_belongs_to_the_server(self):
        self.none("src/main.cc", TOP + '#include "keyspace/database.cc"\n')

    def test_all_but(self):
        found = findings(files={
            "src/modules/abi.cc": TOP + '#include "base/result.h"\n#include "server/server.h"\n',
            "src/server/server.h": HEADER,
            "docs/ARCHITECTURE.md": CLEAN["docs/ARCHITECTURE.md"] + "src/modules/  e\nsrc/server/  f\n"})
        self.assertEqual(["src/modules/abi.cc:5: `modules` may not include `server` (src/layers.txt)"], found)

    def test_layer_cycle(self):
        self.one("src/layers.txt", "base : keyspace\nkeyspace : base\nserver : *\n", "a way to a cycle")

    def test_layer_unknown(self):
        self.one("src/layers.txt", "base :\nkeyspace : base nothing\n", "`nothing`, which has no line")

    def test_module_without_layer(self):
        found = findings(files={"src/layers.txt": "base :\n"})
        self.assertIn("src/layers.txt:1: src/keyspace/ has no line", found)

    def test_include_not_rooted(self):
        self.one("src/base/other.cc", TOP + '#include "result.h"\n', "includes are rooted there")

    def test_line_length(self):
        self.one("src/base/other.cc", TOP + "// " + "x" * 98 + "\n", "line of 101 characters")
        self.none("src/base/other.cc", TOP + "// " + "x" * 97 + "\n")
        self.none("src/base/other.cc", TOP + "// " + "\u00b5" * 97 + "\n")

    def test_function_length(self):
        body = "    one();\n"
        self.one("src/base/other.cc", TOP + "int f() {\n" + body * 69 + "}\n", "function of 71 lines")
        self.none("src/base/other.cc", TOP + "int f() {\n" + body * 68 + "}\n")

    def test_function_length_of_a_constructor(self):
        text = "struct A {\n    A(int a)\n        : a_{a}, b_{a} {\n" + "        one();\n" * 70 + "    }\n};\n"
        message = self.one("src/base/other.cc", TOP + text, "function of 73 lines")
        self.assertTrue(message.startswith("src/base/other.cc:5: "), message)

    def test_long_things_that_are_no_functions(self):
        short = "int g() {\n    return 1;\n}\n"
        self.none("src/base/other.cc", TOP + short + "class A {\n" + "    int f() { return 1; }\n" * 80 + "};\n")
        self.none("src/base/other.cc", TOP + short + "namespace a {\n" + short * 40 + "}\n")
        self.none("src/base/other.cc", TOP + "constexpr Row kRows[] = {\n" + "    {f(1), 2},\n" * 80 + "};\n")

    def test_strings_and_comments_are_not_code(self):
        quiet = 'const char* a = "int f() { new throw";  // delete { new\nauto b = R"x({ throw)x";\nchar c = \'{\';\n'
        self.none("src/base/other.cc", TOP + quiet + "int g() {\n    return 1'000;\n}\n")

    def test_file_length(self):
        self.one("src/base/other.cc", TOP + "int a;\n" * 798, "file of 801 lines; at most 800")
        self.one("src/base/other.h", HEADER + "int a;\n" * 294, "file of 301 lines; at most 300")

    def test_licence(self):
        self.one("src/base/other.cc", "// What.\n", "the first line is")
        self.one("tools/tidy/x.sh", "#!/bin/bash\n", "the second line is")

    def test_opening_comment(self):
        self.one("src/base/other.cc", "// SPDX-License-Identifier: BSD-3-Clause\n", "then what this file is")
        self.none("src/base/result_test.cc", "// SPDX-License-Identifier: BSD-3-Clause\n")
        self.one("src/base/other.h", TOP + "#pragma once\n", "states Owner: or Threads:")

    def test_pragma_once(self):
        self.one("src/base/other.h", TOP + "//\n// Threads: any.\n\nint a;\n", "#pragma once")

    def test_names(self):
        self.one("src/base/string_util.cc", TOP, "`util` in a name")
        self.one("src/base/helper.cc", TOP, "`helper` in a name")
        self.one("src/base/strings_common.h", HEADER, "`common` in a name")
        self.none("src/base/utility_room.cc", TOP)
        self.none("src/base/common_subsequence.cc", TOP)
        self.one("src/base/other.cc", TOP + "class KeyManager;\n", "`KeyManager` says nothing")

    def test_unfinished(self):
        self.one("src/base/other.cc", TOP + "// TO" + "DO: more.\n", "unfinished work")

    def test_naked_new(self):
        self.one("src/keyspace/other.cc", TOP + "int* a = new int;\n", "naked new or delete")
        self.one("src/keyspace/other.cc", TOP + "auto a = new (place) int;\n", "naked new or delete")
        self.one("src/keyspace/other.cc", TOP + "void f(int* a) { delete a; }\n", "naked new or delete")
        self.none("src/keyspace/value_list.cc", TOP + "int* a = new int;\n")
        self.none("src/keyspace/other.cc", TOP + "#include <new>\nstruct A { A(A&) = delete; };\n")
        self.none("src/keyspace/other_test.cc", TOP + "int* a = new int;\n")

    def test_raw_bytes(self):
        with_commands = {"src/layers.txt": LAYERS + "commands : base\n",
                         "src/commands/get.cc": TOP + "auto a = reinterpret_cast<int*>(b);\n",
                         "docs/ARCHITECTURE.md": CLEAN["docs/ARCHITECTURE.md"] + "src/commands/  e\n"}
        found = findings(files=with_commands)
        self.assertEqual(1, len(found), found)
        self.assertIn("raw bytes", found[0])
        self.none("src/base/other.cc", TOP + "auto a = reinterpret_cast<int*>(b);\n")

    def test_throw(self):
        self.one("src/base/other.cc", TOP + "void f() { throw 1; }\n", "nothing of ours throws")

    def test_folder_list(self):
        text = CLEAN["docs/ARCHITECTURE.md"]
        self.one("docs/ARCHITECTURE.md", text.replace("src/keyspace/  b\n", ""), "src/keyspace/ has no line")
        self.one("docs/ARCHITECTURE.md", text + "src/engine/  e\n", "src/engine/ does not exist")
        self.one("docs/ARCHITECTURE.md", text + "src/base/  e\n", "src/base/ is listed twice")
        self.assertIn("docs/ARCHITECTURE.md:1: is missing", findings(files={"docs/ARCHITECTURE.md": None}))


if __name__ == "__main__":
    unittest.main()
