// A supervisor to be killed: opens the state folder, starts a workload (in a namespace, where one can be had) and tells all pids.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isolationAvailable } from '#host/isolation.ts';
import { createNamespace } from '#host/namespaces.ts';
import { freePort } from '#host/ports.ts';
import { startWorkload, type RunSpec } from '#host/runner.ts';
import { openState } from '#host/state.ts';

const state = await openState(process.argv[2]!);
writeFileSync(join(state.runFolder, 'control.sock'), '');
const pids: number[] = [];
const told = Promise.withResolvers<void>();

const CODE = `
  const { spawn } = require('child_process');
  const stubborn = "process.on('SIGTERM', () => {}); console.log('pid', process.pid); setInterval(() => {}, 1000)";
  spawn(process.execPath, ['-e', stubborn], { stdio: 'inherit', detached: true }).unref();
  require('net').createServer().listen(Number(process.argv[1]), '127.0.0.1');`;

const { port } = await freePort('127.0.0.1', 0);
const spec: RunSpec = {
  id: 'shop/plain',
  command: [process.execPath, '-e', CODE, `${port}`],
  cwd: import.meta.dirname,
  env: {},
  readiness: { kind: 'tcp' },
  address: { ip: '127.0.0.1', port },
  readyTimeoutMs: 10_000,
  instance: state.instance,
};
const plain = startWorkload(spec, {
  onLog: ({ text }) => {
    if (!text.startsWith('pid ')) return;
    pids.push(Number(text.slice(4)));
    told.resolve();
  },
});
await Promise.all([plain.ready(), told.promise]);
pids.push(plain.status().pid);
state.track(plain.status().pid, 'shop/plain');

const isolation = isolationAvailable();
if (isolation.ok) {
  const base = {
    workload: 'shop/inside',
    isolation,
    services: [],
    uid: state.uids(['shop/inside'])['shop/inside']!,
    instance: state.instance,
  };
  const namespace = await createNamespace({
    ...base,
    runFolder: state.runFolder,
    cwd: import.meta.dirname,
    hide: [state.folder],
  });
  const inside = startWorkload({ ...spec, id: 'shop/inside', namespace }, {});
  await inside.ready();
  pids.push(inside.status().pid, namespace.pid);
}
process.stdout.write(`${JSON.stringify(pids)}\n`);
setInterval(() => {}, 1000);
