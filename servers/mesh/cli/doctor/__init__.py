"""What `nectary doctor` looks at: the mesh that answers, and what this machine is set up for.

finding.py    one line of its report
remote.py     the server that commands would talk to
local.py      this machine's settings and database
stores.py     its Redis
"""
