/** What a policy is told: the user message of an environment. Its tools travel beside it, through the chat template. */
import type { ChatMessage } from "../ports/policy.ts";
import type { Environment, Profile } from "./environment.ts";

/** `ftrl` is FTRL's own instruction, word for word; `compact` spends as few tokens as says the same. */
const instructions: Readonly<Record<Profile, string>> = {
  compact: "Answer with the tools.\nQuestion: ",
  ftrl: "Please call given tools to answer the question. Please note that all your information must be obtained by calling tools and not by answering the question directly.\nIf the call fails, you need to try to correct it and continue until you arrive at an answer.\nQuestion: ",
};

export function promptMessages(environment: Pick<Environment, "profile" | "question">): ChatMessage[] {
  return [{ role: "user", content: instructions[environment.profile] + environment.question }];
}
