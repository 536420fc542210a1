"""An S3-compatible server for the tests: moto behind one request at a time, so that a conditional put is atomic.

    python3 tests/s3_server.py [plain|flaky|overwrites]

Prints its port, makes the bucket `bucket`, and ends when its standard input does. `flaky` answers every third request with
503 and cuts every fourth body it sends in half; `overwrites` ignores If-None-Match, as some S3 clones do.
"""

import os
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client

mode = sys.argv[1] if len(sys.argv) > 1 else "plain"
backend = DomainDispatcherApplication(create_backend_app)
requests = {"all": 0, "bodies": 0}


def flaky(environ, start_response):
    requests["all"] += 1
    if requests["all"] % 3 == 0:
        start_response("503 Service Unavailable", [("Content-Length", "0")])
        return [b""]
    body = b"".join(backend(environ, start_response))
    if environ["REQUEST_METHOD"] == "GET" and len(body) > 1000:
        requests["bodies"] += 1
        if requests["bodies"] % 4 == 0:
            return [body[: len(body) // 2]]
    return [body]


def overwrites(environ, start_response):
    environ.pop("HTTP_IF_NONE_MATCH", None)
    return backend(environ, start_response)


class Quiet(WSGIRequestHandler):
    def log(self, *args):
        pass


def end_with_the_test():
    sys.stdin.buffer.read()
    os._exit(0)


made = Client(backend).put("/bucket", base_url="http://127.0.0.1/")
assert made.status_code == 200, made.status
application = {"plain": backend, "flaky": flaky, "overwrites": overwrites}[mode]
server = make_server("127.0.0.1", 0, application, threaded=False, request_handler=Quiet)
print(server.server_port, flush=True)
threading.Thread(target=end_with_the_test, daemon=True).start()
server.serve_forever()
