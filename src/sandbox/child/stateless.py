"""
Which programs cannot leave anything behind, and cannot see what another call left: those that only compute with values
of the language's own types. Every rule names what is allowed, and what it does not know is refused, so that a program
that is refused is merely slower: the interpreter's whole memory is put back after each of its calls.

Two things must not happen. Nothing that outlives a call may change: no attribute is assigned, no class is made, and of
modules only functions are called that keep nothing (or whose caches runner.py puts back). And no address may be seen,
for addresses tell of earlier calls: functions, methods and iterators are called or used up where they stand and are
never values, and nothing that orders or prints by address is called (sets of computed members, id, hash).
"""

import ast
import builtins
import re

_nodes = set(
    """Module FunctionDef arguments arg Return Assign AugAssign For While If Raise Try ExceptHandler Assert Import
    ImportFrom alias Expr Pass Break Continue BoolOp NamedExpr BinOp UnaryOp Lambda IfExp Dict Set ListComp DictComp
    GeneratorExp comprehension Compare Call FormattedValue JoinedStr Constant Attribute Subscript Starred Name List
    Tuple Slice keyword Load Store And Or Add Sub Mult Div FloorDiv Mod Pow BitOr BitXor BitAnd LShift RShift Invert Not
    UAdd USub Eq NotEq Lt LtE Gt GtE Is IsNot In NotIn""".split()
)
_exceptions = {
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, Exception) and not issubclass(value, Warning)
}
_types = {"str", "int", "float", "bool", "list", "dict", "tuple"} | _exceptions
_functions = set("len abs round divmod pow isinstance repr ord chr sum any all min max sorted next print".split())
_iterators = {"range", "enumerate", "zip", "map", "filter", "reversed"}
_use_up = {"list", "tuple", "dict", "sum", "any", "all", "min", "max", "sorted", "next"} | _iterators

#: Methods of strings, containers, dates and matches; none of them keeps anything outside its own object.
_methods = set(
    """lower upper casefold strip lstrip rstrip split rsplit splitlines partition rpartition join replace startswith
    endswith find rfind index rindex count title capitalize swapcase zfill center ljust rjust isdigit isalpha isalnum
    isnumeric isdecimal isspace isupper islower istitle removeprefix removesuffix get items keys values append extend
    insert pop remove sort reverse update setdefault copy clear strftime strptime fromisoformat isoformat today now date
    time weekday isoweekday toordinal total_seconds bit_length is_integer as_integer_ratio group groups start end span""".split()
)
_data = set("year month day hour minute second microsecond days seconds real imag".split())
_modules = {
    "datetime": {"datetime", "date", "time", "timedelta"},
    "math": set("sqrt pow log log2 log10 exp floor ceil trunc fabs prod fsum gcd lcm hypot pi e tau inf nan".split()),
    "json": {"dumps", "loads"},
    "re": {"match", "search", "fullmatch", "findall", "split", "sub"},
    "unicodedata": {"normalize"},
}
#: Arguments through which a function is handed to another one, or through which print keeps something back.
_hooks = set("cls default object_hook object_pairs_hook parse_float parse_int parse_constant repl file end".split())


class _Refused(Exception):
    pass


def is_stateless(tree):
    try:
        program = _Program(tree)
        for node in program.parents:
            program.check(node)
    except _Refused:
        return False
    return True


def _refuse_unless(holds):
    if not holds:
        raise _Refused


