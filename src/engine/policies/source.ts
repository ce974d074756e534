/** Where a policy comes from, as a person writes it; the options after `?` are for those that come from elsewhere. */
import { RatchetError } from "../../core/errors.ts";

interface Options {
  /** `?reasoning=on` or `off`: what the chat template is told; its own default where nothing is said. */
  readonly reasoning: boolean | undefined;
}

export type PolicySource =
  | { readonly kind: "tiny" }
  | { readonly kind: "smollm2" }
  | ({ readonly kind: "hub"; readonly repository: string; readonly revision: string } & Options)
  | ({ readonly kind: "gguf"; readonly file: string } & Options)
  | ({ readonly kind: "folder"; readonly folder: string } & Options);

/** A branch, tag or commit; slashes as in refs/pr/1. */
const hubName = /^([\w.-]+\/[\w.-]+)(?:@([\w.-]+(?:\/[\w.-]+)*))?$/;

/** Throws InvalidInput naming what is wrong. */
export function parsePolicySource(text: string): PolicySource {
  const refuse = (problem: string) =>
    new RatchetError(
      "InvalidInput",
      `field 'policy' = "${text}" ${problem}; expected tiny, smollm2-135m-instruct, hf:org/name@revision, a .gguf file or a Hugging Face folder, the last three with ?reasoning=on or ?reasoning=off where the template has that choice`,
      { field: "policy", value: text },
    );
  if (text === "tiny") return { kind: "tiny" };
  if (text === "smollm2-135m-instruct") return { kind: "smollm2" };
  const [place, setting, ...more] = text.split("?") as [string, ...string[]];
  const reasoning =
    setting === undefined ? undefined : { "reasoning=on": true, "reasoning=off": false }[setting];
  if (more.length > 0 || (setting !== undefined && reasoning === undefined))
    throw refuse(`has the option '${[setting, ...more].join("?")}'`);
  if (place.startsWith("hf:")) {
    const [, repository, revision = "main"] = hubName.exec(place.slice(3)) ?? [];
    if (repository === undefined || revision.split("/").includes("..")) throw refuse("names no repository");
    return { kind: "hub", repository, revision, reasoning };
  }
  if (place.toLowerCase().endsWith(".gguf")) return { kind: "gguf", file: place, reasoning };
  return { kind: "folder", folder: place, reasoning };
}
