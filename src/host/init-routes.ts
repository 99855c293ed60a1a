// Addresses outside the mesh that are answered inside under their own number: a route to them in the workload's network, and the address itself where the
// sidecar's listeners are. Everything else has no route.
import { spawnSync } from 'node:child_process';

/** The link's other end, as boot.ts has it. */
const GATEWAY = '169.254.1.1';
const TIMEOUT_MS = 5000;

export interface RouteTools {
  readonly link: string;
  readonly nsenter: string;
  /** iproute2; '' when it is missing. */
  readonly ip: string;
}

/** What `ip -batch` is told to come from one set of addresses to another. */
export function routeChanges(
  link: string,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): { readonly workload: readonly string[]; readonly services: readonly string[] } {
  const gone = [...before].filter((ip) => !after.has(ip));
  const come = [...after].filter((ip) => !before.has(ip));
  const addresses = [...gone.map((ip) => `addr del ${ip}/32 dev lo`), ...come.map((ip) => `addr replace ${ip}/32 dev lo`)];
  if (link !== 'veth') return { workload: addresses, services: [] };
  const routes = [
    ...gone.map((ip) => `route del ${ip}/32`),
    ...come.map((ip) => `route replace ${ip}/32 via ${GATEWAY} dev eth0`),
  ];
  return { workload: routes, services: addresses };
}

/** Keeps the networks at the latest set of addresses. */
export class Routes {
  readonly #tools: RouteTools;
  #present: ReadonlySet<string> = new Set();

  constructor(tools: RouteTools) {
    this.#tools = tools;
  }

  /** @param ips plain IPv4 addresses; anything else is passed over @throws Error when the tool refuses */
  set(ips: readonly string[]): void {
    const wanted = new Set(ips.filter((ip) => /^\d{1,3}(?:\.\d{1,3}){3}$/.test(ip)));
    const { link, nsenter, ip } = this.#tools;
    const { workload, services } = routeChanges(link, this.#present, wanted);
    if (workload.length > 0 && ip === '') throw new Error('addresses outside the mesh need iproute2, which is missing here');
    // Listeners first: a route to nothing helps nobody.
    if (services.length > 0) run(nsenter, ['--net=/run/netns/services', ip, '-batch', '-'], services);
    if (workload.length > 0) run(ip, ['-batch', '-'], workload);
    this.#present = wanted;
  }
}

function run(program: string, words: readonly string[], lines: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, words, {
    input: `${lines.join('\n')}\n`,
    env: {},
    timeout: TIMEOUT_MS,
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new Error(
      `addresses outside the mesh could not be led to the sidecar: ${error?.message ?? stderr.trim().slice(0, 200)}`,
    );
}
