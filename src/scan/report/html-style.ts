/** The report's look: readable on paper and in the dark. */
export const STYLE = `
:root{color-scheme:light dark;--line:#8883;--quiet:#777;--critical:#b3123f;--high:#d9480f;--medium:#b08900;--low:#2b6cb0;--info:#6b7280;--ok:#2f855a}
body{font:15px/1.5 system-ui,sans-serif;margin:0}main{max-width:64rem;margin:0 auto;padding:2rem 1.25rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .6rem}.quiet{color:var(--quiet)}.lead{font-size:1.05rem}
.verdict{display:inline-block;padding:.35rem .8rem;border-radius:.4rem;color:#fff;font-weight:600}.pass{background:var(--ok)}.fail{background:var(--critical)}
.tiles{display:flex;flex-wrap:wrap;gap:.6rem;margin:1.2rem 0}.tile{flex:1 1 6rem;border:1px solid var(--line);border-top:4px solid var(--c,var(--quiet));border-radius:.4rem;padding:.6rem .8rem}
.tile b{display:block;font-size:1.6rem;line-height:1.2}.tile span{color:var(--quiet)}
.critical{--c:var(--critical)}.high{--c:var(--high)}.medium{--c:var(--medium)}.low{--c:var(--low)}.info{--c:var(--info)}.ok{--c:var(--ok)}
.badge{background:var(--c);color:#fff;border-radius:.3rem;padding:0 .45rem;font-size:.8rem}
details{border:1px solid var(--line);border-radius:.4rem;padding:.5rem .8rem;margin:.5rem 0}summary{cursor:pointer}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid var(--line);padding:.35rem .5rem;text-align:left;vertical-align:top}
code{font:.85em ui-monospace,monospace;color:var(--quiet);overflow-wrap:anywhere}pre{background:#8881;padding:.7rem;border-radius:.4rem;overflow-x:auto;font:.85em/1.45 ui-monospace,monospace}
.path{list-style:none;padding-left:.6rem;border-left:3px solid var(--high)}.path li{padding:.2rem 0 .2rem .7rem}
td.gap{color:var(--critical);font-weight:600}td.clear{color:var(--ok)}td.accepted{color:var(--medium)}td.not-checked{color:var(--quiet)}.late{color:var(--critical);font-weight:600}
@media print{details{break-inside:avoid}}
`.trim();
