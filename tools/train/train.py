#!/usr/bin/env python3
"""Trains the networks of JPEG AI; see README.md beside this file."""
import sys

from jpegai_train.cli import main

if __name__ == '__main__':
    sys.exit(main())
