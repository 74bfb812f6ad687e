"""The random walk: people, faults, restarts and lost memory in any order, then rest, then the truth.

story.py    what happens, as data: told from a seed alone, so that any part of it may be left out and played again
moves.py    the moves of people: whom and what each one is about
player.py   plays a story on two sandbox instances in virtual time with a connector that may die
turns.py    several writes in flight, yet reproducible
truth.py    what both instances say, read without any of the connector's code
shrink.py   the smallest part of a story that still fails
crowd.py    many walks, each in a child forked from one prepared world
"""
