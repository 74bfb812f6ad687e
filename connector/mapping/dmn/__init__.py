"""Decision tables as DMN 1.3 and later describe them. Knows nothing of ServiceNow, orders or work orders.

values.py        the typed values of cells and facts
budget.py        how much one evaluation may do
patterns/        regular expressions that cannot hang
feel/            FEEL expressions, and condition cells written in FEEL
conditions.py    what a condition cell says, and whether a value satisfies it
partition.py     the values of one column, cut into pieces that all its cells treat alike
table.py         inputs, outputs, rules, hit policy
evaluate.py      which rules hit, by bit sets; and what each hit policy makes of them
"""
