"""The tests of what S3 itself does, room by room: no Airflow."""
