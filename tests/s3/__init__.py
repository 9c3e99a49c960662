"""The tests of S3 itself, without Airflow: the same folders as in the package."""
