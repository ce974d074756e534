import { Connection } from "@temporalio/client";
import { afterEach, expect, it, vi } from "vitest";
import type { Endpoints } from "../services/endpoints.ts";
import { patiently } from "./patience.ts";
import { connect } from "./temporal-client.ts";

afterEach(() => vi.restoreAllMocks());

it("a server that is silent for as long as a connection may take is asked again", async () => {
  const opened = {} as Connection;
  // What gRPC throws there is no error of its own kind.
  const silent = new Error("Failed to connect before the deadline");
  const asked = vi.spyOn(Connection, "connect").mockRejectedValueOnce(silent).mockResolvedValueOnce(opened);
  const endpoints = { temporalConnection: {} } as Endpoints;
  expect(await patiently(() => connect(endpoints), new AbortController().signal)).toBe(opened);
  expect(asked).toHaveBeenCalledTimes(2);
});
