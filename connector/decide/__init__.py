"""PURE. What should happen to an order, as a function of what was read and what is remembered."""
