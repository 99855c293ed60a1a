// What `cullis status` prints: the running system on one screen.
import type { EventsResponse, StatusResponse, WorkloadStatus } from '#api/control.ts';
import { formatDurationMs } from '#base/duration.ts';
import { count, heading, printable, table } from '../text.ts';
import { badConditions } from './conditions.ts';
import type { Paint } from '../text.ts';

export type ApiEvent = EventsResponse['events'][number];

/** `spiffe://cluster.local/ns/ecommerce/sa/cart` -> `ecommerce/cart`; other texts stay. */
export function shortIdentity(identity: string): string {
  const match = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity);
  return match ? `${match[1]}/${match[2]}` : identity;
}

const STATE_TONES: Readonly<Record<WorkloadStatus['state'], Parameters<Paint>[0]>> = {
  ready: 'good',
  external: 'good',
  starting: 'warn',
  restarting: 'warn',
  stopped: 'bad',
  declared: 'quiet',
};

export interface StatusExtras {
  /** The latest ones, newest first. */
  readonly denials?: readonly ApiEvent[];
  /** Leaks and tunnels that were raised, and look-ups that were refused; newest first of each. */
  readonly wayOut?: readonly ApiEvent[];
  /** Of the page. */
  readonly url?: string;
  /** Also how each link is protected. */
  readonly encryption?: boolean;
}

export function renderStatus(
  status: StatusResponse,
  paint: Paint,
  { denials = [], wayOut = [], url, encryption = false }: StatusExtras = {},
): string[] {
  const { totals } = status;
  const rows = [
    [
      paint(status.ready ? 'good' : 'warn', status.ready ? 'in force' : 'not in force yet'),
      `snapshot ${status.snapshotVersion.slice(0, 12) || '(none)'}, up ${formatDurationMs(status.uptimeMs)}, ${count(totals.requests, 'request')}, ${totals.denied} denied, ${totals.failed} failed`,
    ],
    isolationRow(status.isolation, paint),
  ];
  if (status.rejected)
    rows.push([
      paint('bad', 'rejected'),
      `a newer configuration was not taken, the one before it stays: ${printable(status.rejected.reason)}`,
    ]);
  const memory = status.workers.filter((one) => one.connected && one.rssBytes > 0);
  if (memory.length > 0)
    rows.push([
      paint('quiet', 'memory'),
      memory.map(({ name, rssBytes }) => `${name} ${Math.round(rssBytes / 2 ** 20)} MiB`).join(', '),
    ]);
  for (const gateway of status.gateways) rows.push([paint('quiet', 'gateway'), `${gateway.url}  ${paint('quiet', gateway.id)}`]);
  if (url !== undefined)
    rows.push([paint('quiet', 'page'), `${url}/  ${paint('quiet', 'asks for the text of the file `operator-token`')}`]);
  const lines = [
    ...table(rows),
    '',
    heading(paint, 'services'),
    ...table(
      status.workloads.map((one) => workloadRow(one, status.timeMs, paint)),
      { indent: 2 },
    ),
  ];
  if (status.rotation)
    lines.push('', heading(paint, 'the root is being rotated'), ...rotationLines(status.rotation, status.timeMs, paint));
  if (status.revoked.length > 0) lines.push('', heading(paint, 'revoked'), ...revokedTable(status, paint));
  if (status.links.length > 0) lines.push('', heading(paint, 'links'), ...linkTable(status, paint));
  if (encryption && status.links.length > 0) lines.push('', heading(paint, 'encryption'), ...encryptionTable(status, paint));
  if (denials.length > 0) lines.push('', heading(paint, 'latest denials'), ...denialTable(denials, status.timeMs, paint));
  if (wayOut.length > 0) lines.push('', heading(paint, 'way out'), ...wayOutTable(wayOut, status.timeMs, paint));
  if (status.drift.length > 0) {
    lines.push('', heading(paint, 'drift'));
    for (const one of status.drift) lines.push(`  ${paint('warn', one.service)}: ${printable(one.detail)}`);
  }
  const conditions = badConditions(status.resources, paint);
  if (conditions.length > 0) lines.push('', heading(paint, 'gateways and routes'), ...conditions);
  if (status.closed.length > 0) {
    lines.push('', heading(paint, 'closed'));
    for (const one of status.closed) lines.push(`  ${paint('warn', one.what)}: ${printable(one.why)} ${paint('quiet', one.at)}`);
  }
  const down = status.workers.filter((one) => !one.connected);
  if (down.length > 0)
    lines.push(
      '',
      paint('bad', `${count(down.length, 'proxy worker')} not connected: ${down.map((one) => one.name).join(', ')}`),
    );
  return lines;
}

