"""`bilim token create | list | revoke`: who may change something over the web."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from kg.commands.output import Json, print_json, settings, stderr, stdout, table
from kg.findings import BilimError, Exit, finding
from kg.imports.tokens import ROLES, Role, expiry, open_tokens
from kg.releases.layout import Home, user

app = typer.Typer(help="Tokens for stewards and admins. Only a hash of each is kept.", no_args_is_help=True)


@app.command()
def create(
    role: Annotated[str, typer.Option("--role", help="steward (imports, decisions) or admin (releases too).")],
    name: Annotated[str, typer.Option("--name", help="For whom or what it is.")] = "",
    expires: Annotated[str, typer.Option("--expires", help="90d, 12h, the last day as YYYY-MM-DD, or never.")] = "365d",
    as_json: Json = False,
) -> None:
    """Make a token and show it, this once; to be sent as `Authorization: Bearer …`."""
    chosen, now = settings(), datetime.now(UTC).replace(microsecond=0)
    known: dict[str, Role] = {r: r for r in ROLES}
    if role not in known:
        told = finding("role-unknown", given=role[:40], allowed=", ".join(ROLES))
        raise BilimError(told, exit_code=Exit.USAGE)
    until = expiry(expires, now, chosen.timezone)
    with open_tokens(Home(chosen.home)) as tokens:
        text, made = tokens.create(known[role], name, until, user())
    if as_json:
        print_json({"token": text, **made.as_dict(now)})
        return
    stdout().print(text)
    until_told = f"until {made.expires:%Y-%m-%d %H:%M} UTC" if made.expires else "for ever"
    stderr().print(f"Token {made.number}, {made.role}, {until_told}. It is not kept and cannot be shown again.")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All tokens that were made, with their state."""
    now = datetime.now(UTC)
    with open_tokens(Home(settings().home)) as tokens:
        rows = [token.as_dict(now) for token in tokens.all()]
    if as_json:
        print_json({"tokens": rows})
    elif rows:
        shown = ("number", "state", "role", "name", "createdBy", "created", "expires")
        table(
            None,
            ("", "state", "role", "name", "by", "made (UTC)", "expires (UTC)"),
            ([r[k] for k in shown] for r in rows),
        )
    else:
        stdout().print("No tokens yet. Run: bilim token create --role steward")


@app.command()
def revoke(
    number: Annotated[int, typer.Argument(help="Number of the token, from `bilim token list`.")], as_json: Json = False
) -> None:
    """Let a token open nothing from now on."""
    with open_tokens(Home(settings().home)) as tokens:
        token = tokens.revoke(number, user())
    if as_json:
        print_json(token.as_dict(datetime.now(UTC)))
    else:
        stdout().print(f"Token {token.number} ({token.role} {token.name}) is revoked.".replace(" )", ")"))
