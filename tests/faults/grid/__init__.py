"""Every request x every fault: nothing drawn, each once.

grid.py  the story of the crash matrix; in each of its passes each request meets each fault that can befall it
"""
