"""S3 itself: one module per thing S3 does, on boto3 and files, without a line of Airflow.

The modules here are what a caller uses. What they are made of is in the folders, each of which builds only on
those after it, as ``make lint`` holds: ``bulk``, ``engine``, ``buckets``, ``deletion``, ``listings`` and
``requests``.
"""
