"""How one request is made: its errors, its retries, its threads, and how it is cancelled."""
