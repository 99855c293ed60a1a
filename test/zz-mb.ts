import { analyse } from '#app/scan/analyse.ts';
import { SHAPES } from '/work/main/test/fuzz/shapes.ts';
const NAMES = (process.argv[2] ?? 'a.txt,deploy.yaml,data.json,openapi.json,main.js,main.py,main.go,Main.java,Dockerfile,.github/workflows/ci.yml,go.mod,package-lock.json,pom.xml,requirements.txt').split(',');
const time = (name: string, bytes: Buffer) => { const t = process.cpuUsage(); analyse([{ path: name, bytes, stamp: '' }], { nowMs: 1.8e12 }); const u = process.cpuUsage(t); return (u.user+u.system) / 1000; };
const slow: [number, string][] = [];
for (const name of NAMES) for (const [shape, make] of Object.entries(SHAPES)) {
  const bytes = Buffer.from(make(400_000)); let ms = time(name, bytes);
  if (ms / bytes.length * 1e6 > 100) ms = time(name, bytes);
  slow.push([ms / bytes.length * 1e6, `${name}  ${shape} ${ms.toFixed(0)}`]);
}
slow.sort((a, b) => b[0] - a[0]);
for (const [perMb, text] of slow.filter(([n]) => n > 60).slice(0, 90)) console.log(perMb.toFixed(0).padStart(7), 'ms/MB', text);
