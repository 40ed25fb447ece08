#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The house rules that a program can check; docs/STYLE.md says why they are.

    tools/tidy/tidy.py [FOLDER]      the repository's root by default

Prints `file:line: what is wrong` for each finding and ends with 1 if there was any. There is no list of
exceptions: where a rule allows something in some folders only, the tables below say which and why.
"""
import os
import re
import subprocess
import sys

LINE_MAX = 100
SCRIPT_LINE_MAX = 120
FUNCTION_MAX = 70
HEADER_MAX = 300
SOURCE_MAX = 800

SPDX = "SPDX-License-Identifier: BSD-3-Clause"
CODE_FOLDERS = ("src/", "tools/", "tests/", "bench/")
BANNED_WORDS = {"util", "utils", "helper", "helpers", "manager", "managers", "misc"}
BANNED_LAST = {"common"}  # strings_common says nothing; common_subsequence does.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")

# Where memory is owned by hand: the structures, the values, the allocator's own file.
NEW_ALLOWED = ("src/values/packed_list", "src/structures/", "src/values/member", "src/keyspace/value",
               "src/keyspace/entry", "src/base/memory")
# Where bytes are taken for something else: the wire, files, the kernel, the layouts in memory. Everywhere else base/
# has a function that says what is meant: commands work on values and views, apart from those that write into strings
# and those that show the insides; the server's start and crash report deal with the process itself.
RAW_ALLOWED = ("src/base/", "src/structures/", "src/protocol/", "src/net/", "src/threads/", "src/keyspace/",
               "src/engine/", "src/pipeline/", "src/persistence/", "src/cluster/bus/", "src/modules/", "src/scripting/",
               "src/commands/strings/", "src/commands/bits/", "src/admin/debug/", "src/server/",
               "src/values/member")
# Lua's C++ build reports errors as exceptions; they are fenced in there.
THROW_ALLOWED = ("src/scripting/", "src/modules/")

# Folders that ARCHITECTURE.md lists: these and everything below, data files apart.
LISTED_FOLDERS = ("src", "tools", "tests", "bench", "docs", "cmake")
UNLISTED_BELOW = ("tests/corpus/", "docs/images/")


class Report:
    def __init__(self):
        self.findings = []

    def add(self, path, line, text):
        self.findings.append(f"{path}:{line}: {text}")


# --- the tree ---------------------------------------------------------------------------------------------------------


def all_files(root):
    """Tracked files and new ones that git does not ignore; a plain walk where there is no git."""
    if os.path.exists(os.path.join(root, ".git")):
        found = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"], capture_output=True,
                               text=True, check=True).stdout.split("\n")
        return sorted({path for path in found if path and os.path.exists(os.path.join(root, path))})
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [each for each in folders if each not in (".git", "build", "node_modules", "__pycache__")]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in files]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def is_cpp(path):
    return path.endswith((".cc", ".h"))


def is_script(root, path):
    if path.endswith((".py", ".sh")):
        return True
    if "." in os.path.basename(path):
        return False
    with open(os.path.join(root, path), "rb") as file:
        return file.read(2) == b"#!"


# --- C++ text ---------------------------------------------------------------------------------------------------------

NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^\s()\\]{0,16})\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'", re.S)


def code_only(text):
    """Comments and literals become blanks; line breaks stay, so line numbers do too."""

    def blank(match):
        found = match.group(0)
        lines = found.count("\n")
        if lines:
            return '""' + "\n" * lines
        return " " if found[0] == "/" else '""'

    return NOT_CODE.sub(blank, text)


BLOCK = re.compile(r"[{};]|^[ \t]*#(?:[^\n\\]|\\.|\\\n)*$", re.M)
NOT_FUNCTION = re.compile(r"^\s*(?:(?:template\s*<[^{}]*>|inline|export|extern\s*\"\")\s*)*"
                          r"(?:class|struct|union|enum|namespace|extern)\b")
CONTROL = re.compile(r"\b(?:if|for|while|switch|catch|do|else)\b\s*(?:constexpr\s*)?(?:\(|$)")


def looks_like_function(head):
    if "(" not in head:
        return False
    if NOT_FUNCTION.match(head) and not re.search(r"\)\s*(?:const|noexcept|override|final|\s)*$", head):
        return False
    flat = re.sub(r"operator\s*(?:[^\s\w(]{1,3}|\(\s*\))", "operator", head)
    outside = re.sub(r"\([^()]*\)", "", re.sub(r"\([^()]*\)", "", re.sub(r"\([^()]*\)", "", flat)))
    outside = re.sub(r"<[^<>]*>", "", re.sub(r"<[^<>]*>", "", outside))
    return "=" not in outside and not CONTROL.search(outside.strip())


def functions(code):
    """(first line, last line) of each function that stands in a namespace or class."""
    found = []
    stack = []  # One entry an open brace: "scope", "function", or "inner" with where it began.
    head_start = 0
    pending = None  # A function whose initializer list had braces: where it began.
    for match in BLOCK.finditer(code):
        token = match.group(0)
        if token.lstrip().startswith("#"):
            head_start = match.end()
            continue
        inside = any(kind != "scope" for kind, _ in stack)
        if token == "{":
            head = code[head_start:match.start()]
            if inside:
                stack.append(("inner", None))
            elif looks_like_function(head):
                begin = head_start + len(head) - len(head.lstrip())
                stack.append(("function", begin))
            elif pending is not None and head.strip()[:1] in ("", ","):
                stack.append(("function", pending))
            elif "=" in head:
                stack.append(("inner", None))
            else:
                stack.append(("scope", None))
        elif token == "}" and stack:
            kind, begin = stack.pop()
            pending = None
            if kind == "function":
                first = code.count("\n", 0, begin) + 1
                found.append((first, code.count("\n", 0, match.start()) + 1))
                pending = begin
        elif token == ";" and not inside:
            pending = None
        head_start = match.end()
    return found


# --- rules for one file -----------------------------------------------------------------------------------------------


def check_lines(report, path, text, longest):
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > longest:
            report.add(path, number, f"line of {len(line)} characters; at most {longest}")
        if UNFINISHED.search(line):
            report.add(path, number, "unfinished work is named in docs or an issue, not marked in the code")


def opening_comment(text):
    lines = []
    for line in text.split("\n"):
        if not line.startswith("//"):
            break
        lines.append(line)
    return lines


def check_opening(report, root, path, text):
    comment = opening_comment(text)
    if not comment or comment[0] != "// " + SPDX:
        report.add(path, 1, f"the first line is `// {SPDX}`")
        return
    stem = re.sub(r"(?:_test|_bench|_fuzz)?\.(?:cc|h)$", "", path)
    known = path.endswith(".cc") and os.path.exists(os.path.join(root, stem + ".h"))
    if not known and (len(comment) < 3 or comment[1] != "//" or not comment[2][2:].strip()):
        report.add(path, 2, "after the licence: a line `//`, then what this file is")
    if not path.endswith(".h"):
        return
    if not any(line.startswith(("// Owner:", "// Threads:")) for line in comment):
        report.add(path, 1, "a header's opening comment states Owner: or Threads:")
    if "\n#pragma once\n" not in text:
        report.add(path, len(comment) + 1, "a header has `#pragma once`")


def check_size(report, path, text, code):
    lines = text.count("\n")
    most = HEADER_MAX if path.endswith(".h") else SOURCE_MAX
    if lines > most:
        report.add(path, lines, f"file of {lines} lines; at most {most}")
    for first, last in functions(code):
        if last - first + 1 > FUNCTION_MAX:
            report.add(path, first, f"function of {last - first + 1} lines; at most {FUNCTION_MAX}")


NAKED = re.compile(r"(?<!operator )\b(new|delete)\b(?!\s*\()(?!;)|(?<!operator )\bnew\s*\(")
DELETED = re.compile(r"=\s*delete\b")
RAW = re.compile(r"\breinterpret_cast\b|\bmemcpy\b|\bmemmove\b")
VAGUE_TYPE = re.compile(r"\b(?:class|struct)\s+(?:[A-Z_]+\([^)]*\)\s*)?(\w*(?:Util|Utils|Helper|Manager|Misc))\b")


def check_code(report, path, code):
    is_test = path.endswith(("_test.cc", "_fuzz.cc", "_bench.cc")) or "/support/" in path
    product = path.startswith("src/") and not is_test
    for number, line in enumerate(code.split("\n"), 1):
        vague = VAGUE_TYPE.search(line)
        if vague:
            report.add(path, number, f"`{vague.group(1)}` says nothing; name what it does")
        if not product or line.lstrip().startswith("#"):
            continue
        if not path.startswith(NEW_ALLOWED) and NAKED.search(DELETED.sub("", line)):
            report.add(path, number, "naked new or delete; a unique_ptr or a member owns")
        if not path.startswith(RAW_ALLOWED) and RAW.search(line):
            report.add(path, number, "raw bytes are for the folders named in tidy.py; use what base/ offers")
        if not path.startswith(THROW_ALLOWED) and re.search(r"\bthrow\b", line):
            report.add(path, number, "nothing of ours throws; return a Result")


# --- layers -----------------------------------------------------------------------------------------------------------


def read_layers(report, root):
    """Module -> set of modules it may include."""
    path = "src/layers.txt"
    layers = {}
    if not os.path.exists(os.path.join(root, path)):
        report.add(path, 1, "the file of layers is missing")
        return layers
    for number, line in enumerate(read(root, path).split("\n"), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        name, _, allowed = line.partition(":")
        name, words = name.strip(), allowed.split()
        if words[:1] == ["*"]:
            layers[name] = ("all but", set(words[2:]), number)
        else:
            layers[name] = ("only", set(words), number)
    full = {}
    for name, (kind, words, number) in layers.items():
        full[name] = words if kind == "only" else set(layers) - words
        for word in sorted(words - set(layers)):
            report.add(path, number, f"`{name}` names `{word}`, which has no line of its own")
        if kind == "only":
            lower = list(layers)[:list(layers).index(name)]
            for word in sorted(words & set(layers) - set(lower)):
                report.add(path, number, f"`{name}` may include `{word}`, which stands below it: a way to a cycle")
    return full


def module_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else "server"  # main.cc belongs to the composition root.


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.M)


def check_includes(report, root, path, text, layers):
    module = module_of(path)
    for match in INCLUDE.finditer(text):
        target, number = match.group(1), text.count("\n", 0, match.start()) + 1
        if not os.path.exists(os.path.join(root, "src", target)):
            report.add(path, number, f'"{target}" is not a file below src/; includes are rooted there')
            continue
        other = target.split("/")[0]
        if other != module and other not in layers.get(module, set()):
            report.add(path, number, f"`{module}` may not include `{other}` (src/layers.txt)")


def check_modules(report, files, layers):
    for name in sorted({path.split("/")[1] for path in files if path.startswith("src/") and path.count("/") > 1}):
        if layers and name not in layers:
            report.add("src/layers.txt", 1, f"src/{name}/ has no line")


# --- names and folders ------------------------------------------------------------------------------------------------


def check_names(report, files):
    seen = set()
    for path in files:
        if not path.startswith(CODE_FOLDERS):
            continue
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            part = "/".join(parts[:depth])
            if part in seen:
                continue
            seen.add(part)
            words = re.split(r"[^a-z]+", parts[depth - 1].lower().partition(".")[0])
            bad = BANNED_WORDS & set(words) | BANNED_LAST & set(words[-1:])
            if bad:
                report.add(part, 1, f"`{sorted(bad)[0]}` in a name says nothing; name what is in there")


LISTED = re.compile(r"^ {0,4}(?:[-*] +)?`?((?:" + "|".join(LISTED_FOLDERS) + r")(?:/[\w.\-]+)*/)`?(?:\s|$)")


def check_folder_list(report, root, files):
    path = "docs/ARCHITECTURE.md"
    if path not in files:
        report.add(path, 1, "is missing")
        return
    listed = {}
    for number, line in enumerate(read(root, path).split("\n"), 1):
        match = LISTED.match(line)
        if match:
            if match.group(1) in listed:
                report.add(path, number, f"{match.group(1)} is listed twice")
            listed[match.group(1)] = number
    real = set()
    for file in files:
        folder = os.path.dirname(file) + "/"
        while folder != "/" and folder.split("/")[0] in LISTED_FOLDERS:
            if not folder.startswith(UNLISTED_BELOW) or folder in UNLISTED_BELOW:
                real.add(folder)
            folder = os.path.dirname(folder[:-1]) + "/"
    for folder in sorted(real - set(listed)):
        report.add(path, 1, f"{folder} has no line")
    for folder in sorted(set(listed) - real):
        report.add(path, listed[folder], f"{folder} does not exist")


# --- everything -------------------------------------------------------------------------------------------------------


def check_file(report, root, path, layers):
    text = read(root, path)
    if is_cpp(path):
        code = code_only(text)
        check_lines(report, path, text, LINE_MAX)
        check_opening(report, root, path, text)
        check_size(report, path, text, code)
        check_code(report, path, code)
        if path.startswith("src/"):
            check_includes(report, root, path, text, layers)
    elif is_script(root, path):
        check_lines(report, path, text, SCRIPT_LINE_MAX)
        if not any(SPDX in line for line in text.split("\n")[:3]):
            report.add(path, 2, f"the second line is `# {SPDX}`")


def check_tree(root):
    report = Report()
    files = all_files(root)
    layers = read_layers(report, root)
    check_modules(report, files, layers)
    check_names(report, files)
    check_folder_list(report, root, files)
    for path in files:
        if path.startswith(CODE_FOLDERS) or path in ("run", "test", ".ci/run"):
            check_file(report, root, path, layers)
    return report.findings


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here))
    findings = check_tree(root)
    for finding in findings:
        print(finding)
    print(f"tidy: {len(findings)} findings" if findings else "tidy: clean")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
