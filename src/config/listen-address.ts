/** An address to listen on, HOST:PORT, and whether only this machine reaches it. */
import { isIP } from "node:net";
import { RatchetError } from "../core/errors.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly local: boolean;
}

/** IPv6 in brackets: [::1]:9464. Names are refused but `localhost`: what they lead to may change. */
export function readListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? (match?.[2] === "localhost" ? "127.0.0.1" : match?.[2]);
  const port = Number(match?.[3]);
  if (host === undefined || isIP(host) === 0 || port < 1 || port > 65_535)
    throw new RatchetError(
      "InvalidInput",
      `environment variable RATCHET_METRICS_ADDRESS = "${text}" must be an IP address and a port from 1 to 65535, for example 127.0.0.1:9464`,
      { field: "RATCHET_METRICS_ADDRESS", value: text },
    );
  return { host, port, local: host === "::1" || host.startsWith("127.") };
}
