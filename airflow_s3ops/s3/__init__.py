"""S3 itself: one module per thing S3 does, on boto3 and files, without a line of Airflow."""
