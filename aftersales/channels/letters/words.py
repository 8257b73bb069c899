"""Words of a letter made fit to be shown: marks neutralised, HTML as text, what it repeats folded away."""

from __future__ import annotations

import re
import unicodedata
from email.errors import MessageError
from email.header import decode_header
from html.parser import HTMLParser

from aftersales.notices.replies import LINE

LONGEST_TEXT = 200_000
LONGEST_HTML = 500_000
DEEPEST_QUOTE = 8
KEPT = "\n\t"
JOINERS = "\u200d\ufe0f"
CHARSETS = ("utf-8", "gb18030")


def plain(text: str, limit: int = LONGEST_TEXT) -> str:
    """Several lines without control marks and without anything that turns the reading direction."""
    lines = (
        text[: limit * 2]
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\u2028", "\n")
        .replace("\u2029", "\n")
    )
    kept = "".join(char for char in lines if char in KEPT or harmless(char)).replace("\u00a0", " ")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in kept.split("\n"))).strip()[:limit]


def line(text: str, limit: int) -> str:
    """One line of a bounded length: nothing may end a header, nothing may hide in it."""
    spaced = "".join(char if harmless(char) else " " for char in text[: limit * 8])
    return " ".join(spaced.split())[:limit]


def harmless(char: str) -> bool:
    return char in JOINERS or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def decoded(content: bytes, charset: str = "") -> str:
    """Bytes as words: by the charset they name if they agree with it, else the first that fits."""
    named = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030"}
    wanted = charset.strip().strip("'\"").lower()[:40]
    for name in (named.get(wanted, wanted), *CHARSETS):
        try:
            if name:
                return content.decode(name)
        except (LookupError, ValueError):
            continue
    return content.decode("utf-8", "replace")


def header(raw: str) -> str:
    """A header's value as words: encoded words, and bytes that came without saying what they are."""
    if any("\udc80" <= char <= "\udcff" for char in raw):
        raw = decoded(raw.encode("utf-8", "surrogateescape"))
    try:
        parts = decode_header(raw)
    except (ValueError, LookupError, MessageError):  # half an encoded word: as it came
        return raw
    return "".join(part if isinstance(part, str) else decoded(part, charset or "") for part, charset in parts)


# What is repeated

RULER = re.compile(
    r"^\W{0,4}[-=_*]{2,}\s*"
    r"(原始邮件|邮件原件|转发的?邮件|转发邮件信息|回复的原邮件|Original\s*(Message|email)?|Forwarded message)"
    r"\s*[-=_*]{2,}",
    re.IGNORECASE,
)
SAID = re.compile(r"(wrote|写道|写到|寫道)\s*[:：]?\s*$", re.IGNORECASE)
SAYING = re.compile(
    r"^\W{0,3}(On\b|At\b|在|于|\d{4}[-年/.]\d{1,2}|.{1,120}[<＜].{3,120}[>＞])", re.IGNORECASE
)
UNDERLINE = re.compile(r"^_{10,}$")
FROM = re.compile(r"^\W{0,4}(发件人|寄件者|From)\W{0,4}[:：]", re.IGNORECASE)
SENT = re.compile(
    r"^\W{0,4}(发送时间|发送日期|发件时间|日期|时间|收件人|Sent|Date|To)\W{0,4}[:：]", re.IGNORECASE
)
HEADLINES = 5  # of a repeated letter's head
SAYING_LINES = 3  # mail programs fold "On … wrote:" over so many lines


def fold(text: str) -> tuple[str, str]:
    """What the writer says now, and what he repeats of earlier letters. When he says nothing new, all is his."""
    lines = text.split("\n")
    own: list[str] = []
    repeated: list[str] = []
    place = 0
    while place < len(lines):
        end = _ends_at(lines, place)
        if end is None:
            (repeated if lines[place].lstrip().startswith(">") else own).append(lines[place])
            place += 1
            continue
        if end == len(lines):
            repeated += lines[place:]
            break
        repeated += lines[place:end]
        place = end
    said = "\n".join(own).strip()
    return (said, "\n".join(repeated).strip()) if said else (text.strip(), "")


