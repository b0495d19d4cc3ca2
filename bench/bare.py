"""What everything is compared with: a Starlette route that says hello, on uvicorn as it comes.

`python -m bench.bare`; its address is the first line it prints.
"""

import socket

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

PATH = "/hello"


async def hello(_: Request) -> JSONResponse:
    """The least that a JSON route can do."""
    return JSONResponse({"hello": "world"})


def main() -> None:
    """Serve until told to stop."""
    listening = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    application = Starlette(routes=[Route(PATH, hello)])
    config = uvicorn.Config(application, loop="uvloop", http="httptools", access_log=False, log_level="warning")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
