"""Is everything as it must be? Checks on both instances and across them; each says what was seen, why it matters, and the fix."""
