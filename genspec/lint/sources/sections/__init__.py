"""Generation settings inside files of other purposes, in JSON and in YAML: requests, configs of servers and of runs."""
