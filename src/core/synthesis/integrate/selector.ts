/** Widening a lookup to several fields of its subject: a selector parameter says which one is wanted. */
import { seedOf } from "../../hash.ts";
import { seededRandom } from "../../random.ts";
import type { SubjectCard } from "../candidate.ts";
import type { LookupBehaviour, ToolDraft } from "../draft.ts";

const selectorNames = ["field", "attribute", "property", "fact"] as const;

/** Adds fields to a lookup. A tool that becomes general takes the subject's name and description. */
export function withSelector(
  draft: ToolDraft,
  added: readonly string[],
  subject: SubjectCard,
  seed: number,
): ToolDraft {
  const behaviour = draft.behaviour as LookupBehaviour;
  const fields = [...behaviour.fields, ...added];
  const random = seededRandom(seedOf(seed, "selector", behaviour.subject));
  const parameter =
    behaviour.selector?.parameter ?? random.pick(selectorNames.filter((name) => name !== behaviour.key[0]));
  const { properties, required } = draft.document.parameters;
  const listed = random.shuffle(fields);
  return {
    ...draft,
    document: {
      name: subject.toolName,
      description: subject.description,
      parameters: {
        type: "object",
        properties: { ...properties, [parameter]: { type: "string", enum: listed } },
        required: [...new Set([...required, parameter])],
      },
    },
    behaviour: { ...behaviour, fields, selector: { parameter, many: false } },
    calls: behaviour.selector
      ? draft.calls
      : Object.fromEntries(
          Object.entries(draft.calls).map(([id, call]) => [
            id,
            { ...call, [parameter]: { value: behaviour.fields[0]! } },
          ]),
        ),
  };
}

export const selectorName = (draft: ToolDraft) => (draft.behaviour as LookupBehaviour).selector!.parameter;