def _ends_at(lines: list[str], place: int) -> int | None:
    """Where the repeated part that begins here ends; None when none begins here."""
    here = lines[place]
    if UNDERLINE.match(here.strip()):  # Outlook draws a line before the head of the letter it repeats
        follows = _ends_at(lines, place + 1) if place + 1 < len(lines) else None
        return follows if FROM.search("".join(lines[place + 1 : place + 2])[:200]) else None
    if LINE in here or RULER.search(here[:200]):
        return len(lines)
    if FROM.search(here[:200]) and any(
        SENT.search(one[:200]) for one in lines[place + 1 : place + HEADLINES]
    ):
        return len(lines)
    if SAYING.search(here[:300]):
        for count in range(1, SAYING_LINES + 1):
            whole = " ".join(one.strip() for one in lines[place : place + count])
            if len(whole) < 400 and SAID.search(whole):
                return _after_marks(lines, place + count)
    return None


def _after_marks(lines: list[str], place: int) -> int:
    """The end of the lines that begin with ``>``; without such lines everything that follows is repeated."""
    first = next((n for n in range(place, len(lines)) if lines[n].strip()), len(lines))
    if first == len(lines) or not lines[first].lstrip().startswith(">"):
        return len(lines)
    last = first
    while last < len(lines) and (lines[last].lstrip().startswith(">") or not lines[last].strip()):
        last += 1
    return last


# HTML

SILENT = frozenset(
    {
        "script",
        "style",
        "head",
        "title",
        "template",
        "noscript",
        "object",
        "svg",
        "math",
        "select",
        "textarea",
    }
)
VOID = frozenset(
    {"br", "img", "hr", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"}
)
BLOCK = frozenset(
    [
        "p",
        "div",
        "tr",
        "table",
        "ul",
        "ol",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "section",
        "article",
        "header",
        "footer",
        "blockquote",
        "dl",
        "dt",
        "dd",
        "hr",
        "center",
        "form",
    ]
)
QUOTES = re.compile(
    r"gmail_quote|yahoo_quoted|moz-cite|divRplyFwdMsg|ntes_mailquote|isReplyContent|include_origin",
    re.IGNORECASE,
)
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0", re.IGNORECASE)


class _Text(HTMLParser):
    """Only words come out: no address is opened, no style is read but the one that hides."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self.open: list[tuple[str, bool, bool]] = []
        self.silent = self.quoted = self.length = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag in BLOCK or tag == "br":
            self.break_line()
        if tag in VOID:
            return
        silent = tag in SILENT or bool(HIDDEN.search(known.get("style", "")[:500]))
        quote = tag == "blockquote" or bool(
            QUOTES.search(f"{known.get('class', '')} {known.get('id', '')}"[:300])
        )
        self.open.append((tag, silent, quote))
        self.silent += silent
        self.quoted += quote

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCK:
            self.break_line()
        names = [name for name, _silent, _quote in self.open[-50:]]
        if tag not in names:
            return
        while self.open:
            name, silent, quote = self.open.pop()
            self.silent -= silent
            self.quoted -= quote
            if name == tag:
                break

    def handle_data(self, text: str) -> None:
        if self.silent or self.length > LONGEST_TEXT:
            return
        self.length += len(text)
        words = re.sub(r"\s+", " ", text)
        self.lines[-1] += words if self.lines[-1] or words.strip() else ""

    def break_line(self) -> None:
        marks = "> " * min(self.quoted, DEEPEST_QUOTE)
        self.lines[-1] = f"{marks}{self.lines[-1].strip()}" if self.lines[-1].strip() else ""
        if len(self.lines) < 2 or self.lines[-1] or self.lines[-2]:
            self.lines.append("")


def from_html(source: str) -> str:
    """An HTML letter as text; what it repeats begins with ``>`` as in a plain one."""
    reader = _Text()
    reader.feed(source[:LONGEST_HTML])
    reader.close()
    reader.break_line()
    return "\n".join(reader.lines).strip()
