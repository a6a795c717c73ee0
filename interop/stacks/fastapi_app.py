"""A server of users on FastAPI, with uvicorn."""
import socket

import uvicorn
from fastapi import FastAPI, Request, Response

app = FastAPI()
# @here inside


@app.middleware("http")  # @only login
async def login(request: Request, call_next):  # @only login
    if request.headers.get("authorization") != "Basic YWRhOnNlY3JldA==":  # @only login
        return Response("who are you?", 401, {"WWW-Authenticate": "Basic"})  # @only login
    return await call_next(request)  # @only login


@app.get("/users/7")
@app.put("/users/7")
@app.delete("/users/7")
async def user():
    return {"id": 7}


@app.get("/crash")
async def crash():
    raise RuntimeError("crash")


# @here cors

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(100)
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off")).run(sockets=[listener])
