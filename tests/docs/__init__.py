"""The docs held against the code: policies, parameters, errors, commands and snippets."""
