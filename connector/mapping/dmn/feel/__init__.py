"""FEEL, DMN's expression language: parsed once, evaluated safely.

errors.py      what is wrong with a text, and where
values.py      FEEL values that a table cell has not: ranges, functions
equality.py    equality and order of any two values
arithmetic.py  + - * / ** and the sign
calendar.py    dates, times and durations from text and back
names.py       known names in a text, those with spaces and signs in them too
tokens.py      the marks and words of a text
parser.py      text -> tree; operands.py, forms.py, brackets.py, type_names.py are its parts
tree.py        simple nodes; control.py has the ones that repeat, choose or call
functions/     the built-in functions
ignoring_case.py  expressions where case does not count
expression.py  a whole expression, as tables hold it
unary.py       condition cells: what is constant becomes a plain condition

An expression has no access to anything but its scope. It always ends: what cannot be computed, or takes too much, is None.
"""

from connector.mapping.dmn.feel.errors import FeelError, NotCarried
from connector.mapping.dmn.feel.expression import FeelExpression, parse_expression
from connector.mapping.dmn.feel.unary import parse_unary_tests

__all__ = ["FeelError", "FeelExpression", "NotCarried", "parse_expression", "parse_unary_tests"]
