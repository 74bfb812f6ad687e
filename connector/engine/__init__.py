"""The loop: look, decide, act, record; the memory it needs; and how it learns where to look."""
