"""What a pair of instances is like, found out by asking and told as a profile for a person to review."""
