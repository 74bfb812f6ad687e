"""Crash anywhere: a real `om-fsm sync` over HTTPS is killed at every request and every local commit of a story.

launcher.py  a process that has everything loaded and forks `om-fsm` commands, which kill themselves where they are told to
story.py     what people do before each pass
matrix.py    every pass x every point x before and after: the same state again and again, by forking the sandbox
"""
