// The gateway under what others wrote to break servers, and under floods: floods (bench/hardening/kinds.ts), slowhttptest, testssl.sh. A tool that is not
// installed is skipped with its reason (`apt-get install slowhttptest testssl.sh`). Options: --seconds N of each flood, --only floods,slow,tls.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Target, floodLine } from './floods.ts';
import { FLOODS } from './kinds.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, only: { type: 'string', default: 'floods,slow,tls' } },
});
const parts = values.only.split(',');
const eachMs = Number(values.seconds) * 1000;

/** Before and after each flood the same client is measured without one, so that a busy machine is seen for what it is. */
async function floods(): Promise<void> {
  const target = await Target.open();
  await target.measure('', 1000);
  for (const kind of Object.keys(FLOODS)) {
    const calm = await target.measure('', eachMs / 2);
    const result = await target.measure(kind, eachMs);
    console.log(
      `${floodLine(result)}; p99 without ${calm.p99Ms} ms, ratio ${(result.p99Ms / Math.max(calm.p99Ms, 0.1)).toFixed(1)}`,
    );
    if (!target.alive || result.failed > 0) process.exitCode = 1;
  }
  await target.close();
}

function installed(name: string): boolean {
  return spawnSync('which', [name]).status === 0;
}

async function output(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(child, 'exit');
  return text;
}

async function tools(): Promise<void> {
  const target = spawn(process.execPath, [join(import.meta.dirname, 'tools-target.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(target.stdout.setEncoding('utf8'), 'data')) as [string];
  const { http, https } = JSON.parse(line) as { http: number; https: number };
  try {
    if (parts.includes('slow')) await slow(http);
    if (parts.includes('tls')) await tls(https);
  } finally {
    target.stdin.end();
  }
}

const SLOW: readonly (readonly [title: string, path: string, ...args: string[]])[] = [
  ['slow headers (slowloris)', '/', '-H'],
  ['slow bodies', '/', '-B'],
  ['range headers', '/', '-R'],
  ['slow reading', '/large', '-X', '-w', '10', '-y', '20', '-n', '5', '-z', '32', '-k', '3'],
];

async function slow(port: number): Promise<void> {
  const name = 'slowhttptest';
  if (!installed(name)) return console.log(`${name}: skipped, it is not installed`);
  for (const [title, path, ...args] of SLOW) {
    const all = [
      ...args,
      '-c',
      '400',
      '-r',
      '200',
      '-i',
      '5',
      '-x',
      '24',
      '-p',
      '3',
      '-l',
      '25',
      '-u',
      `http://127.0.0.1:${port}${path}`,
    ];
    const text = (await output(spawn(name, all, { stdio: ['ignore', 'pipe', 'ignore'] }))).replaceAll(/\u001b\[[0-9;]*m/g, '');
    const available = [...text.matchAll(/service available:\s+(\S+)/g)].map(([, word]) => word!);
    const end = /Exit status:\s+(.*)/.exec(text)?.[1] ?? '?';
    const good = available.length > 0 && available.every((word) => word === 'YES');
    console.log(`${name} ${title}: service ${good ? 'available throughout' : 'NOT available'}; ${end.trim()}`);
    if (!good) process.exitCode = 1;
  }
}

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/** What testssl.sh says of this certificate, which nobody signed and which has no revocation, is not about the gateway. */
const ABOUT_CERTIFICATE = /^(?:cert_|DNS_CAA|certificate_|OCSP_|overall_grade|grade_|final_score)/;

async function tls(port: number): Promise<void> {
  const name = ['testssl', 'testssl.sh'].find(installed);
  if (name === undefined) return console.log('testssl.sh: skipped, it is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'cullis-testssl-'));
  const file = join(folder, 'report.json');
  const args = [
    '--quiet',
    '--color',
    '0',
    '--warnings',
    'off',
    '--sneaky',
    '--ip',
    'one',
    '--jsonfile',
    file,
    `https://localhost:${port}/`,
  ];
  await output(spawn(name, args, { stdio: ['ignore', 'pipe', 'ignore'] }));
  const findings = JSON.parse(readFileSync(file, 'utf8')) as Finding[];
  rmSync(folder, { recursive: true });
  const bad = findings.filter(
    ({ id, severity }) => /^(?:LOW|MEDIUM|HIGH|CRITICAL)$/.test(severity) && !ABOUT_CERTIFICATE.test(id),
  );
  const fine = findings.filter(({ severity }) => severity === 'OK').length;
  console.log(`testssl.sh: ${fine} checks fine, ${bad.length} findings`);
  for (const { id, severity, finding } of bad) console.log(`  ${severity} ${id}: ${finding}`);
  if (bad.some(({ severity }) => severity !== 'LOW')) process.exitCode = 1;
}

if (parts.includes('floods')) await floods();
if (parts.includes('slow') || parts.includes('tls')) await tools();
