"""OAuth of one instance: its tokens, the grants that give them, the keys that sign them, and their addresses."""
