"""`bilim serve`."""

from __future__ import annotations

import errno
import gc
import importlib
import socket
from typing import Annotated, Any

import typer

from kg.commands import build
from kg.commands.output import Json, language, print_json, settings, show_findings, stderr
from kg.findings import BilimError, Exit, finding
from kg.imports.recovery import recover_if_free
from kg.releases.layout import Home
from kg.releases.remote import Connection, connect, named
from kg.releases.upgrade import upgrade_if_free
from kg.settings import Settings

COLLECT_AFTER = 10_000
"""Objects made and not yet gone at which Python's collector looks at the young ones: about the terms of a page."""


def command(
    context: typer.Context,
    host: Annotated[str | None, typer.Option("--host", help="Address to serve on (BILIM_HOST).")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one (BILIM_PORT).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Serve the current release; where there is none, build it from data/ first."""
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    chosen = settings().model_copy(update=given)
    listening = listen(chosen.host, chosen.port)
    home = Home(chosen.home)
    release_id = home.current_id()
    if (remote := connect(chosen)) is not None:
        release_id = _remote_id(remote, language(context))
    elif release_id is None:
        if not as_json:
            stderr().print("Nothing is published yet: building from data/ first.")
        result = build.run(chosen, quiet=as_json)
        if result.release is None:
            show_findings(result.findings, language(context))
            raise typer.Exit(result.exit_code)
        if not as_json:
            build.summary(result)
        release_id = home.current_id()
    else:
        recover_if_free(home)
        upgrade_if_free(home)
    address = f"http://{_shown(chosen.host)}:{listening.getsockname()[1]}"
    if as_json:
        print_json({"address": address, "release": release_id})
    else:
        stderr().print(f"Serving {release_id} on {address} (Ctrl+C ends it)")
    _serve(chosen, listening)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises :class:`BilimError` (exit 2) where the port is in use or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(2048)  # now, so that a second server fails at once and not when it is asked
    except OSError as error:
        made.close()
        code = "port-in-use" if error.errno == errno.EADDRINUSE else "cannot-listen"
        raise BilimError(
            finding(code, host=host, port=port, reason=error.strerror or error), exit_code=Exit.USAGE
        ) from error
    return made


def _serve(chosen: Settings, listening: socket.socket) -> None:
    # By name and only here: kg imports nothing of api (the ladder of arrows).
    uvicorn: Any = importlib.import_module("uvicorn")
    app: Any = importlib.import_module("api.app").create_app(chosen)
    serving: Any = importlib.import_module("api.front.protocol").serving
    from kg.log import configure

    configure(chosen)
    # What is there for good is not gone through again: 170,000 objects, for which every answer would wait 50 ms and
    # more. What is made meanwhile dies young, so the collector may come less often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)
    uvicorn.Server(uvicorn.Config(app, **serving(app.ready))).run(sockets=[listening])


def _remote_id(remote: Connection, lang: str) -> str | None:
    """The release that the remote store names. Where it cannot be asked, that is told and serving begins without."""
    try:
        return named(remote)
    except BilimError as error:
        show_findings(error.findings, lang)
        return None


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
