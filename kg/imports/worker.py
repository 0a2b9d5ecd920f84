"""A process that handles imports for a server: its readers keep their speed, and the plans of the shapes stay made.

    python -m kg.imports.worker '{"home": …, "resources": …, "timezone": …, "disk_budget_mb": …, "nice": 10}'

Lines of JSON: in ``{"id", "do", …}``, out ``{"id", "step"}`` as work goes on, and last ``{"id", "done"}`` or
``{"id", "findings", "exit"}``. One after the other; it ends when its input does. Whatever it is doing when it is
killed, the ledger and ``current`` stay whole (kg.imports.recovery).
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from kg import resources
from kg.findings import BilimError
from kg.imports import accept, asking, dry, flow, told
from kg.imports.desk import Desk
from kg.imports.ledger import open_ledger
from kg.releases.publish import Reason
from kg.settings import Settings

Step = Callable[[str], None]


def _process(desk: Desk, asked: Mapping[str, Any], step: Step) -> dict[str, Any]:
    return flow.process(desk, asked["number"], step).as_dict()


def _accept(desk: Desk, asked: Mapping[str, Any], step: Step) -> dict[str, Any]:
    return _done(accept.accept(desk, asked["number"], _reason(asked), step))


def _retract(desk: Desk, asked: Mapping[str, Any], step: Step) -> dict[str, Any]:
    return _done(accept.retract(desk, asked["number"], _reason(asked), step))


def _reject(desk: Desk, asked: Mapping[str, Any], _: Step) -> dict[str, Any]:
    return flow.reject(desk, asked["number"], _reason(asked)).as_dict()


def _exclude(desk: Desk, asked: Mapping[str, Any], step: Step) -> dict[str, Any]:
    with open_ledger(desk.home) as ledger:
        import_ = ledger.imports.get(asked["number"])
        rows = {(r.get("file") or import_.file, r.get("sheet"), int(r["row"])) for r in asked["rows"]}
        if asked.get("bad"):
            rows |= {*import_.excluded, *flow.bad_rows(ledger, asked["number"])}
    return flow.exclude(desk, asked["number"], rows, _reason(asked), step).as_dict()


def _settle(desk: Desk, asked: Mapping[str, Any], _: Step) -> dict[str, Any]:
    decision = "same" if asked["same"] else "not same"
    settled = flow.settle(desk, asked["number"], asked["thing"], asked["candidate"], decision, _reason(asked))  # type: ignore[arg-type]
    return settled.as_dict()


def _waive(desk: Desk, asked: Mapping[str, Any], _: Step) -> dict[str, Any]:
    found = flow.waive(desk, asked["number"], asked["focus"], asked["shape"], asked["path"], _reason(asked))
    return found.as_dict()


def _validate(desk: Desk, asked: Mapping[str, Any], _: Step) -> dict[str, Any]:
    data = Path(asked["path"]).read_bytes()
    import_, judged = dry.dry_run(desk, data, asked["file"], asked.get("name"))
    return told.judged(import_, judged, desk.rules().labels)


def _decide(desk: Desk, asked: Mapping[str, Any], step: Step) -> dict[str, Any]:
    return asking.decide(desk, asked["action"], asked["given"], _reason(asked), step).decision.as_dict()


def _foresee(desk: Desk, asked: Mapping[str, Any], _: Step) -> dict[str, Any]:
    seen = asking.foresee(desk, asked["action"], asked["given"], asked.get("reason") or "")
    told = {"broken": seen.broken, "findings": seen.findings}
    return {"release": seen.release, "preview": seen.preview} | {k: [f.as_dict() for f in v] for k, v in told.items()}


WORK: Final[Mapping[str, Callable[[Desk, Mapping[str, Any], Step], dict[str, Any]]]] = {
    "process": _process,
    "accept": _accept,
    "retract": _retract,
    "reject": _reject,
    "exclude": _exclude,
    "settle": _settle,
    "waive": _waive,
    "validate": _validate,
    "decide": _decide,
    "foresee": _foresee,
}


def _reason(asked: Mapping[str, Any]) -> Reason:
    return Reason(asked["who"], asked.get("reason") or "")


def _done(done: accept.Done) -> dict[str, Any]:
    findings = [f.as_dict() for f in done.findings]
    return {"outcome": done.outcome, "release": done.release, "import": done.import_.as_dict(), "findings": findings}


def _say(**message: Any) -> None:
    sys.stdout.write(json.dumps(message, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _handle(desk: Desk, asked: Mapping[str, Any]) -> None:
    number = asked["id"]
    try:
        _say(id=number, done=WORK[asked["do"]](desk, asked, lambda step: _say(id=number, step=step)))
    except BilimError as error:
        _say(id=number, findings=[f.as_dict() for f in error.findings], exit=int(error.exit_code))
    except Exception as error:  # a bug must not end the process that serves others; the log has it whole
        traceback.print_exc()
        _say(id=number, bug=f"{type(error).__name__}: {error}")


def main() -> None:
    """Until the input ends."""
    chosen = json.loads(sys.argv[1])
    os.nice(int(chosen["nice"]))
    settings = Settings(home=Path(chosen["home"]), timezone=chosen["timezone"], disk_budget_mb=chosen["disk_budget_mb"])
    desk = Desk(settings, resources.Resources(Path(chosen["resources"])))
    for line in sys.stdin:
        _handle(desk, json.loads(line))


if __name__ == "__main__":
    main()
