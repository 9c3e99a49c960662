"""The services of docker-compose.yaml on this machine, without Docker: run it by `make test-cluster`.

An ordinary run of pytest does not collect this folder (`norecursedirs`): it needs PostgreSQL, Redis and the
packages of `requirements/cluster.txt`, and takes minutes.
"""
