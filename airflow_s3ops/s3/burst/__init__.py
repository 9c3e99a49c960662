"""Many small requests at once, through awscrt: for uploads, downloads, copies and HEAD requests."""
