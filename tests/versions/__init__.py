"""The versions of Airflow that are supported: which tests show it, and what the older ones lack."""
