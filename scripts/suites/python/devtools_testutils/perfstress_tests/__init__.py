import os


def get_random_bytes(length):
    return os.urandom(length)
