"""S3 without Airflow: one folder for each noun of S3, built on boto3 and local files.

The modules directly in this folder are the vocabulary: errors, results, names, ExtraArgs and checksums. A
folder imports only from folders below it; ``make lint`` checks that.
"""
