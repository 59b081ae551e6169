"""What came back, where it is no answer."""

import json
import re
from datetime import timedelta
from enum import Enum
from typing import Self

from ..events import HttpResponse, RequestFailed, RequestFailure
from .usage import Usage


class FailureKind(Enum):
    """What a failure means for what can be done about it."""

    # No connection of this name, no grant for it, or a key that is refused. Only a person can change that.
    DENIED = "denied"
    # The account behind the key has nothing left to spend.
    QUOTA_SPENT = "quota-spent"
    # Too many requests (429): later it will do.
    RATE_LIMITED = "rate-limited"
    # The endpoint is in trouble (5xx).
    OVERLOADED = "overloaded"
    # No answer in time.
    TIMED_OUT = "timed-out"
    # No connection, or it broke.
    UNREACHABLE = "unreachable"
    # The answer is larger than the connection allows.
    TOO_LARGE = "too-large"
    # What came is no chat completion: cut off, a web page, empty.
    UNREADABLE = "unreadable"
    # The prompt is longer than the model can read: a shorter one would do.
    TOO_LONG = "too-long"
    # The prompt or the answer was held back by a content filter.
    FILTERED = "filtered"
    # The endpoint does not take the request as it is: no such model, a parameter it does not know.
    REJECTED = "rejected"


_PASSING = {
    FailureKind.RATE_LIMITED,
    FailureKind.OVERLOADED,
    FailureKind.TIMED_OUT,
    FailureKind.UNREACHABLE,
    FailureKind.UNREADABLE,
}

_WORDS = {
    FailureKind.DENIED: "the model may not be asked",
    FailureKind.QUOTA_SPENT: "the account's quota is spent",
    FailureKind.RATE_LIMITED: "the model is asked too often",
    FailureKind.OVERLOADED: "the endpoint is in trouble",
    FailureKind.TIMED_OUT: "the model took too long",
    FailureKind.UNREACHABLE: "the endpoint cannot be reached",
    FailureKind.TOO_LARGE: "the answer is too large",
    FailureKind.UNREADABLE: "the answer cannot be read",
    FailureKind.TOO_LONG: "the prompt is too long for the model",
    FailureKind.FILTERED: "a content filter held it back",
    FailureKind.REJECTED: "the endpoint does not take the request",
}


class Failure(Exception):
    """Why there is no answer. It holds no word of the conversation, so it can be logged. `retry_after` is how long the endpoint
    asks to be left alone, `usage` what was used up all the same, both where it says so."""

    def __init__(
        self, kind: FailureKind, detail: str, *, retry_after: timedelta | None = None, usage: Usage | None = None
    ) -> None:
        super().__init__(f"{_WORDS[kind]}: {detail}")
        self.kind = kind
        self.retry_after = retry_after
        self.usage = usage

    @property
    def is_passing(self) -> bool:
        """Whether the very same request may do better in a moment."""
        return self.kind in _PASSING

    @classmethod
    def of_error(cls, error: RequestFailed) -> Self:
        """Of a request that has no response."""
        match error.why:
            case RequestFailure.DENIED:
                return cls(FailureKind.DENIED, error.detail)
            case RequestFailure.TIMEOUT:
                return cls(FailureKind.TIMED_OUT, "no answer in time")
            case RequestFailure.UNREACHABLE:
                return cls(FailureKind.UNREACHABLE, error.detail)
            case RequestFailure.TOO_LARGE:
                return cls(FailureKind.TOO_LARGE, "the answer is larger than the connection allows")
            case RequestFailure.OTHER:
                return cls(FailureKind.UNREADABLE, error.detail)

    @classmethod
    def of_status(cls, response: HttpResponse) -> Self:
        """Of a response that is no success."""
        words = _error_words(response.body)
        detail = ", ".join([f"status {response.status}", *words[:1]])
        return cls(_kind(response.status, words), detail, retry_after=_retry_after(response))


def _kind(status: int, words: list[str]) -> FailureKind:
    match status:
        case 401 | 403:
            return FailureKind.DENIED
        case 402:
            return FailureKind.QUOTA_SPENT
        case 429 if "insufficient_quota" in words:
            return FailureKind.QUOTA_SPENT
        case 408 | 409 | 425 | 429:
            return FailureKind.RATE_LIMITED
        case 413:
            return FailureKind.TOO_LONG
    if status >= 500:
        return FailureKind.OVERLOADED
    if "context_length_exceeded" in words:
        return FailureKind.TOO_LONG
    if "content_filter" in words or "content_policy_violation" in words:
        return FailureKind.FILTERED
    return FailureKind.REJECTED


def _error_words(body: str) -> list[str]:
    """`{"error": {"code": …, "type": …}}`; what is in it differs from endpoint to endpoint."""
    try:
        error = json.loads(body)["error"]
        return [word for word in (error.get("code"), error.get("type")) if isinstance(word, str)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _retry_after(response: HttpResponse) -> timedelta | None:
    def number(wanted: str) -> float | None:
        found = next((value.strip() for name, value in response.headers if name.lower() == wanted), "")
        return float(found) if re.fullmatch(r"\d{1,9}(\.\d+)?", found) else None

    milliseconds, seconds = number("retry-after-ms"), number("retry-after")
    if milliseconds is None:
        milliseconds = None if seconds is None else seconds * 1_000
    return None if milliseconds is None else timedelta(milliseconds=-(-milliseconds // 1))
