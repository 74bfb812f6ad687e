"""Measurements, run by hand. None of them is a gate: machines differ, and a slow one is no defect."""
