"""What is wrong with a FEEL text, and where.

ValueError
  FeelError      it is not FEEL; says at which character, and what would be right where that can be guessed
    NotCarried   it is FEEL, but more than is carried here
"""

from __future__ import annotations


class FeelError(ValueError):
    """`position` counts characters from 0; the message counts them from 1, as people do."""

    def __init__(self, message: str, text: str, position: int) -> None:
        self.position = position
        rest = text[position : position + 20]
        near = f'near "{rest}"' if rest else "at its end"
        super().__init__(f'{message} (character {position + 1} of "{_short(text)}", {near})')


class NotCarried(FeelError):
    """Right as DMN goes, but not carried here."""


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
