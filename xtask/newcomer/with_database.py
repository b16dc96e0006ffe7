"""Runs a command with a database of its own."""

import os
import subprocess
import sys

import crm

with crm.embedded() as c:
    sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, "CRM_DATABASE_URL": c.url}).returncode)
