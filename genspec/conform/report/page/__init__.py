"""The parts of the report as a web page: genspec/conform/report/html.py puts them together."""
