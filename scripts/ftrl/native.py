"""
Runs tool calls as FTRL's trainer does, with nothing around them: one JSON object {name, code, arguments} a line in,
{kind, text} a line out. Clock, hash seed and random numbers stand still as they do in the sandbox; run it without a
network, in a process that is thrown away. Usage: PYTHONHASHSEED=0 TZ=UTC python3 -s native.py < calls > outcomes
"""

import datetime
import json
import random
import signal
import sys
import time

epoch = 1735689600  # 2025-01-01T00:00:00Z, what the sandbox's clock shows


class Instances(type):
    """Lets isinstance() see through the classes whose clock stands still."""

    def __instancecheck__(cls, value):
        return isinstance(value, cls.__bases__[0])


class StillDatetime(datetime.datetime, metaclass=Instances):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(epoch, tz)

    @classmethod
    def utcnow(cls):
        return cls.fromtimestamp(epoch, datetime.timezone.utc).replace(tzinfo=None)

    @classmethod
    def today(cls):
        return cls.fromtimestamp(epoch)


class StillDate(datetime.date, metaclass=Instances):
    @classmethod
    def today(cls):
        return cls.fromtimestamp(epoch)


for still, name in ((StillDatetime, "datetime"), (StillDate, "date")):
    still.__name__ = still.__qualname__ = name
    still.__module__ = "datetime"
    setattr(datetime, name, still)
time.time = lambda: float(epoch)
time.sleep = lambda seconds: None


def render(result):
    if type(result) in (dict, list):
        return json.dumps(result, ensure_ascii=False)
    return str(result)


def outcome(name, code, arguments):
    try:
        namespace = {"__name__": "tool"}
        exec(compile(code, "<tool>", "exec"), namespace)
        return {"kind": "returned", "text": render(namespace[name](**json.loads(arguments)))}
    except Exception as error:
        return {"kind": "raised", "text": str(error)}


def late(*_):
    raise TimeoutError("ran for 10 seconds")


real_output, sys.stdout = sys.stdout, open("/dev/null", "w")
signal.signal(signal.SIGALRM, late)
for line in sys.stdin:
    call = json.loads(line)
    random.seed(0)
    signal.alarm(10)
    result = outcome(call["name"], call["code"], call["arguments"])
    signal.alarm(0)
    real_output.write(json.dumps(result) + "\n")
