/** The processes of one project, by the names `ratchet status` shows, and where the workers' programs lie. */
import { fileURLToPath } from "node:url";

/** What workers need, in the order in which it ends. */
export const serviceRoles = ["temporal", "postgres"] as const;
export const workerRoles = ["workflow-worker", "cpu-worker", "gpu-worker"] as const;
/** Those that answer /healthz and /metrics. */
export const observedRoles = ["supervisor", ...workerRoles] as const;
export type SupervisedRole = (typeof serviceRoles)[number] | (typeof workerRoles)[number];
/** `engine` and `sandbox` processes belong to workers, which start and end them. */
export type Role = "supervisor" | SupervisedRole | "engine" | "sandbox";

export const isService = (role: SupervisedRole): boolean => serviceRoles.some((service) => service === role);

export interface WorkerProgram {
  readonly role: (typeof workerRoles)[number];
  /** Absolute path of the TypeScript file. */
  readonly file: string;
}

const worker = (name: string) => fileURLToPath(new URL(`../workers/${name}.ts`, import.meta.url));

export const workerPrograms: readonly WorkerProgram[] = [
  { role: "workflow-worker", file: worker("workflow") },
  { role: "cpu-worker", file: worker("cpu") },
  { role: "gpu-worker", file: worker("gpu") },
];
