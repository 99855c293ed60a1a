// A breach re-enacted on the example shop: whoever took over `logging` tries what an intruder would try, as a child of that service.
import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { CullisError } from '#base/errors.ts';
import type { System } from '#model/system.ts';
import { clusterId } from '#plan/services.ts';
import type { Supervisor } from './supervisor.ts';

export const COMPROMISED = 'ecommerce/logging';
export const TARGET = 'ecommerce/payment-processing';
const TIMEOUT_MS = 60_000;
/** Well known, and answered by everybody who can get there. */
const OUTSIDE = [
  { ip: '1.1.1.1', port: 443 },
  { ip: '2606:4700:4700::1111', port: 443 },
];
/** Documentation's own (RFC 5737, RFC 3849): where nothing keeps the try inside, strangers are left in peace. */
const NOBODY = [
  { ip: '192.0.2.1', port: 443 },
  { ip: '2001:db8::1', port: 443 },
];

export interface Try {
  readonly try: string;
  readonly outcome: 'reached' | 'refused' | 'untried';
  readonly detail: string;
}

export interface Breach {
  /** To be added to the compromised workload's environment: opens its hole to whoever knows the token. */
  readonly env: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Runs the intruder with the targets given. */
  run(supervisor: Supervisor, targets: object): Promise<readonly Try[]>;
}

export function makeBreach(): Breach {
  const token = randomBytes(24).toString('base64url');
  return {
    env: { [COMPROMISED]: { SHOP_BREACH_TOKEN: token } },
    async run(supervisor, targets) {
      const [address] = Object.values(supervisor.observed!.placements[COMPROMISED]!.app);
      const namespace = supervisor.workloads.namespaceOf(COMPROMISED);
      const socket = namespace
        ? await namespace.connect(address!.ip, address!.port)
        : await plainSocket(address!.ip, address!.port);
      const answer = await post(socket, '/breach', { 'x-breach-token': token }, targets);
      return (JSON.parse(answer) as { results: readonly Try[] }).results;
    },
  };
}

/** Everything an intruder could find out about the place, so that a try is refused for its own sake and not for want of an address. */
export function allTargets(supervisor: Supervisor, stateDir: string): object {
  const { system } = supervisor.loaded!;
  const observed = supervisor.observed!;
  const others = Object.values(observed.placements).filter((one) => one.workload !== COMPROMISED);
  const admin = new URL(supervisor.adminUrl);
  // Inside a namespace everybody's own loopback is 127.0.0.1; from outside a program would be at its workload's address.
  const outer = (workload: string, ip: string) => supervisor.workloads.namespaceOf(workload)?.ip ?? ip;
  return {
    apps: others.flatMap((one) =>
      Object.values(one.app).map(({ ip, port }) => ({
        workload: one.workload,
        ip: outer(one.workload, ip),
        port,
        protocol: protocolAt(system, one.workload),
      })),
    ),
    inbound: others.flatMap((one) =>
      Object.values(one.inbound).map(({ ip, port }) => ({
        workload: one.workload,
        ip,
        port,
        identity: identityOf(system, one.workload),
      })),
    ),
    foreignOutbound: others.flatMap((one) => {
      const service = system.services.find((candidate) => candidate.id === TARGET);
      const address = service && one.outbound[clusterId(service, service.ports[0]!.port)];
      return address ? [{ workload: one.workload, ip: address.ip, port: address.port }] : [];
    }),
    stateDir,
    controlSockets: [join(stateDir, 'control', 'control.sock')],
    admin: { ip: admin.hostname, port: Number(admin.port) },
    outside: supervisor.workloads.namespaceOf(COMPROMISED) ? OUTSIDE : NOBODY,
  };
}

function protocolAt(system: System, workload: string): 'http' | 'tcp' {
  return system.services.find((service) => service.id === workload)?.ports[0]?.protocol === 'http' ? 'http' : 'tcp';
}

function identityOf(system: System, workload: string): string {
  return system.workloads.find((one) => one.id === workload)?.identity ?? '';
}

function plainSocket(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => resolve(socket));
    socket.once('error', reject);
  });
}

function post(socket: Socket, path: string, headers: Readonly<Record<string, string>>, body: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const payload = JSON.stringify(body);
    const request = httpRequest(
      {
        createConnection: () => socket,
        method: 'POST',
        path,
        headers: {
          ...headers,
          host: 'logging',
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(payload),
          connection: 'close',
        },
        timeout: TIMEOUT_MS,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (response.statusCode === 200) resolve(text);
          else
            reject(
              new CullisError('process.failed', `the compromised service answered ${response.statusCode} to its own intruder`),
            );
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', reject);
    request.end(payload);
  });
}
