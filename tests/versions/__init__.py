"""The supported versions of Airflow: the tests that each must pass, and what older versions lack."""
