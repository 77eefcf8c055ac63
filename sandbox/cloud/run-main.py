"""run-main.py NAME MODULE [ARGUMENT...]: runs MODULE's main() under the name NAME, until who started it is gone.

OpenStack's programs take the names of their configuration files and of their logs from sys.argv[0], some of them
while they are imported.
"""
import ctypes
import importlib
import signal
import sys

PR_SET_PDEATHSIG = 1

name, module, *arguments = sys.argv[1:]
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
sys.argv = [name, *arguments]
sys.exit(importlib.import_module(module).main())
