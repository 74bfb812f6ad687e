"""docs/reliability.md: its figures are measured here, and written between its marks. `make reliability` does it all."""
