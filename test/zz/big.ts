import { readFileSync } from 'node:fs';
import { readSystem } from '#ingest/read.ts';
import { lintContext } from '#policy/lint/context.ts';
import { API_RULES } from '#scan/rules/api.ts';
import { OAUTH_RULES } from '#scan/rules/oauth.ts';
const doc = JSON.parse(readFileSync('/work/shared/suites/openapi/box.json', 'utf8'));
const paths: any = {};
for (const [k, v] of Object.entries(doc.paths)) { paths[k] = v; paths['/x' + k] = v; }
doc.paths = paths;
for (const [k, v] of Object.entries(doc.components.schemas)) doc.components.schemas['X' + k] = v;
const text = JSON.stringify(doc, null, 2);
console.log(text.length);
for (let i = 0; i < 2; i++) {
let t = performance.now();
const { system } = readSystem([{ file: 'a.json', text }]);
console.log('read', (performance.now() - t) | 0); t = performance.now();
const ctx = { system, lint: lintContext(system), reach: () => ({ exposures: () => [] }) as any, now: 0 };
for (const r of [...API_RULES, ...OAUTH_RULES]) { const t0 = performance.now(); const n = [...r.check(ctx)].length; if (performance.now() - t0 > 8) console.log(r.id, n, (performance.now() - t0) | 0); }
console.log('rules', (performance.now() - t) | 0);
}
