"""Tests of the operators, as DAG authors use them and as Airflow runs them."""
