import { describe, expect, it } from "vitest";
import { assembleReport } from "../core/report/assemble.ts";
import { exampleSources, hostile } from "../core/report/example-sources.test-support.ts";
import { renderReport } from "./report.ts";
import { comparisonLines } from "./terminal.ts";

const data = assembleReport(exampleSources);
const page = renderReport(data);

describe("the report page", () => {
  it("shows the mean gain with its interval, the model and the benchmark in its head", () => {
    const header = page.slice(page.indexOf("<header>"), page.indexOf("</header>"));
    expect(header).toContain("+0.300");
    expect(header).toMatch(/95 % interval \[\S+, \S+\]/);
    expect(header).toContain("tiny");
    expect(header).toContain("test environments (compact): 5 environments about 3 subjects");
  });

  it("needs nothing from outside and runs nothing", () => {
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<(script|link|img|iframe|object|embed|base)\b/i);
    expect(page).not.toMatch(/<[^>]+\s(src|on\w+)\s*=/i);
    expect(page).not.toMatch(/url\(|@import|https?:/i);
  });

  it("shows what models and tools said as text", () => {
    expect(page).not.toContain(hostile);
    expect(page).toContain("&lt;/pre&gt;&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
  });

  it.each([
    ["a block", 'I look. <tool_call>{"name": "f", "arguments": {}}</tool_call>', "I look."],
    ["a bare object", '{"name": "f", "parameters": {}}', undefined],
    ["bare objects after the tag", 'I look. <|python_tag|>{"name": "f", "parameters": {}}', "I look."],
    ["prose that calls nothing", "I look.", "I look."],
  ])("shows a call once, written as %s, and what is said beside it", (_, text, beside) => {
    const call = { tool: "f", arguments: {}, outcome: "returned", output: "o", solved: null } as const;
    const calls = text === "I look." ? [] : [call];
    const [sample] = data.samples;
    const [side] = sample!.sides;
    const sides = [{ ...side!, turns: [{ ...side!.turns[0]!, text, calls }] }];
    const said = renderReport({ ...data, samples: [{ ...sample!, sides }] }).match(
      /<pre class="said">(.*?)<\/pre>/s,
    );
    expect(said?.[1]).toBe(beside);
  });

  it("has a chart for each quantity that was recorded, and none for the others", () => {
    const charts = [...page.matchAll(/<figcaption>([^<]+)/g)].map(([, title]) => title!.trim());
    expect(charts.filter((title) => !title.startsWith("Difference"))).toEqual([
      "Reward",
      "Solve-P, Solve-R, Solve-F1",
      "KL to the reference",
      "Loss",
    ]);
  });

  describe("of a training whose updates record no KL", () => {
    const [training] = data.trainings;
    const updates = training!.updates.map((update) => ({ ...update, metrics: { ...update.metrics, kl: 0 } }));
    const rl = data.configuration.stages.rl as { readonly training: object };
    const withKl = (klCoefficient: number) => {
      const stage = { ...rl, training: { ...rl.training, klCoefficient } };
      const stages = {
        ...data.configuration.stages,
        rl: stage,
      } as unknown as typeof data.configuration.stages;
      return renderReport({
        ...data,
        trainings: [{ ...training!, updates }],
        configuration: { ...data.configuration, stages },
      });
    };
    const sentence =
      '<p class="note">KL to the reference was not measured: klCoefficient is 0, so no update computes the reference&#39;s log-probabilities.</p>';

    it("says that it was not measured, and why, where no reference was wanted", () => {
      expect(withKl(0)).toContain(sentence);
      expect(withKl(0)).not.toContain("<figcaption>KL to the reference");
    });

    it("shows that it was 0, where there was one", () => {
      expect(withKl(0.1)).not.toContain("was not measured");
      expect(withKl(0.1)).toContain("<figcaption>KL to the reference");
    });

    it("says nothing of it where one was measured", () => {
      expect(page).not.toContain("was not measured");
    });
  });

  it("says what a training was forked from", () => {
    expect(page).toContain('<p class="note">rl is forked from parent, after iteration 1: nothing changed');
  });

  it("marks each call's verdict", () => {
    expect(page).toContain('<span class="tag solved">solved: ');
    expect(page).toContain('<span class="tag failed">failed</span>');
  });

  it("links each update's parent to its child", () => {
    expect(page).toContain(`title="${"parent-2".padEnd(64, "0")}"`);
    expect(page).toContain(`title="${"child-2".padEnd(64, "0")}"`);
  });

  it("closes what it opens", () => {
    const open: string[] = [];
    const empty = new Set(["meta", "br", "line", "circle", "path"]);
    for (const [, slash, name, rest] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*)>/g)) {
      if (empty.has(name!) && (rest!.endsWith("/") || name === "meta" || name === "br")) continue;
      if (slash === "") open.push(name!);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  it("is the same for the same data", () => {
    expect(renderReport(JSON.parse(JSON.stringify(data)))).toBe(page);
  });

  it("is a page also where nothing was trained, compared or built", () => {
    const bare = renderReport({
      ...data,
      benchmarks: [],
      comparison: [],
      scenarios: [],
      trainings: [],
      sets: [],
      samples: [],
    });
    expect(bare).toContain("Input of the experiment");
    expect(bare).not.toContain('id="training"');
  });
});

describe("the table in the terminal", () => {
  it("shows means, and under each its difference from the row above", () => {
    const [before, after] = data.comparison;
    const shown = comparisonLines([
      { ...before!, title: "before" },
      {
        ...after!,
        overPrevious: {
          ...after!.overPrevious!,
          solveP: { mean: 0.3, low: -0.0001, high: 0.6 },
          solveR: { mean: 0.3, low: 0.1, high: 0.5 },
          solveF1: { mean: 0.32, low: 0.1, high: 0.5 },
          answerAccuracy: { mean: -0.2, low: -0.4, high: 0 },
          rawSolveP: { mean: 0, low: -0.1, high: 0.1 },
        },
      },
    ]);
    expect(shown).toEqual([
      "          n          Solve-P           Solve-R          Solve-F1  Answer accuracy       Raw Solve-P",
      "before    5            0.300             0.300             0.300            0.200             0.900",
      "after RL  5            0.600             0.600             0.600            0.400             0.800",
      "                      +0.300            +0.300            +0.320           −0.200             0.000",
      "             [0.000, +0.600]  [+0.100, +0.500]  [+0.100, +0.500]  [−0.400, 0.000]  [−0.100, +0.100]",
    ]);
  });
});
