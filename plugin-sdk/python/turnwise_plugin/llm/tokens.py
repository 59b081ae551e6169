"""Tokens, roughly: only the endpoint knows how it counts."""


def estimated_tokens(size: int) -> int:
    """Tokens of a text of so many bytes: four bytes each. The endpoint says in `Answer.usage` what it really was; this is for
    what has to be decided before."""
    return -(-size // 4)
