"""Many keys deleted: what is to go, in batches, with what failed told apart."""
