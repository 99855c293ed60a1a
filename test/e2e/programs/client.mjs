// Inside a namespace: runs each program once, tells what it said and how long it took, and stays.
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const folder = import.meta.dirname;
const programs = JSON.parse(readFileSync(join(folder, 'programs.json'), 'utf8'));

function run([program, ...words]) {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    execFile(program, words, { cwd: folder, timeout: 8000, encoding: 'utf8' }, (error, stdout, stderr) => {
      const code = error ? (error.code ?? error.signal) : 0;
      resolve({ code, out: stdout.trim(), err: stderr.trim().slice(0, 500), tookMs: Math.round(performance.now() - startedMs) });
    });
  });
}

// What the test waits for to be written down, whatever programs there are.
await lookup('metadata.google.internal').catch(() => {});
const socket = createSocket('udp4').on('error', () => socket.close());
socket.connect(53, '8.8.8.8', () => socket.send('x'));

// Servers that are still being made are waited for.
for (const name of ['psql', 'redis']) {
  for (let tries = 0; programs[name] && tries < 40; tries++) {
    const { code } = await run(programs[name]);
    if (code === 0 || code === 'ENOENT') break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

const all = await Promise.all(Object.entries(programs).map(async ([name, words]) => [name, await run(words)]));
console.log(`SEEN ${JSON.stringify(Object.fromEntries(all))}`);
createServer((_, response) => response.end('ok')).listen(Number(process.env.PORT), '127.0.0.1');
