"""serve-wsgi.py NAME MODULE:FUNCTION PORT: serves the WSGI application that MODULE's FUNCTION makes."""
import ctypes
import importlib
import signal
import socketserver
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

PR_SET_PDEATHSIG = 1


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True


class Handler(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass  # the applications have logs of their own

    def address_string(self):
        return self.client_address[0]  # never a look-up of names


name, application, port = sys.argv[1:]
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
sys.argv = [name]
module, function = application.split(':')
make = getattr(importlib.import_module(module), function)
make_server('127.0.0.1', int(port), make(), Server, Handler).serve_forever()
