#!/usr/bin/env bash
# A newcomer's first ten minutes in Python: the README and docs/getting-started-python.md, an empty folder and nothing else.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
guide=crm/docs/getting-started-python.md

python3 -m venv env
source env/bin/activate
say "install, as the guide says"
(cd crm && bash -e <(blocks "docs/getting-started-python.md" sh 1))

mkdir app
say "the README's lines"
blocks crm/README.md python >app/quickstart.py
(cd app && python quickstart.py) | grep -q 'Big deal: 50000.00'

say "the guide, over a database of its own"
blocks "$guide" python >app/guide.py
blocks "$guide" sh 2 >app/terminal.sh
cat >app/with_database.py <<'PYTHON'
import os, subprocess, sys

import crm

with crm.embedded() as c:
    sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, "CRM_DATABASE_URL": c.url}).returncode)
PYTHON
(cd app && python with_database.py python guide.py && python with_database.py bash -e terminal.sh)
say "passed"
