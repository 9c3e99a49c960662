"""What a bucket holds, as generators: keys, versions, open multipart uploads."""
