"""Tests of the example DAGs: run for real, by `dag.test()`, on whatever server was chosen."""
