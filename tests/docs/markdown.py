"""The parts of a Markdown page that a test can compare with the code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
# All pages for readers of the repository; a new page in docs/ is tested like the others.
PAGES = (README, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md")))

_FENCE = re.compile(r"^```(?P<language>\w*)$")
_HEADING = re.compile(r"^(?P<level>#+) (?P<text>.+)$")


@dataclass(frozen=True)
class Block:
    """A fenced block of code.

    :param heading: the text of the heading above it.
    :param line: the number of the first line of code.
    """

    page: Path
    language: str
    heading: str
    line: int
    text: str

    @property
    def name(self) -> str:
        """A test's id: the page, the heading and the line."""
        return f"{self.page.name}:{self.heading}:{self.line}"


def blocks(page: Path, *languages: str) -> list[Block]:
    """Return the fenced blocks of a page in these languages, or all."""
    return [block for block in _blocks(page) if not languages or block.language in languages]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def headings(page: Path, level: int | None = None) -> list[str]:
    """Return the headings of a page, in order; all, or those of one level."""
    found = (_HEADING.match(line) for line in prose(page).splitlines())
    return [match["text"] for match in found if match and level in (None, len(match["level"]))]


def section(page: Path, heading: str) -> str:
    """Return the text under a heading, up to the next heading of any level.

    :raises LookupError: there is no such heading.
    """
    lines = iter(page.read_text(encoding="utf-8").splitlines())
    if not any((match := _HEADING.match(line)) and match["text"] == heading for line in lines):
        raise LookupError(f"{page.name} has no heading {heading!r}")
    kept: list[str] = []
    fenced = False
    for line in lines:
        fenced ^= line.startswith("```")
        if not fenced and _HEADING.match(line):
            break
        kept.append(line)
    return "\n".join(kept)


def tables(text: str) -> list[list[list[str]]]:
    """Return the tables in a text, each as a list of rows of stripped cells, without header and rule."""
    found: list[list[list[str]]] = []
    inside = False
    for line in text.splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        if not inside:
            found.append([])
            inside = True
        found[-1].append([cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return [table[2:] for table in found]


def code(cell: str) -> list[str]:
    """Return the texts between backticks in a text."""
    return re.findall(r"`([^`]+)`", cell)


def _blocks(page: Path) -> Iterator[Block]:
    heading, opened, lines = "", None, list[str]()
    language = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if opened is not None and line == "```":
            yield Block(page, language, heading, opened, "\n".join(lines) + "\n")
            opened = None
        elif opened is not None:
            lines.append(line)
        elif fence:
            opened, lines, language = number + 1, [], fence["language"]
        elif match := _HEADING.match(line):
            heading = match["text"]
