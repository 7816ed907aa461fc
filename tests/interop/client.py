"""The official Python client: makes the calls that it is told to, one a line, and says what came of each."""

import importlib.metadata
import inspect
import json
import platform
import sys
from datetime import datetime

from tagoio_sdk import Resources


def methods(name, module):
    """The public methods of a module's own class, each with the most arguments that it takes."""
    own = [vars(c) for c in type(module).__mro__ if c.__name__ not in ("TagoIOModule", "object")]
    found = {}
    for method, function in (item for members in own for item in members.items()):
        if not method.startswith("_") and inspect.isfunction(function):
            found[f"{name}.{method}"] = len(inspect.signature(getattr(module, method)).parameters)
    return found


def read(value):
    """An argument as a user of this client would write it: dates are dates."""
    if isinstance(value, list):
        return [read(item) for item in value]
    if isinstance(value, dict):
        if "$datetime" in value:
            return datetime.fromisoformat(value["$datetime"])
        return {key: read(member) for key, member in value.items()}
    return value


def write(value):
    """What is not JSON in an answer: this client reads dates without their zone, which is UTC."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds") + "Z"
    raise TypeError(f"{type(value)} in an answer")


def call(modules, order):
    by_hand = order.get("by_hand")
    if by_hand is None:
        module, method = order["call"].split(".")
        return getattr(modules[module], method)(*read(order["args"]))
    params = {"path": by_hand["path"], "method": by_hand["method"]}
    if "query" in by_hand:
        params["params"] = {key: str(value).lower() for key, value in by_hand["query"].items()}
    if "body" in by_hand:
        params["body"] = by_hand["body"]
    return modules["run"].doRequest(params)


def main():
    api = json.loads(sys.stdin.readline())["api"]
    by_token = {}

    def modules(token):
        if token not in by_token:
            resources = Resources({"token": token, "region": {"api": api, "sse": api}})
            by_token[token] = {"profile": resources.profile, "run": resources.run}
        return by_token[token]

    def say(message):
        print(json.dumps(message, default=write), flush=True)

    known = {}
    for name, module in modules("none").items():
        known.update(methods(name, module))
    version = importlib.metadata.version("tagoio-sdk")
    say({"name": f"tagoio-sdk {version} (Python {platform.python_version()})", "methods": known})

    for line in sys.stdin:
        order = json.loads(line)
        try:
            say({"ok": call(modules(order["token"]), order)})
        except Exception as error:  # whatever a user of this client would have to catch
            say({"error": str(error)})


main()
