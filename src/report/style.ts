/** The page's looks: system fonts, light and dark by the reader's setting, black on white on paper. */
import { html } from "./html.ts";

export const style = html`<style>
:root{--ink:#1c2330;--soft:#5a6475;--faint:#d9dee6;--paper:#fff;--panel:#f6f7f9;--a:#1f5fbf;--b:#b4540a;--c:#1d7a4f;--up:#17693f;--down:#a3302b;--even:#5a6475}
@media (prefers-color-scheme:dark){:root{--ink:#e4e8ef;--soft:#9aa5b8;--faint:#333c4b;--paper:#12161d;--panel:#1a2029;--a:#74aaff;--b:#f0a35e;--c:#62c896;--up:#62c896;--down:#f08c86;--even:#9aa5b8}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1120px;padding:40px 24px 80px;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
h1{font-size:34px;line-height:1.15;margin:0 0 24px;letter-spacing:-.02em;overflow-wrap:anywhere}
h2{font-size:24px;margin:56px 0 16px;letter-spacing:-.01em}
h3{font-size:17px;margin:28px 0 10px}
h4{font-size:15px;margin:0 0 4px}
p{margin:0 0 12px}
.eyebrow{color:var(--soft);font-size:13px;letter-spacing:.08em;text-transform:uppercase;margin:0 0 6px}
.hero{display:grid;grid-template-columns:minmax(260px,1fr) 2fr;gap:32px;padding:28px;background:var(--panel);border-radius:12px;align-items:center}
.figure{font-size:60px;line-height:1;font-weight:650;letter-spacing:-.03em;color:var(--a);margin:0 0 10px;font-variant-numeric:tabular-nums}
.caption{color:var(--soft);font-size:14px;margin:0}
dl{margin:0;display:grid;gap:14px}
dt{color:var(--soft);font-size:13px}
dd{margin:0;overflow-wrap:anywhere}
.line{display:block}
nav{display:flex;flex-wrap:wrap;gap:6px 20px;margin:22px 0 0;font-size:14px}
a{color:var(--a)}
.unit,.note,.meta{color:var(--soft);font-size:14px;font-weight:400}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:15px}
caption{caption-side:bottom;text-align:left;color:var(--soft);font-size:13px;padding-top:8px}
th,td{text-align:left;padding:9px 14px 9px 0;border-bottom:1px solid var(--faint);vertical-align:top;font-weight:400}
thead th{color:var(--soft);font-size:13px;border-bottom-color:var(--soft)}
.number{text-align:right}
.delta{display:block;font-size:12.5px;white-space:nowrap}
.up{color:var(--up)}.down{color:var(--down)}.even{color:var(--even)}
.dense{font-size:13px}
figure{margin:20px 0}.wide svg{min-width:600px}
figcaption{font-size:14px;font-weight:600;margin-bottom:4px}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(290px,1fr));gap:20px 28px}
.chart{margin:0;break-inside:avoid}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font:11.5px system-ui,sans-serif;fill:var(--soft)}
svg .metric{font-weight:600;font-size:13px;fill:var(--ink)}
.grid{stroke:var(--faint)}
.zero{stroke:var(--soft);stroke-dasharray:3 3}
.series path{fill:none;stroke:currentColor;stroke-width:2}
.series circle{fill:currentColor}
.s0{color:var(--a)}.s1{color:var(--b)}.s2{color:var(--c)}
.s1 path{stroke-dasharray:6 3}.s2 path{stroke-dasharray:2 3}
svg .label{fill:currentColor;font-weight:600}
.interval line{stroke:currentColor;stroke-width:2.5}.interval circle{fill:currentColor}
.bar{min-width:110px}
.fill{display:block;height:5px;border-radius:3px;background:var(--a);margin:3px 0 4px auto;min-width:1px}
${Array.from({ length: 21 }, (_, i) => html`.w${i}{width:${5 * i}%}`)}
.tally{display:flex;flex-wrap:wrap;gap:6px 28px;list-style:none;padding:0;margin:0 0 12px;color:var(--soft)}
.tally strong{color:var(--ink);font-size:19px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:12px 40px}
details{margin:14px 0}
summary{cursor:pointer;color:var(--a)}
.reasons li{margin:8px 0}
q{color:var(--soft)}
.tag{display:inline-block;font-size:12.5px;padding:0 8px;border:1px solid currentColor;border-radius:9px}
.solved{color:var(--up)}.failed{color:var(--down)}
.sample{border-top:1px solid var(--faint);padding-top:4px;margin-top:28px}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:20px}
.side{background:var(--panel);border-radius:10px;padding:14px 16px;min-width:0}
.side ol{list-style:none;margin:0;padding:0}
.turn{border-top:1px solid var(--faint);padding:10px 0 2px}
code,pre{font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0 0 6px}
code{overflow-wrap:anywhere}
.call{border-left:3px solid currentColor;padding-left:10px;margin:8px 0}
.call p{margin:0 0 2px}.call code,.call pre{color:var(--ink)}
.reward{font-size:13px;color:var(--soft);margin:0 0 6px}
.json{background:var(--panel);padding:16px;border-radius:10px}
@media (max-width:760px){.hero,.pair{grid-template-columns:1fr}.figure{font-size:46px}body{padding:24px 16px 60px}}
@media print{:root{--ink:#000;--soft:#444;--faint:#bbb;--paper:#fff;--panel:#fff;--a:#1f5fbf;--b:#b4540a;--c:#1d7a4f;--up:#17693f;--down:#a3302b;--even:#444}
body{max-width:none;padding:0;font-size:12px}nav{display:none}h2{break-after:avoid}article,figure,tr,.turn{break-inside:avoid}.hero,.side,.json{border:1px solid var(--faint)}details::details-content{content-visibility:visible;block-size:auto}}
</style>`;
