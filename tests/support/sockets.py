"""A file that is a socket."""

import os
import socket


def listening_socket(path):
    here = os.getcwd()
    os.chdir(path.parent)               # the address of a socket has no room for a long path
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)
