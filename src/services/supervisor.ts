/**
 * Starts a home's services and workers in order, starts again whichever dies, and ends them in order. One supervisor per
 * home; it begins by ending the workers that a killed predecessor left behind, adopts its Postgres and Temporal, and
 * stops when its home is taken away.
 */
import pino, { type Logger } from "pino";
import type { Config } from "../config/config.ts";
import { type ChildSpecification, SupervisedChild, stoppedEarly } from "./child.ts";
import { type Endpoints, endpointsOf } from "./endpoints.ts";
import { serveHealth } from "./health.ts";
import { endLeftoverPostgres, endLeftoverTemporal, endLeftoverWorkers } from "./leftovers.ts";
import { acquireLock, releaseLock, supervisorOf } from "./lock.ts";
import { logDestination } from "./log-destination.ts";
import { capLogs, openLog } from "./logs.ts";
import { localHost } from "./ports.ts";
import { postgresSpecification } from "./postgres.ts";
import { type ProcessTable, removeProcessTable, writeProcessTable } from "./process-table.ts";
import { identify } from "./processes.ts";
import { ensureRecord, type ServicesRecord } from "./record.ts";
import { isService, type SupervisedRole, serviceRoles, type WorkerProgram } from "./roles.ts";
import { type ChildCondition, observeChildren } from "./supervisor-health.ts";
import { temporalSpecification } from "./temporal.ts";
import { registerSearchAttributes } from "./temporal-namespace.ts";
import { workerSpecification } from "./worker.ts";

export interface SupervisorOptions {
  readonly config: Config;
  readonly workers: readonly WorkerProgram[];
  /** The Temporal CLI; needed where Temporal is embedded. */
  readonly temporalProgram: string | undefined;
  /** What a person at the terminal may want to know, one line at a time. */
  readonly onNotice: (text: string) => void;
}

const houseKeepingMs = 5_000;

export class Supervisor {
  private readonly options: SupervisorOptions;
  private readonly home: string;
  private readonly children = new Map<SupervisedRole, SupervisedChild>();
  private readonly restarts = new Map<SupervisedRole, number>();
  private health: { close(): Promise<void> } | undefined;
  private table: ProcessTable | undefined;
  private log: Logger | undefined;
  private houseKeeping: NodeJS.Timeout | undefined;
  private stopped: Promise<void> | undefined;
  private resolveEnded: () => void = () => undefined;
  /** Resolves once everything has ended, whoever asked for it. */
  readonly ended: Promise<void> = new Promise((resolve) => {
    this.resolveEnded = resolve;
  });

  constructor(options: SupervisorOptions) {
    this.options = options;
    this.home = options.config.home;
  }

  /** Resolves when everything is ready. Throws ServiceUnavailable, after ending what it had started. */
  async start(): Promise<Endpoints> {
    acquireLock(this.home);
    try {
      return await this.startInOrder();
    } catch (error) {
      this.log?.error({ err: error }, "start failed");
      await this.stop();
      throw error;
    }
  }

  /** Workers first, then what they use; idempotent. */
  stop(): Promise<void> {
    this.stopped ??= this.stopInOrder().finally(this.resolveEnded);
    return this.stopped;
  }

  /** At once: what was running is retried or recovered by the next start. */
  kill(): void {
    for (const [role, child] of this.children) child.kill(role === "postgres" ? "SIGQUIT" : "SIGKILL");
  }

  private async startInOrder(): Promise<Endpoints> {
    const { config, workers, temporalProgram } = this.options;
    await endLeftoverWorkers(this.home);
    // Those that this start has use for are adopted.
    if (config.temporalConnection !== undefined) await endLeftoverTemporal(this.home);
    if (config.databaseUrl !== undefined) await endLeftoverPostgres(this.home);
    const { graceMs, threads } = config;
    this.table = { supervisor: identify(process.pid), state: "starting", threads, graceMs, processes: [] };
    writeProcessTable(this.home, this.table);
    const level = config.logLevel;
    this.log = pino({ level }, logDestination(openLog(this.home, "supervisor")));
    this.houseKeeping = setInterval(() => this.keepHouse(), houseKeepingMs).unref();
    const record = await ensureRecord(config);
    const endpoints = endpointsOf(config, record)!;
    this.health = await this.answerHealth(record.metrics!.supervisor);
    await Promise.all(
      this.serviceSpecifications(record, temporalProgram).map((service) => this.startChild(service)),
    );
    if (config.temporalConnection !== undefined)
      await registerSearchAttributes(config.temporalConnection, config.temporalNamespace);
    await Promise.all(
      workers.map((program) =>
        this.startChild(workerSpecification(config, endpoints, program, record.metrics![program.role])),
      ),
    );
    this.updateTable({ state: "ready" });
    this.log.info("everything is ready");
    return endpoints;
  }

