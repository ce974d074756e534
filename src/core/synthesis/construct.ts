/** The first four stages in a row, for one candidate: what a repair runs again, and what a batch maps over. */
import type { Candidate } from "./candidate.ts";
import { decompose } from "./decompose/decompose.ts";
import { document } from "./document/document.ts";
import type { Drafted } from "./draft.ts";
import type { Subjects } from "./integrate/functionality.ts";
import { integrate } from "./integrate/integrate.ts";
import { scale } from "./scale/scale.ts";

export const draftTools = (candidate: Candidate, subjects: Subjects = {}): Drafted =>
  scale(integrate(document(decompose(candidate)), subjects), subjects);
