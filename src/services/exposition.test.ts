import { expect, it } from "vitest";
import { expose } from "./exposition.ts";

it("metrics are written as Prometheus's text format has them", () => {
  const text = expose([
    {
      name: "ratchet_process_up",
      type: "gauge",
      help: "1 while it answers.",
      samples: [
        { labels: { role: "postgres" }, value: 1 },
        { labels: { role: 'a"b\\c\nd' }, value: 0 },
      ],
    },
    { name: "ratchet_things_total", type: "counter", help: "Things.", samples: [{ labels: {}, value: 3 }] },
  ]);
  expect(text).toBe(
    [
      "# HELP ratchet_process_up 1 while it answers.",
      "# TYPE ratchet_process_up gauge",
      'ratchet_process_up{role="postgres"} 1',
      'ratchet_process_up{role="a\\"b\\\\c\\nd"} 0',
      "# HELP ratchet_things_total Things.",
      "# TYPE ratchet_things_total counter",
      "ratchet_things_total 3",
      "",
    ].join("\n"),
  );
});
