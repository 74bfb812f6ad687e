"""What can be said of a decision table before it decides anything: overlaps, gaps, rows and columns without effect.

Exact where the cells are intervals, which is nearly always; where not, that is said. Pure, like all of this package.

analyze.py       all questions, one after the other
findings.py      the answers, as data and in words
subject.py       the table under analysis, and what the questions share
columns.py       its columns cut into parts; witness.py and candidates.py make up the examples, regions.py names them
space.py         all combinations of parts, as bit sets
cover.py         whether some rules cover a region: behind gaps.py and unreachable.py
overlaps.py, gaps.py, unreachable.py, idle.py with outcome.py, named.py: one question each
"""
