"""Fails unless all code in the README and the documents is what it seems.

    check.py SOURCE BIN [PYTHONPATH]

C, C++ and CMake stand, line for line, in a file that the tests compile. Python and shell commands are run
in an empty directory, except that `kigumid` only says what configuration it would run with; TOML is shown
to it. Files that are named or linked to exist. Of what is marked as not run, programs, commands, options and make targets have to exist. Fences for a
machine (`on HOST`) are guide.py's, console sessions readme_console.sh's.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from fences import Fence, documents, fences_of

source, binaries = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
python_path = str(Path(sys.argv[3]).resolve()) if len(sys.argv) > 3 else None

#: Where code in compiled languages has to stand.
TESTED = {
    "c": ["examples/*.c", "tests/c/canary/*.c", "tests/package/consumer/*.c"],
    "cpp": ["examples/*.cpp", "examples/*.hpp"],
    "cmake": ["tests/package/consumer/CMakeLists.txt"],
}
CONSOLES = {"README.md", "docs/start.md"}
#: So many of each there are at least: a check that finds nothing checks nothing.
MINIMUM = {"c": 1, "cpp": 13, "cmake": 2, "python": 1, "sh": 12, "toml": 1, "console": 2}

PREAMBLE = 'set -eu\nkigumid() { command kigumid "$@" --print-config >configuration; }\n'


class Wrong(Exception):
    pass


def unindented(text: str) -> str:
    return re.sub(r"(?m)^[ \t]+", "", text)


def stands_somewhere(fence: Fence) -> None:
    files = [file for pattern in TESTED[fence.language] for file in source.glob(pattern)]
    if not any(unindented(fence.text) in unindented(file.read_text()) for file in files):
        raise Wrong("no tested file holds this")


class Scratch:
    """A directory to run commands in, where the names that documents use mean something."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"}
        self.environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": python_path or ""}
        self.new = 0
        (directory / "etc").mkdir()
        self.run([binaries / "kigumi", "--data", directory / "store", "incr", "hits"])
        key = self.run([binaries / "kigumi", "keygen", directory / "a-key"]).strip()
        self.names = {"PUBLICKEY": key, "DIR": directory / "store", "TARGET": directory / "target"}
        self.names |= {"FILE": directory / "etc/kigumid.toml", "…": "127.0.0.1:7001"}
        (directory / "etc/kigumid.toml").write_text('[node]\ndata = "DIR"\nlisten = "127.0.0.1:*"\n')

    def run(self, command: list[object], cwd: Path | None = None) -> str:
        done = subprocess.run(
            [str(word) for word in command], cwd=cwd or self.directory, env=self.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        if done.returncode != 0:
            raise Wrong(f"ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def named(self, text: str) -> str:
        self.new += 1
        text = text.replace("/etc/kigumi", str(self.directory / "etc"))
        text = re.sub(r"\bNEWDIR\b", str(self.directory / f"new-{self.new}"), text)
        pattern = r"\b(PUBLICKEY|DIR|TARGET|FILE)\b|…"
        return re.sub(pattern, lambda name: str(self.names[name[0]]), text)


def run_shell(fence: Fence, scratch: Scratch) -> None:
    scratch.run(["bash", "-c", PREAMBLE + scratch.named(fence.text)])


def run_python(fence: Fence, scratch: Scratch) -> None:
    if python_path is None:
        compile(fence.text, fence.place, "exec")
        return
    with tempfile.TemporaryDirectory(dir=scratch.directory) as empty:
        scratch.run([sys.executable, "-c", fence.text], Path(empty))


def show_to_kigumid(fence: Fence, scratch: Scratch) -> None:
    file = scratch.directory / "shown.toml"
    file.write_text(scratch.named(fence.text))
    scratch.run([binaries / "kigumid", "--config", file, "--print-config"])


def look_up(fence: Fence, scratch: Scratch) -> None:
    """Whether what the commands name exists."""
    for line in fence.text.replace("\\\n", " ").splitlines():
        for command in re.split(r"&&|\|", line):
            words = shlex.split(command, comments=True)
            if not words:
                continue
            program, *rest = words
            options = [word.split("=")[0] for word in rest if word.startswith("--")]
            if program == "make":
                targets = re.findall(r"(?m)^(\w+):", (source / "Makefile").read_text())
                missing = [word for word in rest if "=" not in word and word not in targets]
            elif program in ("kigumi", "kigumid") or program.startswith("build/release/bin/"):
                text = scratch.run([binaries / Path(program).name, "--help"])
                plain = [word for word in rest if re.fullmatch(r"[a-z]+", word)]
                wanted = options + (plain[:1] if program == "kigumi" else [])
                missing = [word for word in wanted if not re.search(rf"(?m)(^|[\s,\[|]){word}\b", text)]
            elif program.startswith(("scripts/", "./")):
                missing = [] if (source / program).exists() else [program]
            else:
                missing = []
            if missing:
                raise Wrong(f"{program} knows nothing of {', '.join(missing)}")


def check(fence: Fence, scratch: Scratch) -> None:
    if fence.language in TESTED:
        stands_somewhere(fence)
    elif fence.language == "console":
        if fence.document not in CONSOLES:
            raise Wrong("no test runs the console sessions of this document")
    elif fence.language == "sh" and fence.reason:
        look_up(fence, scratch)
    elif fence.language == "sh" and not fence.host:
        run_shell(fence, scratch)
    elif fence.language == "python" and not fence.reason:
        run_python(fence, scratch)
    elif fence.language == "toml" and not fence.reason:
        show_to_kigumid(fence, scratch)
    elif fence.language == "yaml" and not fence.reason:
        raise Wrong("nothing here reads YAML; mark it as not run, with the reason")


def first_example() -> list[str]:
    readme = (source / "README.md").read_text()
    parts = ["examples/first_replica.cpp", "examples/first_replica.txt"]
    missing = [part for part in parts if (source / part).read_text() not in readme]
    return [f"README.md does not show {part} as it is" for part in missing]


def files_that_are_missing() -> list[str]:
    """What documents name as files of this project, by the end of their paths, and link to."""
    tree = [file for file in source.rglob("*") if "build" not in file.relative_to(source).parts]
    ends = {"/" + str(file.relative_to(source)) for file in tree}
    problems = []
    for document in documents(source):
        name, text = document.relative_to(source), document.read_text()
        for named in sorted(set(re.findall(r"`([\w./]+\.(?:[chs]pp|h|sh|py|c))`", text))):
            if not any(end.endswith("/" + named) for end in ends):
                problems.append(f"{name} names {named}, which does not exist")
        for link in sorted(set(re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text))):
            if not (document.parent / link).exists():
                problems.append(f"{name} links to {link}, which does not exist")
    return problems


def main() -> int:
    problems = first_example() + files_that_are_missing()
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="kigumi-docs-") as directory:
        scratch = Scratch(Path(directory))
        for document in documents(source):
            for fence in fences_of(source, document):
                seen[fence.language] += 1
                try:
                    check(fence, scratch)
                except Wrong as wrong:
                    problems.append(f"{fence.place}: {wrong}\n{fence.text}")
    for language, least in MINIMUM.items():
        if seen[language] < least:
            problems.append(f"{seen[language]} pieces of {language} were found, not {least}")
    print("\n".join(problems) or f"checked {dict(seen)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
