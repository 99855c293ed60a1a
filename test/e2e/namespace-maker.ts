// A supervisor that does nothing but make namespaces with a program in each, to be killed at any moment. `begin` before, `up` when they are there.
import { isolationAvailable } from '#host/isolation.ts';
import { createNamespace } from '#host/namespaces.ts';
import { startWorkload } from '#host/runner.ts';
import { openState } from '#host/state.ts';

const [folder = '', share = ''] = process.argv.slice(2);
const state = await openState(folder);
const isolation = isolationAvailable();
if (!isolation.ok) throw new Error(isolation.why);
process.stdout.write(`begin ${isolation.how}\n`);

async function make(id: string): Promise<void> {
  const cwd = import.meta.dirname;
  const namespace = await createNamespace({
    workload: id,
    isolation: isolation as Extract<typeof isolation, { ok: true }>,
    services: [{ names: ['pay'], ip: '10.96.40.2', ports: [80] }],
    uid: state.uids([id])[id]!,
    instance: state.instance,
    runFolder: state.runFolder,
    cwd,
    share: [share],
    hide: [state.folder],
  });
  await namespace.openListener('10.96.40.2', 80);
  // It leaves its parents' group and session, and does not stop when asked.
  const command = ['sh', '-c', `setsid sh -c 'trap "" TERM HUP; sleep 1000' & sleep 1000`];
  const address = { ip: '127.0.0.1', port: 0 };
  const backoff = { firstMs: 10, maxMs: 50 };
  const running = startWorkload(
    { id, command, cwd, env: {}, readiness: { kind: 'none' }, address, readyTimeoutMs: 10_000, backoff, namespace },
    {},
  );
  await running.ready();
}

// One that is killed while it is made is nobody's failure here.
const made = await Promise.allSettled(['shop/one', 'shop/two'].map(make));
if (made.every(({ status }) => status === 'fulfilled')) process.stdout.write('up\n');
setInterval(() => {}, 1000);
