"""Starlette with its CORSMiddleware, on uvicorn. Each policy is one configuration of
the table in servers.md, and listens on a port of its own. Prints the version
and the ports."""

import asyncio
import json
import os
import socket

import starlette
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route

APP = "https://app.example.com"
PAGE = os.environ["PAGE_ORIGIN"]  # of the browser's page

REST = dict(
    allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
    allow_headers=["Authorization", "Content-Type", "X-Token"],
)


async def user(request):
    return JSONResponse({"id": 7})


async def crash(request):
    return JSONResponse({"error": "crash"}, status_code=500)


class VaryByOrigin:
    """Adds Vary: Origin to every response, as CORSMiddleware does to some."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def send_with_vary(message):
            if message["type"] == "http.response.start":
                headers = [h for h in message["headers"] if h != (b"vary", b"Origin")]
                message = {**message, "headers": headers + [(b"vary", b"Origin")]}
            await send(message)

        await self.app(scope, receive, send_with_vary if scope["type"] == "http" else send)


def api(*outside, **policy):
    return Starlette(
        routes=[Route("/users/7", user, methods=["GET", "PUT", "DELETE"]), Route("/crash", crash)],
        middleware=[*outside, Middleware(CORSMiddleware, **policy)],
    )


POLICIES = {
    "listed": api(Middleware(VaryByOrigin), allow_origins=[APP, PAGE], allow_credentials=True, **REST),
    "stock": api(allow_origins=[APP, PAGE], allow_credentials=True, **REST),
    "star": api(allow_origins=["*"], **REST),
    "star-credentials": api(allow_origins=["*"], allow_credentials=True, **REST),
    "any-port": api(Middleware(VaryByOrigin), allow_origin_regex=r"https://app\.example\.com(:\d+)?", **REST),
    "regex-subdomains": api(
        Middleware(VaryByOrigin), allow_origin_regex=r"https://.*example\.com", allow_credentials=True, **REST
    ),
}


async def main():
    servers, ports = [], {}
    for name, app in POLICIES.items():
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        ports[name] = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        server.install_signal_handlers = lambda: None  # one server's would keep the others from ending
        servers.append(server.serve(sockets=[listener]))
        listener.listen(100)  # so that clients wait rather than fail until it serves
    print(json.dumps({"version": starlette.__version__, "ports": ports}), flush=True)
    await asyncio.gather(*servers)


asyncio.run(main())
