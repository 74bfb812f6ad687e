"""Meaning: states, facts, fields, notes, marks and the work order policies. Pure but for loading a file."""
