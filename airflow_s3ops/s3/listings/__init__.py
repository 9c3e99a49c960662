"""List the objects, versions and open multipart uploads of a bucket, as generators."""
