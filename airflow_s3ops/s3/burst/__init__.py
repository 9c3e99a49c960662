"""Many small requests at once, through awscrt. What they are for is passed in.

Of a successful response the headers are returned, not the body: enough for PUT and HEAD.
"""