export function isolationRow(isolation: StatusResponse['isolation'], paint: Paint): string[] {
  return isolation === 'namespaces'
    ? [paint('good', 'isolation'), 'namespaces: a workload has no network but its sidecar']
    : [paint('warn', 'isolation'), 'none: a local process can bypass the sidecar; run as root for network namespaces'];
}

/** Each with the id that `cullis explain` takes. */
function denialTable(denials: readonly ApiEvent[], nowMs: number, paint: Paint): string[] {
  return table(
    denials.flatMap((one) => {
      if (one.type !== 'exchange') return [];
      const what = one.protocol === 'tcp' ? `TCP port ${one.destinationPort}` : `${one.method} ${printable(one.path)}`;
      const from = one.source === '' ? one.sourceIp : shortIdentity(one.source);
      return [
        [
          `${formatDurationMs(nowMs - one.timeMs)} ago`,
          from,
          paint('quiet', '->'),
          one.destination || one.workload,
          what,
          paint('bad', one.code ?? 'denied'),
          paint('quiet', one.id),
        ],
      ];
    }),
    { indent: 2 },
  );
}

const WAY_OUT_SHOWN = 8;

/** One row for each thing and workload, with the id that `cullis explain` takes. */
function wayOutTable(events: readonly ApiEvent[], nowMs: number, paint: Paint): string[] {
  const rows = new Map<string, { readonly event: ApiEvent; readonly row: (times: number) => string[]; times: number }>();
  for (const one of events) {
    if (one.type !== 'egress' && one.type !== 'name') continue;
    const [host, what, tone] =
      one.type === 'egress'
        ? [one.host, `${one.what} ${one.rule}`, one.action]
        : [one.name, `look-up ${one.record}`, 'no ServiceEntry'];
    const key = `${one.workload} ${host} ${what}`;
    const known = rows.get(key);
    const times = one.type === 'name' || one.what === 'address' ? one.count : 1;
    if (known) known.times += times;
    else
      rows.set(key, {
        event: one,
        times,
        row: (total) => [
          `${formatDurationMs(nowMs - one.timeMs)} ago`,
          one.workload,
          paint('quiet', '->'),
          printable(host).slice(0, 60),
          printable(what),
          paint(one.type === 'egress' ? 'bad' : 'warn', total > 1 ? `${tone} (${total})` : tone),
          paint('quiet', one.id),
        ],
      });
  }
  const all = [...rows.values()];
  const lines = table(
    all.slice(0, WAY_OUT_SHOWN).map(({ row, times }) => row(times)),
    { indent: 2 },
  );
  return all.length > WAY_OUT_SHOWN ? [...lines, `  ${paint('quiet', `and ${all.length - WAY_OUT_SHOWN} more`)}`] : lines;
}

function workloadRow(one: WorkloadStatus, nowMs: number, paint: Paint): string[] {
  const modes = [...new Set(one.ports.map((port) => port.mtls))].join(' ');
  const expiry = one.certificate
    ? `expires in ${formatDurationMs(one.certificate.notAfterMs - nowMs)}`
    : paint('warn', 'no certificate yet');
  const ready = one.replicas.filter(({ state }) => state === 'ready').length;
  const copies =
    one.replicas.length > 1 ? paint(ready === one.replicas.length ? 'good' : 'warn', `${ready} of ${one.replicas.length}`) : '';
  const restarts = one.restarts > 0 ? paint('warn', count(one.restarts, 'restart')) : '';
  return [
    one.id,
    paint(STATE_TONES[one.state], one.state),
    paint('quiet', one.identity),
    expiry,
    paint(modes === 'STRICT' ? 'good' : 'warn', modes),
    [copies, restarts].filter((text) => text !== '').join('  '),
  ];
}

const PHASES: Readonly<Record<NonNullable<StatusResponse['rotation']>['phase'], string>> = {
  trust: 'phase 1 of 3: the new root is trusted beside the old one',
  renew: 'phase 2 of 3: the new CA signs, every certificate is replaced',
  distrust: 'phase 3 of 3: the old root is trusted no more',
};

export function rotationLines(rotation: NonNullable<StatusResponse['rotation']>, nowMs: number, paint: Paint): string[] {
  const { phase, sinceMs, by, oldRootFingerprint, newRootFingerprint, waiting } = rotation;
  return [
    `  ${PHASES[phase]} ${paint('quiet', `for ${formatDurationMs(nowMs - sinceMs)}, begun by ${by}`)}`,
    `  ${paint('quiet', `from sha256 ${oldRootFingerprint.slice(0, 16)} to ${newRootFingerprint.slice(0, 16)}`)}`,
    ...waiting.map(({ worker, why }) => `  ${paint('warn', 'waits for')} ${worker}: ${printable(why)}`),
  ];
}

