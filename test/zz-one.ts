import { analyse } from '#app/scan/analyse.ts';
import { SHAPES } from '/work/main/test/fuzz/shapes.ts';
const [, , name, shape, ...sizes] = process.argv;
for (const s of sizes) { const bytes = Buffer.from(SHAPES[shape!]!(Number(s))); const t = performance.now(); const { data } = analyse([{ path: name!, bytes, stamp: '' }], { nowMs: 1.8e12 }); console.log(s, bytes.length, (performance.now() - t).toFixed(0), 'ms', data.units.length, 'units', data.findings.length + data.units.reduce((n, u) => n + u.findings.length, 0), 'findings', data.notAnalysed.length); }
