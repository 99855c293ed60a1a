import { analyse } from '#app/scan/analyse.ts';
import { SHAPES } from '/work/main/test/fuzz/shapes.ts';
const NAMES = ['deploy.yaml','data.json','openapi.json','api.yaml','Dockerfile','compose.yaml','main.js','main.ts','main.py','main.go','Main.java','Main.kt','a.cs','package-lock.json','package.json','yarn.lock','pnpm-lock.yaml','bun.lock','pom.xml','a.csproj','packages.lock.json','requirements.txt','go.mod','Cargo.lock','poetry.lock','Gemfile.lock','composer.lock','gradle.lockfile','mix.lock','deno.lock','.github/workflows/ci.yml','.gitlab-ci.yml','Jenkinsfile','run.sh','Makefile','bom.json','a.spdx','bom.xml','cert.pem','key.p12','a.der','.env','config.toml','nginx.conf','random.bin','CODEOWNERS','kustomization.yaml','chart/Chart.yaml','README.md','build.gradle','a.tf','a.properties','a.sql','a.ini','realm-export.json'];
const only = process.argv[2]; const base = Number(process.argv[3] ?? 30000);
const slow: [number, number, string][] = [];
const time = (name: string, text: string) => { const bytes = Buffer.from(text, 'utf8'); const t = process.cpuUsage(); analyse([{ path: name, bytes, stamp: '' }], { nowMs: 1.8e12 }); const u = process.cpuUsage(t); return [(u.user+u.system) / 1000, bytes.length] as const; };
time('a.yaml', 'a: 1');
for (const name of NAMES) { if (only && !name.includes(only)) continue; for (const [shape, make] of Object.entries(SHAPES)) {
  const [one] = time(name, make(base)); let [four, size] = time(name, make(base * 4));
  if (four > 25) { [four, size] = time(name, make(base * 4)); }
  const perMb = four / size * 1e6;
  if (perMb > 100 || (four > 15 && four / one > 7)) slow.push([perMb, four / one, `${name} ${shape} ${one.toFixed(0)} -> ${four.toFixed(0)} ms`]);
} }
slow.sort((a, b) => b[0] - a[0]);
for (const [perMb, ratio, text] of slow.slice(0, 150)) console.log(perMb.toFixed(0).padStart(7), 'ms/MB', ratio.toFixed(1).padStart(6), text);
