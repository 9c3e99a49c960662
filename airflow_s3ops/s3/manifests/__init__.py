"""Join manifests."""
