"""The topology of docker-compose.yaml on this machine, without Docker: `make test-cluster` runs it alone.

An ordinary run of pytest does not collect this folder (`norecursedirs`): it needs PostgreSQL, Redis and the
packages of `requirements/cluster.txt`, and minutes.
"""
