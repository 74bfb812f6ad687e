"""The only rooms that know pysnc and HTTP. Everything above them speaks of tables, rows and typed errors."""
