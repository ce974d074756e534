/**
 * Signals as anybody may send them, by hand too. What comes with one is not read before its handler runs, for a payload
 * that cannot be read would fail each of the workflow's tasks from then on, and nothing but a reset would help.
 */
import { defaultPayloadConverter, RawValue, rawValueTypeInfo } from "@temporalio/common";
import { defineSignal } from "@temporalio/workflow";

/** More arguments than anybody gives. */
const mostArguments = 16;

/** To be handled, not to be sent: its handler is given what `heard` reads. */
export const hearSignal = (name: string) =>
  defineSignal<unknown[]>(name, {
    typeInfo: { inputTypes: Array.from({ length: mostArguments }, () => rawValueTypeInfo) },
  });

/** Undefined where it cannot be read. */
export function heard(argument: unknown): unknown {
  try {
    return argument instanceof RawValue ? defaultPayloadConverter.fromPayload(argument.payload) : undefined;
  } catch {
    return undefined;
  }
}
