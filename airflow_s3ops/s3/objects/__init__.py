"""Operations on one object: HEAD, presigned URL, console link, delete."""