class _Program:
    """A syntax tree and what its names mean; one meaning a name, wherever it stands."""

    def __init__(self, tree):
        self.parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        self.functions, self.values = set(), set()
        self.imported = {}  # name -> (module,) or (module, member)
        for node in self.parents:
            _refuse_unless(type(node).__name__ in _nodes)
            self._learn(node)
        names = [*self.functions, *self.values, *self.imported]
        _refuse_unless(len(names) == len(set(names)))

    def _learn(self, node):
        match node:
            case ast.FunctionDef(decorator_list=[], type_params=[], returns=None):
                self.functions.add(node.name)
            case ast.FunctionDef():
                raise _Refused
            case ast.arg():
                _refuse_unless(node.annotation is None)
                self.values.add(node.arg)
            case ast.Name(ctx=ast.Store()):
                self.values.add(node.id)
            case ast.ExceptHandler(name=str(name)):
                self.values.add(name)
            case ast.Import():
                for alias in node.names:
                    self._learn_import(alias, (alias.name,))
            case ast.ImportFrom():
                _refuse_unless(node.level == 0)
                for alias in node.names:
                    self._learn_import(alias, (node.module, alias.name))

    def _learn_import(self, alias, origin):
        module, *members = origin
        _refuse_unless(module in _modules and all(member in _modules[module] for member in members))
        _refuse_unless(self.imported.setdefault(alias.asname or alias.name, origin) == origin)

    def check(self, node):
        parent = self.parents[node]
        called = isinstance(parent, ast.Call) and parent.func is node
        match node:
            case ast.Name(ctx=ast.Load()):
                self._check_name(node, parent, called)
            case ast.Attribute():
                _refuse_unless(isinstance(node.ctx, ast.Load))
                self._check_attribute(node, parent, called)
            case ast.Call():
                self._check_call(node)
            case ast.Lambda():
                _refuse_unless(isinstance(parent, ast.keyword) and parent.arg == "key")
            case ast.GeneratorExp():
                _refuse_unless(self._is_used_up(node))
            case ast.Set():
                _refuse_unless(all(isinstance(member, ast.Constant) for member in node.elts))

    def _check_name(self, node, parent, called):
        name = node.id
        _refuse_unless(not name.startswith("__"))
        if name in self.values:
            _refuse_unless(not called)  # it might be anything
        elif name in self.functions:
            _refuse_unless(called)
        elif name in self.imported:
            whole = len(self.imported[name]) == 1
            tested = isinstance(parent, ast.Call) and getattr(parent.func, "id", "") == "isinstance"
            _refuse_unless(isinstance(parent, ast.Attribute) or (not whole and (called or tested)))
        elif name in _iterators:
            _refuse_unless(called and self._is_used_up(parent))
        else:  # what is bound nowhere raises NameError
            _refuse_unless(name in _types | _functions or not hasattr(builtins, name))

    def _check_attribute(self, node, parent, called):
        origin = self.imported.get(node.value.id) if isinstance(node.value, ast.Name) else None
        if origin and len(origin) == 1:
            is_constant = origin == ("math",) and not called
            is_class = origin == ("datetime",) and isinstance(parent, ast.Attribute)
            _refuse_unless(node.attr in _modules[origin[0]] and (called or is_class or is_constant))
        elif called and node.attr == "format":
            template = getattr(node.value, "value", None)
            _refuse_unless(isinstance(template, str) and not re.search(r"\{[^}]*[.\[]", template))
        else:
            _refuse_unless(node.attr in (_methods if called else _data))

    def _check_call(self, call):
        """Functions are handed on only where they are known: map(int, xs), sorted(xs, key=lambda x: x[1])."""
        _refuse_unless(isinstance(call.func, (ast.Name, ast.Attribute)))
        own = isinstance(call.func, ast.Name) and call.func.id in self.functions
        for keyword in call.keywords:
            _refuse_unless(own or (keyword.arg is not None and keyword.arg not in _hooks))
            if keyword.arg == "key" and not own:
                _refuse_unless(isinstance(keyword.value, ast.Lambda) or self._is_known_function(keyword.value))
        name = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
        if name in ("map", "filter"):
            _refuse_unless(call.args and self._is_known_function(call.args[0]))
        if name in ("sub",) or (name in self.imported and self.imported[name][-1] == "sub"):
            _refuse_unless(len(call.args) > 1 and isinstance(call.args[1], (ast.Constant, ast.JoinedStr)))
            _refuse_unless(not isinstance(call.args[0], ast.Starred))

    def _is_known_function(self, node):
        return isinstance(node, ast.Name) and node.id in _types | _functions and node.id not in self.values

    def _is_used_up(self, node):
        """Whether an iterator is used up where it stands, so that it is never a value."""
        parent = self.parents[node]
        if isinstance(parent, (ast.For, ast.comprehension)):
            return parent.iter is node
        if not isinstance(parent, ast.Call) or node not in parent.args:
            return False
        if isinstance(parent.func, ast.Name):
            return parent.func.id in _use_up and parent.func.id not in self.values | self.functions
        return parent.func.attr in ("join", "extend")
