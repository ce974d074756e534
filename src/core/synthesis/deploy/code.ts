/** A tool draft as code, in the language that its candidate asks for. */
import type { Tool } from "../../environment/environment.ts";
import type { ToolDraft } from "../draft.ts";
import { javascriptOf } from "./javascript.ts";
import { pythonOf } from "./python.ts";

export function codeOf(draft: ToolDraft): Pick<Tool, "runtime" | "code"> {
  const runtime = draft.runtime ?? "javascript";
  switch (runtime) {
    case "javascript":
      return { runtime, code: javascriptOf(draft) };
    case "python":
      return { runtime, code: pythonOf(draft) };
  }
}
