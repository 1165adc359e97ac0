"""Starts and watches the processes of one machine: `manage.py up`, and the servers of the test suite."""
