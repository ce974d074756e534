"""
Runs one tool call inside the interpreter and reports what came of it. It becomes part of the memory snapshot, so its
imports cost a child nothing; the host puts the interpreter's memory back after every call, so nothing a tool does to a
module or to a builtin is there for the next one.
"""

import ast, binascii, calendar, cmath, collections, datetime, decimal, fractions, functools, itertools, json  # noqa: E401
import marshal, math, operator, os, random, re, statistics, string, sys, textwrap, time, types, typing  # noqa: E401
import unicodedata, uuid  # noqa: E401
import _strptime

random.seed(0)
datetime.datetime.strptime("2025-01-01", "%Y-%m-%d")  # imports what strptime imports when it is first called


_monitoring = sys.monitoring
_write = os.write
_telling, _portion = -1, 0


def tell_portions(to, steps):
    """A byte is written to this file for each so many counted steps."""
    global _telling, _portion
    _telling, _portion = to, steps


class FuelExhausted(BaseException):
    """Raised at every event past the limit, so that a tool that catches it gets no further."""


def _metered(work, limit):
    """
    Calls work() and counts its line events and jumps (a loop on one line has no second line event). Returns what work
    returns, or None where the limit was passed, and the count. sys.settrace would not do: it switches itself off when
    its function raises.
    """
    used = 0
    mark = min(_portion, limit + 1)
    own = None

    def on_event(code, *_where):
        nonlocal used, mark
        used += 1
        if used >= mark:
            if used <= limit:
                _write(_telling, b".")
                mark = min(mark + _portion, limit + 1)
            elif code is not own:
                raise FuelExhausted

    own = sys._getframe().f_code
    events = (_monitoring.events.LINE, _monitoring.events.JUMP)
    tool = _monitoring.PROFILER_ID
    _monitoring.use_tool_id(tool, "fuel")
    for event in events:
        _monitoring.register_callback(tool, event, on_event)
    _monitoring.set_events(tool, events[0] | events[1])
    result = None
    try:
        result = work()
    except FuelExhausted:
        pass
    _monitoring.set_events(tool, 0)
    _monitoring.free_tool_id(tool)
    return (result if used <= limit else None), used


def _render(result):
    """FTRL's rendering of what a tool returns: dictionaries and lists as JSON, the rest as str() gives it."""
    if type(result) in (dict, list):
        return json.dumps(result, ensure_ascii=False)
    return result if type(result) is str else str(result)


def _complaint(error):
    """As FTRL words it: str() of an exception, also where that is nothing; what it would not catch has a name at least."""
    try:
        return str(error) or ("" if isinstance(error, Exception) else type(error).__name__)
    except BaseException:
        return type(error).__name__


_tables = {}


def load_table(table, text):
    """Keeps a table for the calls to come. No tool can change it, so that all calls find the same."""
    _tables[table] = _lasting(json.loads(text, object_hook=_read_only))


def _read_only(members):
    for name, value in members.items():
        if type(value) is list:
            members[name] = _lasting(value)
    return types.MappingProxyType(members)


def _lasting(value):
    return tuple(_lasting(member) for member in value) if type(value) is list else value


def _call(name, load, given, arguments):
    """The kind of the outcome and its text. One namespace holds the code's imports, helpers and functions."""
    try:
        namespace = {"__name__": "tool"}
        exec(load(), namespace)
        if name not in namespace:
            raise NameError(f"name '{name}' is not defined")
        result = namespace[name](*given, **json.loads(arguments))
        if hasattr(result, "cr_await"):
            raise TypeError(f"'{name}' is a coroutine function; a tool is a plain function")
        return "returned", _render(result)
    except BaseException as error:
        return "raised", _complaint(error)


def _report(name, load, table, arguments, fuel, longest):
    """The outcome as JSON text; see ToolOutcome in src/core/ports/sandbox.ts."""
    given = () if table is None else (_tables[table],)
    outcome, used = _metered(lambda: _call(name, load, given, arguments), fuel)
    kind, text = outcome or ("out_of_fuel", "")
    if len(text) > longest:
        text = f"{text[:longest]}... [{len(text) - longest} more characters]"
    return json.dumps({"kind": kind, "text": text, "fuel": min(used, fuel)})


