"""A server of users on Flask."""
from flask import Flask, jsonify
from flask import request as received
from werkzeug.serving import WSGIRequestHandler, make_server

app = Flask(__name__)
# @here cors


@app.before_request  # @only login
def login():  # @only login
    if received.headers.get("Authorization") != "Basic YWRhOnNlY3JldA==":  # @only login
        return "who are you?", 401, {"WWW-Authenticate": "Basic"}  # @only login


# @here after-login


@app.route("/users/7", methods=["GET", "PUT", "DELETE"])
def user():
    return jsonify(id=7)


@app.route("/crash")
def crash():
    raise RuntimeError("crash")


app.logger.disabled = True  # no trace of /crash in the output


class Quiet(WSGIRequestHandler):
    def log_request(self, *args):
        pass


server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
