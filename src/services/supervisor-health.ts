/** How a supervisor's children are, as its /healthz and /metrics say it. */
import { expose, gauge } from "./exposition.ts";
import type { Observed } from "./health.ts";
import { watchProcess } from "./process-metrics.ts";
import type { SupervisedRole } from "./roles.ts";

export interface ChildCondition {
  readonly role: SupervisedRole;
  readonly ready: boolean;
  /** How often it was started again since the supervisor began. */
  readonly restarts: number;
}

/** Healthy while every child answers. */
export function observeChildren(children: () => readonly ChildCondition[]): Observed {
  const ofProcess = watchProcess();
  return {
    health: async () => {
      const now = children();
      const roles = now.map(({ role, ready }) => [role, ready ? "ready" : "starting"]);
      return {
        ok: now.length > 0 && now.every(({ ready }) => ready),
        role: "supervisor",
        processes: Object.fromEntries(roles),
      };
    },
    metrics: async () => {
      const now = children();
      return expose([
        gauge(
          "ratchet_process_up",
          "1 while the process answers.",
          now.map(({ role, ready }) => ({ labels: { role }, value: ready ? 1 : 0 })),
        ),
        {
          name: "ratchet_process_restarts_total",
          type: "counter",
          help: "How often the supervisor started the process again.",
          samples: now.map(({ role, restarts }) => ({ labels: { role }, value: restarts })),
        },
        ...ofProcess(),
      ]);
    },
  };
}
