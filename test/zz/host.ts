import { buildFindings } from '#scan/pipelines/findings.ts';
import { readSystem } from '#ingest/read.ts';
import { lintContext } from '#policy/lint/context.ts';
import { DOCKERFILE_RULES } from '#scan/rules/dockerfile.ts';
import { API_RULES } from '#scan/rules/api.ts';
import { OAUTH_RULES } from '#scan/rules/oauth.ts';
const MB = 1e6;
const run = (name: string, f: () => void): void => { const t = performance.now(); f(); const d = performance.now() - t; if (d > 150) console.log(name, d | 0); };
for (const s of ['trivy ', 'trivy x;', 'dotnet list ', 'semgrep ci ', 'checkov ', 'npm audit;', 'make a;', 'docker build .\n', 'npm run a;', 'a;'])
 { run('sh ' + s, () => buildFindings([{ path: 'Jenkinsfile', text: "sh 'make && bash a.sh'" }, { path: 'a.sh', text: s.repeat(MB / s.length) }]));
   run('gl ' + s, () => buildFindings([{ path: '.gitlab-ci.yml', text: 'a: {script: [' + (JSON.stringify(s) + ',').repeat(MB / (s.length + 4)) + ']}' }])); }
run('pkg', () => buildFindings([{ path: 'Jenkinsfile', text: "sh 'npm ci'" }, { path: 'package.json', text: '{"scripts": {' + Array.from({ length: 30000 }, (_, i) => `"a${i}": "npm run a${i + 1}"`).join(',') + '}}' }]));
run('wf', () => buildFindings([{ path: '.github/workflows/a.yml', text: 'on: issues\njobs: {a: {steps: [' + '{run: "echo ${{ secrets.A }} ${{ github.event.issue.title }}"},'.repeat(15000) + ']}}' }]));
run('wf2', () => buildFindings([{ path: '.github/workflows/a.yml', text: 'on: issues\njobs: {a: {steps: [{run: "' + '${{ github.event.'.repeat(60000) + '"}]}}' }]));
const sys = (name: string, file: string, text: string, rules: any): void => run(name, () => { const { system } = readSystem([{ file, text }]); const ctx = { system, lint: lintContext(system), reach: () => ({ exposures: () => [] }) as any, now: 0 }; for (const r of rules) { const t = performance.now(); [...r.check(ctx)]; const d = performance.now() - t; if (d > 60) console.log('  ', r.id, d | 0); } });
for (const s of ['FROM a AS b\n', 'FROM b AS b\n', 'RUN curl http://x | sh; chmod 777 a\n', 'RUN a && b \\\n', 'ENV A=b\n', 'COPY . .\n', 'RUN ' + 'curl -k https://x.test/a;'.repeat(200) + '\n', 'ARG A\n', 'USER a\n'])
 sys('df ' + s.slice(0, 30), 'Dockerfile', 'FROM a AS b\n' + s.repeat(MB / s.length), DOCKERFILE_RULES);
const H = 'openapi: 3.0.0\ninfo: {title: t, version: "1"}\ncomponents: {securitySchemes: {b: {type: http, scheme: bearer}}}\n';
sys('api paths', 'a.yaml', H + 'paths:\n' + Array.from({ length: 20000 }, (_, i) => `  /v${i}/a: {post: {responses: {}}}\n`).join(''), API_RULES);
sys('api same', 'a.yaml', H + 'paths:\n' + Array.from({ length: 12000 }, (_, i) => `  /a${i}: {$ref: '#/paths/~1a${i + 1}'}\n`).join(''), API_RULES);
sys('api params', 'a.yaml', H + 'paths: {/a: {parameters: [' + '{name: id, in: path, schema: {$ref: "#/x"}},'.repeat(10000) + '], get: {}, post: {}, put: {}, patch: {}}}\nx: {type: integer}\n', API_RULES);
sys('oauth uris', 'a.json', JSON.stringify({ client_id: 'a', redirect_uris: Array.from({ length: 20000 }, (_, i) => `https://${'a.'.repeat(i % 50)}x${i}.com/*`) }), OAUTH_RULES);
sys('oauth clients', 'a.json', JSON.stringify({ realm: 'a', clients: Array.from({ length: 10000 }, (_, i) => ({ clientId: 'c' + i, publicClient: true, implicitFlowEnabled: true })) , revokeRefreshToken: false}), OAUTH_RULES);
sys('props', 'application.properties', 'a.b.c.d.e[0].f=1\n'.repeat(50000), OAUTH_RULES);
