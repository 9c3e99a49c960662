"""Everything works in users' own unit tests: under moto's mock_aws, in this process, with no network."""
