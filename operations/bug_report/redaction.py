"""The removal of secrets from a text: those that are known, and everything that looks like one."""

import re
from collections.abc import Iterable
from typing import Any

REMOVED = "[removed]"
SHORTEST = 6
"""Shortest known secret that is removed: a shorter one would be part of many words."""

_WORDS = r"(?:passw(?:or)?d|pwd|passphrase|token|secret|credentials?|(?:api|access|private|secret)[_-]?key)"
SECRET_NAME = re.compile(rf"(?i){_WORDS}$")
"""A name whose value is a secret."""
_LOOKS_SECRET = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
        r"\bAGE-SECRET-KEY-1[A-Z0-9]{40,}",
        r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}|\bs\.[A-Za-z0-9]{24}\b",  # Vault
        r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)?",  # a signed web token
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"\bgh[oprsu]_[A-Za-z0-9]{36}|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20,}|\bpul-[0-9a-f]{40}\b",
        r"(?<=://)[^/\s:@\"]+:[^/\s@\"]+(?=@)",
        r"(?<=\bBearer )[\w+/=.~-]{8,}|(?<=\bbearer )[\w+/=.~-]{8,}|(?<=\bBasic )[\w+/=]*[0-9=][\w+/=]*",
    )
)
_NAMED = tuple(
    re.compile(rf"(?i)({name})({value})")
    for name, value in (
        (rf"\b[\w.-]*{_WORDS}=", r"\"[^\"]*\"|'[^']*'|[^\s,;&\"']+"),
        (rf"\\?[\"'][\w.-]*{_WORDS}\\?[\"']\s*:\s*", r"\\?\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s,}\"']+"),
        (r"\b(?:authorization|cookie|password|passphrase)\\?[\"']?:\s*", r"(?:bearer |basic )?[^\s,;\"']+"),
        (r"/[^\s\"'?]*\?", r"[^\s\"']+"),  # the query of a request, in an access log
    )
)


class Redactor:
    """The removal of all known secrets, and of what looks like one."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        """Remove the known texts too, the longest first."""
        self._known = sorted({text for text in known if len(text) >= SHORTEST}, key=len, reverse=True)
        self.removed = 0
        """Number of places from which something was removed."""

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        for known in self._known:
            if known in text:
                self.removed += text.count(known)
                text = text.replace(known, REMOVED)
        for pattern in _LOOKS_SECRET:
            text, count = pattern.subn(REMOVED, text)
            self.removed += count
        for pattern in _NAMED:
            text = pattern.sub(self._value, text)
        return text

    def tree(self, value: Any) -> Any:
        """Return the content of a JSON document without secrets."""
        if isinstance(value, dict):
            return {self.text(str(key)): self._entry(str(key), entry) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(entry) for entry in value]
        return self.text(value) if isinstance(value, str) else value

    def _entry(self, key: str, value: Any) -> Any:
        if isinstance(value, str) and value and SECRET_NAME.search(key):
            self.removed += 1
            return REMOVED
        return self.tree(value)

    def _value(self, match: re.Match[str]) -> str:
        if match[2] == REMOVED:
            return match[0]
        self.removed += 1
        return f"{match[1]}{REMOVED}"
