"""Tests of the operators: what a DAG author writes, and what Airflow makes of it."""
