"""Compare the docs with the code: policies, parameters, errors, commands and snippets."""