/** Identities each; certificates only as many as tell somebody something: `--json` has them all. */
const SERIALS_SHOWN = 5;

function revokedTable({ revoked, timeMs }: StatusResponse, paint: Paint): string[] {
  const identities = revoked.filter(({ kind }) => kind === 'identity');
  const serials = revoked.filter(({ kind }) => kind === 'serial').sort((a, b) => b.revokedMs - a.revokedMs);
  const rows = [...identities, ...serials.slice(0, SERIALS_SHOWN)].map(({ kind, subject, reason, by, revokedMs, untilMs }) => [
    paint('bad', kind === 'identity' ? shortIdentity(subject) : subject),
    paint('quiet', kind),
    `${formatDurationMs(timeMs - revokedMs)} ago by ${by}`,
    paint('quiet', untilMs === null ? 'until restored' : `ends in ${formatDurationMs(Math.max(0, untilMs - timeMs))}`),
    printable(reason),
  ]);
  const more = serials.length - SERIALS_SHOWN;
  return [...table(rows, { indent: 2 }), ...(more > 0 ? [paint('quiet', `  and ${count(more, 'certificate')} more`)] : [])];
}

type LinkRow = StatusResponse['links'][number];

/** What lets a link be plaintext, for people. */
export function plaintextReason({ mode, modeAt, source }: LinkRow): string {
  const where = modeAt === '' ? 'no PeerAuthentication says otherwise' : `PeerAuthentication at ${modeAt}`;
  if (mode === 'DISABLE' && source === 'client' && modeAt === '') return 'a plaintext listener';
  return `${mode}: ${where}`;
}

/** Plaintext first, in a table of its own: it is what one looks for. */
export function encryptionTable({ links, timeMs }: Pick<StatusResponse, 'links' | 'timeMs'>, paint: Paint): string[] {
  const name = ({ source, destination, port }: LinkRow): string => `${shortIdentity(source)} -> ${destination}:${port}`;
  const open = ({ connections }: LinkRow): string => (connections === 0 ? '-' : String(connections));
  const age = (sinceMs: number): string => (sinceMs === 0 ? '-' : formatDurationMs(timeMs - sinceMs));
  const sorted = [...links].sort((a, b) => (name(a) < name(b) ? -1 : 1));
  // Attempts that were refused before a connection was served are no links in the clear.
  const plain = sorted.filter(
    ({ tlsProtocol, mtls, requests, connections }) => tlsProtocol === '' && !mtls && (requests > 0 || connections > 0),
  );
  const secured = sorted.filter(({ tlsProtocol }) => tlsProtocol !== '');
  const head = ['link', 'TLS', 'cipher', 'certificate', 'old', 'left', 'open', 'oldest'].map((text) => paint('quiet', text));
  const rows = secured.map((link) => [
    name(link),
    paint('good', link.tlsProtocol.replace('TLSv', '')),
    link.cipher.replace(/^TLS_/, ''),
    link.peerSerial === '' ? paint('quiet', 'none') : link.peerSerial.slice(0, 8),
    age(link.peerNotBeforeMs),
    link.peerNotAfterMs === 0 ? '-' : formatDurationMs(Math.max(0, link.peerNotAfterMs - timeMs)),
    open(link),
    age(link.oldestConnectionMs),
  ]);
  return [
    ...table(
      plain.map((link) => [
        name(link),
        paint('bad', 'plaintext'),
        paint('warn', plaintextReason(link)),
        paint('quiet', `${open(link)} open`),
      ]),
      { indent: 2 },
    ),
    ...(rows.length === 0 ? [] : table([head, ...rows], { indent: 2 })),
  ];
}

/** Callers at the left, receivers at the right, as the arrow points. */
export function linkTable(status: Pick<StatusResponse, 'links'>, paint: Paint): string[] {
  const rows = [...status.links]
    .sort((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : a.destination < b.destination ? -1 : 1))
    .map((link) => [
      shortIdentity(link.source),
      paint('quiet', '->'),
      `${link.destination}:${link.port}`,
      link.mtls ? paint('good', `mTLS ${link.tlsProtocol.replace('TLSv', '')}`) : paint('warn', 'plaintext'),
      String(link.requests),
      paint('quiet', link.protocol === 'http' ? 'requests' : 'connections'),
      link.protocol === 'http' && link.p99Ms > 0
        ? `p99 ${link.p99Ms < 10 ? link.p99Ms.toFixed(1) : Math.round(link.p99Ms)} ms`
        : '',
      link.denied > 0 ? paint('bad', `${link.denied} denied`) : '',
      link.failed > 0 ? paint('warn', `${link.failed} failed`) : '',
    ]);
  return table(rows, { indent: 2, right: [4] });
}
