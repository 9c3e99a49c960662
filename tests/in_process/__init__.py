"""Users' own unit tests: everything runs under moto's mock_aws in this process, and nothing leaves it."""
