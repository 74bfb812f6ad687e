"""Decision tables in DMN's own XML, as Camunda's, Red Hat's and Trisotech's modelers write and read it.

document.py      XML -> elements with their line; refuses a document type, and what is no DMN
types.py         item definitions: types with names of their own
table_reader.py  a decisionTable element -> a table
file.py          a whole file -> its one table
writer.py        a table -> a file that modelers open
diagram.py       the picture of it
names.py         rule ids as XML allows them
"""

from connector.mapping.dmn.xml.file import read_file
from connector.mapping.dmn.xml.writer import write_file

__all__ = ["read_file", "write_file"]
