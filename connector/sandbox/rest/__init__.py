"""The REST doorstep of an instance: route (route.py), translate (table.py and its neighbors), refuse (errors.py)."""
