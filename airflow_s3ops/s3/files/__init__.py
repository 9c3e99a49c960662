"""Local files: reading one file, finding many files, and dividing them among workers."""
