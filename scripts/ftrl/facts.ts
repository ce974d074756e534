/**
 * What the code of an FTRL tool says without being run as a tool: its literals, what it compares its parameters with,
 * its imports. Read by CPython's own parser, in the sandbox.
 */
import type { Tool } from "../../src/core/environment/environment.ts";
import type { Sandbox, ToolProgram } from "../../src/core/ports/sandbox.ts";

export interface CodeFacts {
  /** Text and number literals, but for docstrings. */
  readonly literals: readonly string[];
  /** Text that is compared for equality or membership, or is the key of a dictionary. */
  readonly exact: readonly string[];
  /** Parameter -> literals that it, or a variable made from it, is compared with. */
  readonly compared: Readonly<Record<string, readonly string[]>>;
  readonly imports: readonly string[];
}

const program: ToolProgram = {
  name: "facts",
  runtime: "python",
  code: `
import ast

def facts(code):
    tree = ast.parse(code)
    nodes = list(ast.walk(tree))
    documented = (ast.FunctionDef, ast.Module, ast.ClassDef)
    docstrings = {id(n.body[0].value) for n in nodes if isinstance(n, documented) and n.body and isinstance(n.body[0], ast.Expr)}
    constants = [n for n in nodes if isinstance(n, ast.Constant) and id(n) not in docstrings]
    literals = [str(n.value) for n in constants if type(n.value) in (str, int, float)]
    functions = [n for n in nodes if isinstance(n, ast.FunctionDef)]
    parameters = {a.arg for f in functions[:1] for a in f.args.posonlyargs + f.args.args + f.args.kwonlyargs}
    origins = {name: {name} for name in parameters}

    def texts(node):
        return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and type(n.value) is str]

    def origin(node):
        return {p for n in ast.walk(node) if isinstance(n, ast.Name) for p in origins.get(n.id, ())}

    keys = {}
    for n in nodes:
        if isinstance(n, ast.Assign) and len(n.targets) == 1 and isinstance(n.targets[0], ast.Name):
            name = n.targets[0].id
            origins.setdefault(name, set()).update(origin(n.value) if not isinstance(n.value, ast.Dict) else ())
            if isinstance(n.value, ast.Dict):
                keys[name] = [k.value for k in n.value.keys if isinstance(k, ast.Constant) and type(k.value) is str]
    exact = [k for names in keys.values() for k in names]
    compared = {}

    def note(node, found):
        for parameter in origin(node):
            compared.setdefault(parameter, []).extend(found)

    for n in nodes:
        if isinstance(n, ast.Compare):
            for left, op, right in zip([n.left] + n.comparators, n.ops, n.comparators):
                equality = isinstance(op, (ast.Eq, ast.NotEq))
                member = isinstance(op, (ast.In, ast.NotIn)) and isinstance(right, (ast.List, ast.Tuple, ast.Set))
                if equality or member:
                    exact += texts(left) + texts(right)
                note(left, texts(right))
                note(right, texts(left))
                if isinstance(right, ast.Name):
                    note(left, keys.get(right.id, []))
        if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name):
            note(n.slice, keys.get(n.value.id, []))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and isinstance(n.func.value, ast.Name) and n.args:
            note(n.args[0], keys.get(n.func.value.id, []))
    imports = sorted({a.name.split(".")[0] for n in nodes if isinstance(n, ast.Import) for a in n.names}
        | {(n.module or "").split(".")[0] for n in nodes if isinstance(n, ast.ImportFrom)})
    unique = lambda found: list(dict.fromkeys(found))
    return {"literals": unique(literals), "exact": unique(exact), "imports": imports,
            "compared": {name: unique(found) for name, found in compared.items()}}
`,
};

/** Facts of each tool, in order. */
export async function readFacts(tools: readonly Tool[], sandbox: Sandbox): Promise<CodeFacts[]> {
  const outcomes = await sandbox.run(tools.map(({ code }) => ({ program, arguments: { code } })));
  return outcomes.map(({ kind, text }, i) => {
    if (kind !== "returned") throw new Error(`${tools[i]!.document.name}: ${kind}: ${text}`);
    return JSON.parse(text) as CodeFacts;
  });
}