def execute(name, code, compiled, table, arguments, fuel, longest):
    """A call that may leave anything behind: the host puts memory back. `compiled`, where it is known, saves compiling."""
    if compiled:
        return _report(name, lambda: marshal.loads(binascii.a2b_base64(compiled)), table, arguments, fuel, longest)
    return _report(name, lambda: compile(code, "<tool>", "exec"), table, arguments, fuel, longest)


_prepared = {}


def prepare(program, compiled):
    _prepared[program] = marshal.loads(binascii.a2b_base64(compiled))


#: What the library keeps of what it was asked, as it was before any tool: it is seen in the fuel that a call uses.
_caches = [(cache, dict(cache)) for cache in (re._cache, re._cache2, _strptime._regex_cache)]
re._compile_template.cache_clear()


def compute(program, name, table, arguments, fuel, longest):
    """A call of a prepared program that leaves nothing behind, by the rules of stateless.py."""
    outcome = _report(name, lambda: _prepared[program], table, arguments, fuel, longest)
    for cache, kept in _caches:
        cache.clear()
        cache.update(kept)
    re._compile_template.cache_clear()
    return outcome


#: A program that uses what tools use, called by the host before it says that it is ready: see warm-up.mjs.
_example = '''
def example(name, day="2025-01-01", filters=None, limit=5, exact=True):
    import re
    from datetime import datetime

    if not name or not isinstance(name, str) or day not in ["2025-01-01", "2024-12-31"]:
        return {"error": f"Missing or invalid parameter: {name!r}"}
    try:
        date = datetime.strptime(day, "%Y-%m-%d")
        date = date.fromisoformat(day)
    except ValueError as error:
        return {"error": str(error)}
    rows = [{"name": f"row {i}", "n": i * 1.5, "tags": ["a", "\u00fc"]} for i in range(limit)]
    table = {row["name"].lower(): row for row in rows if row.get("n", 0) >= 0 and "a" in row["tags"]}
    asked = re.sub(r"\\s+", " ", name.strip().lower()).replace("_", " ")
    found = table.get(asked)
    if found is None:
        for key, row in sorted(table.items(), key=lambda item: item[0], reverse=True):
            if asked.startswith(key) or any(word in key.split() for word in (filters or {}).get("words", [])):
                found = row
                break
        else:
            raise KeyError(name)
    total = sum(row["n"] for row in rows) / max(1, len(rows))
    while exact and total > 2:
        total -= 1
    return {"result": [found, round(total, 2), date.strftime("%d/%m/%Y")], "count": len(rows)}
'''
example = binascii.b2a_base64(marshal.dumps(compile(_example, "<tool>", "exec")), newline=False).decode()


def translate(code):
    """What a program is compiled to, marshalled, base64; and whether it is stateless. Empty where it cannot be compiled."""
    try:
        compiled = marshal.dumps(compile(code, "<tool>", "exec"))
        stateless = is_stateless(ast.parse(code))  # noqa: F821 (loaded where programs are compiled)
    except BaseException:  # the tool's own error, once it is called
        return json.dumps({"compiled": "", "stateless": False})
    return json.dumps({"compiled": binascii.b2a_base64(compiled, newline=False).decode(), "stateless": stateless})


def be_elsewhere():
    """Another chance than the usual one; the clock is the host's."""
    random.seed(1)


def withdraw():
    """Takes from tools what a tool has no use for and what leads out of the interpreter."""
    os.urandom(1)  # has the host look up its source of entropy while it still can
    host = ("js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core", "micropip")
    for module in [m for m in sys.modules if m.split(".")[0] in host]:
        del sys.modules[module]
    for module in (*host, "gc", "ctypes", "_ctypes"):
        sys.modules[module] = None
    for finder in [finder for finder in sys.meta_path if hasattr(finder, "jsproxies")]:
        finder.jsproxies.clear()
        sys.meta_path.remove(finder)
    for setting in ("settrace", "setprofile", "monitoring"):
        delattr(sys, setting)
    # A recursion deeper than the interpreter's own limit ends the process instead of raising RecursionError.
    sys.setrecursionlimit = lambda limit: None
    time.sleep = lambda seconds: None  # the clock stands still, so a sleep would never end
