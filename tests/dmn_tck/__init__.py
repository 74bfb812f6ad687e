"""The public DMN conformance kit, run against our decision tables and FEEL.

`DMN_TCK=FOLDER pytest tests/dmn_tck` runs every test case of every model below a folder and prints what came of it. Reading and
evaluating decision tables and FEEL is the product's; models around them (requirements, boxed expressions, services) are only
evaluated here, because a policy is one table.
"""
