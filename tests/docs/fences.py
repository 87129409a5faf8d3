"""The code that documents show, as fences with the markers above them.

A fence names its language. What has no language of its own is `text`: output, formats, drawings. A line
above a fence may say more about it:

    <!-- not run: REASON -->    commands or code that cannot be run here; names and options are looked up
    <!-- on HOST -->            the machine that the commands are for (see guide.py)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = {"c", "cmake", "console", "cpp", "python", "sh", "text", "toml", "yaml"}
MARKER = re.compile(r"<!-- (not run: (?P<reason>.{10,})|on (?P<host>\w+)) -->")


@dataclass
class Fence:
    place: str  #: DOCUMENT:LINE
    document: str
    language: str
    text: str
    reason: str | None = None  #: why it is not run
    host: str | None = None


def documents(source: Path) -> list[Path]:
    return [
        source / "README.md",
        *sorted((source / "docs").rglob("*.md")),
        *sorted((source / "bindings").rglob("README.md")),
    ]


def fences_of(source: Path, document: Path) -> list[Fence]:
    """All fences of a document. SystemExit names one that is not as it has to be."""
    name = str(document.relative_to(source))
    found: list[Fence] = []
    inside: Fence | None = None
    marker = None
    before = ""
    for number, line in enumerate(document.read_text().splitlines(), 1):
        place = f"{name}:{number}"
        if inside is not None:
            if line == "```":
                inside = None
            else:
                inside.text += line + "\n"
        elif line.startswith("```"):
            language = line[3:].strip()
            if language not in LANGUAGES:
                raise SystemExit(f"{place}: a fence without a language that is known here; text is one")
            inside = Fence(place, name, language, "")
            if marker is not None:
                inside.reason, inside.host = marker["reason"], marker["host"]
            found.append(inside)
        elif line.startswith("    ") and not before.strip():
            raise SystemExit(f"{place}: code by indentation; make it a fence, with a language")
        if line.strip():
            marker = MARKER.fullmatch(line)
        before = line
    return found
