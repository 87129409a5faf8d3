"""guarantees.py SOURCE: each guarantee of docs/guarantees.md names the tests that attack it, and
each test that is named exists."""

import pathlib
import re
import sys

TEST = re.compile(r"^(?:TEST|TEST_F|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\((\w+),\s*(\w+)", re.M)
GUARANTEE = re.compile(r"^\*\*(.+?)\.?\*\*", re.M | re.S)
ROW = re.compile(r"^\| (.+?) \| (.+) \|$", re.M)


def sections(text):
    return dict(
        (part.split("\n", 1)[0], part) for part in re.split(r"^## ", text, flags=re.M)[1:]
    )


def main(source):
    tests = set()
    for file in (source / "tests").rglob("*.cpp"):
        tests.update(f"{suite}.{name}" for suite, name in TEST.findall(file.read_text()))
    parts = sections((source / "docs" / "guarantees.md").read_text())
    promised = {" ".join(one.split()) for one in GUARANTEE.findall(parts["What is"])}
    rows = {left: right for left, right in ROW.findall(parts["What attacks it"])}
    problems = [f"no tests are named for: {one}" for one in sorted(promised - rows.keys())]
    for guarantee, named in rows.items():
        if guarantee in ("guarantee",) or set(guarantee) <= {"-", "|"}:
            continue
        if guarantee not in promised:
            problems.append(f"not a guarantee: {guarantee}")
        names = re.findall(r"`(\w+\.\w+)`", named)
        if not names and "`make " not in named:
            problems.append(f"no test is named for: {guarantee}")
        problems += [f"no such test: {name}" for name in names if name not in tests]
    for problem in problems:
        print("docs/guarantees.md:", problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
