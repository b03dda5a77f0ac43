"""Command lines that start engines: in shell scripts, Dockerfiles, and the files of others that hold commands."""
