/** What a person sees of a run: in the Temporal UI and in its report, by a real browser. Pictures go to test-results/. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Frame, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../src/config/config.ts";
import { endpointsOf } from "../src/services/endpoints.ts";
import { readRecord } from "../src/services/record.ts";
import { tinyExample } from "./experiment-run.ts";
import { type Operated, operate, until } from "./operations-run.ts";
import { browserRunsHere, openBrowser } from "./support/browser.ts";

const pictures = fileURLToPath(new URL("../test-results/", import.meta.url));
const run = "tiny";
const viewport = { width: 1400, height: 1000 };

describe.skipIf(!browserRunsHere)("a run that a person looks at", () => {
  let operated: Operated;
  let workflows: string;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  let page: Page;

  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    operated = await operate();
    workflows = uiOf(operated.home);
    operated.command("start", "--input", tinyExample);
    opened = await openBrowser();
    page = await opened.browser.newPage({ viewport });
    page.setDefaultTimeout(120_000);
  });
  afterAll(async () => {
    await opened?.close();
    await operated?.close();
  });

  it("is found in the Temporal UI by run, stage and reward", async () => {
    const query = `RatchetRun = "${run}" AND RatchetStage = "rl" AND RatchetReward > -1`;
    await page.goto(`${workflows}?query=${encodeURIComponent(query)}`);
    await page.getByRole("link", { name: `${run}.rl`, exact: true }).waitFor();
    expect(await page.getByRole("link", { name: `${run}.cold-start` }).count()).toBe(0);
    await picture("temporal-workflows");
  });

  it("says in its history what each activity and child did", async () => {
    // High enough for the whole history: what is out of sight is not drawn.
    await page.setViewportSize({ ...viewport, height: 2400 });
    await page.goto(`${workflows}/experiment-${run}`);
    for (const summary of ["check the input, resolve its names", "cold start: record its result"])
      await page.getByText(summary).first().waitFor();
    await picture("temporal-timeline");
    await page.setViewportSize(viewport);
  });

  it("says what it is and how each stage stands in the workflow's details", async () => {
    await page.getByRole("tab", { name: "User Metadata" }).click();
    // The UI renders Markdown in frames of its own, which go when their content changes.
    const textOf = (frame: Frame) => frame.innerText("body").catch(() => "");
    const said = async () => (await Promise.all(page.frames().map(textOf))).join("\n");
    await until(async () => /reinforcement learning\s+done/.test(await said()));
    expect(await said()).toMatch(/experiment tiny.*Policy tiny, seed 7.*npx ratchet status tiny/s);
    await picture("temporal-details");
  });

  it("shows search attributes", async () => {
    await page.goto(`${workflows}/${run}.rl`);
    await page.getByRole("tab", { name: "Search Attributes" }).click();
    for (const name of ["RatchetRun", "RatchetStage", "RatchetPolicy", "RatchetIteration", "RatchetReward"])
      await page.getByText(name).first().waitFor();
    await picture("temporal-search-attributes");
  });

  it("has a report that loads nothing, fails at nothing and draws its curves", async () => {
    const asked: string[] = [];
    const failed: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("pageerror", ({ message }) => failed.push(message));
    page.on("console", (said) => said.type() === "error" && failed.push(said.text()));
    const file = pathToFileURL(operated.command("report", run).trim()).href;
    await page.goto(file);
    await page.getByRole("heading", { name: "Training" }).waitFor();
    await picture("report");
    expect({ asked, failed }).toEqual({ asked: [file], failed: [] });
    const curves = page.locator("#training svg");
    const heights = await curves.evaluateAll((drawn) =>
      drawn.map((svg) => svg.getBoundingClientRect().height),
    );
    expect(heights.length).toBeGreaterThan(5);
    expect(Math.min(...heights)).toBeGreaterThan(50);
  });

  const picture = (name: string) => page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
});

function uiOf(home: string): string {
  return endpointsOf(readConfig({ ...process.env, RATCHET_HOME: home }), readRecord(home))!.temporalUiUrl!;
}
