"""Tests of the example DAGs: they run for real, by `dag.test()`, on the chosen server."""