  /** Without it everything else works. */
  private answerHealth(port: number): Promise<{ close(): Promise<void> } | undefined> {
    const address = { host: localHost, port, local: true };
    const observed = observeChildren(() => this.conditions());
    return serveHealth(address, this.options.config.metricsToken, observed).catch((error: unknown) => {
      this.log?.warn({ err: error, port }, "/healthz and /metrics are not served");
      return undefined;
    });
  }

  private conditions(): ChildCondition[] {
    return [...this.children].map(([role, { readySince }]) => ({
      role,
      ready: readySince !== undefined,
      restarts: this.restarts.get(role) ?? 0,
    }));
  }

  private serviceSpecifications(record: ServicesRecord, temporalProgram?: string): ChildSpecification[] {
    const { config } = this.options;
    const services: ChildSpecification[] = [];
    if (config.databaseUrl === undefined) services.push(postgresSpecification(record.postgres!));
    if (config.temporalConnection === undefined)
      services.push(
        temporalSpecification(this.home, temporalProgram!, record.temporal!, config.temporalNamespace),
      );
    return services;
  }

  private async startChild(specification: ChildSpecification): Promise<void> {
    const { role } = specification;
    if (this.stopped !== undefined) throw stoppedEarly(role);
    const child = new SupervisedChild(this.home, specification, {
      onStarted: (identity, how) => {
        const others = this.table!.processes.filter((entry) => entry.role !== role);
        this.updateTable({ processes: [...others, { role, ...identity }] });
        this.log?.info({ role, childPid: identity.pid }, how);
      },
      onReady: (durationMs) => this.log?.info({ role, durationMs }, "ready"),
      onEnded: (how, restartInMs) => {
        this.restarts.set(role, (this.restarts.get(role) ?? 0) + 1);
        this.log?.warn({ role, how, restartInMs }, "ended by itself; starting it again");
        this.options.onNotice(`${role} ended (${how}); starting it again`);
      },
      disturbedSince: (time) => !isService(role) && this.servicesDisturbedSince(time),
    });
    this.children.set(role, child);
    await child.start();
  }

  private servicesDisturbedSince(time: number): boolean {
    const services = [...this.children].filter(([role]) => isService(role));
    return services.some(([, { readySince }]) => readySince === undefined || readySince > time);
  }

  /** A table that cannot be written (a full disk) is out of date, which is no reason to let go of a child. */
  private updateTable(change: Partial<ProcessTable>): void {
    if (this.table === undefined) return;
    this.table = { ...this.table, ...change };
    try {
      writeProcessTable(this.home, this.table);
    } catch (error) {
      this.log?.error({ err: error }, "the process table could not be written");
    }
  }

  private async stopInOrder(): Promise<void> {
    clearInterval(this.houseKeeping);
    const ownsHome = supervisorOf(this.home)?.pid === process.pid;
    if (ownsHome) this.updateTable({ state: "stopping" });
    const workers = [...this.children].filter(([role]) => !isService(role));
    await Promise.all(workers.map(([, child]) => child.stop()));
    for (const role of serviceRoles) await this.children.get(role)?.stop();
    await this.health?.close();
    if (ownsHome) {
      this.log?.info("everything ended");
      removeProcessTable(this.home);
      releaseLock(this.home);
    }
  }

  /** A home that was deleted, or taken over, must not keep its ports and processes for ever. */
  private keepHouse(): void {
    try {
      if (supervisorOf(this.home)?.pid === process.pid) {
        capLogs(this.home);
        return;
      }
      this.options.onNotice(`${this.home} is gone or has another supervisor; ending`);
      void this.stop();
    } catch (error) {
      // A full disk, for one: what runs goes on.
      this.log?.warn({ err: error }, "house-keeping failed");
    }
  }
}
