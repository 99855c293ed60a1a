// A service as written to its long form, and the merging of two of them (Compose Specification, Merge).
import { didYouMean } from '#base/nearest.ts';
import { isObject, kindOf } from '../check.ts';
import { shorten } from '../scope.ts';
import type { Trace, Tree } from '../trace.ts';
import { exposed, markAt, portsOf, shellWords, textOf, toItems, toList, toMap, toNamed, volumesOf } from './long-form.ts';
import type { Tell } from './long-form.ts';

const MAPS = ['environment', 'labels', 'annotations', 'sysctls'] as const;
const LISTS = [
  'cap_add',
  'cap_drop',
  'security_opt',
  'devices',
  'group_add',
  'links',
  'external_links',
  'tmpfs',
  'dns',
  'dns_search',
  'dns_opt',
  'profiles',
  'device_cgroup_rules',
  'volumes_from',
] as const;
const TEXTS = [
  'image',
  'user',
  'pid',
  'ipc',
  'uts',
  'userns_mode',
  'cgroup',
  'network_mode',
  'container_name',
  'hostname',
  'domainname',
  'restart',
  'runtime',
  'mem_limit',
  'mem_reservation',
  'cpus',
  'isolation',
  'working_dir',
  'platform',
  'pull_policy',
  'stop_signal',
] as const;
const FLAGS = ['privileged', 'read_only', 'init', 'tty', 'stdin_open', 'oom_kill_disable', 'use_api_socket'] as const;
const OTHERS = (
  'build command entrypoint env_file ports expose networks volumes depends_on secrets configs extra_hosts ' +
  'healthcheck deploy extends logging ulimits pids_limit storage_opt shm_size scale stop_grace_period develop ' +
  'blkio_config cgroup_parent credential_spec memswap_limit mem_swappiness oom_score_adj mac_address attach ' +
  'provider models post_start pre_stop gpus label_file cpuset cpu_count cpu_percent cpu_shares cpu_period ' +
  'cpu_quota cpu_rt_runtime cpu_rt_period pull_refresh_after interface_name net log_driver log_opt volume_driver ' +
  'dockerfile '
)
  .trim()
  .split(' ');
const KNOWN: readonly string[] = [...MAPS, ...LISTS, ...TEXTS, ...FLAGS, ...OTHERS];

const LIST_FORMS: readonly (readonly [name: string, forms: string, long: (text: string) => readonly Tree[] | undefined])[] = [
  ['ports', 'as in `8080:80`, `127.0.0.1:8080:80/tcp` or the long form with `target`', portsOf],
  ['volumes', 'as in `data:/var/lib/data`, `./conf:/etc/conf:ro` or the long form with `target`', volumesOf],
  ['secrets', 'a name, or the long form with `source`', (text) => [{ source: text }]],
  ['configs', 'a name, or the long form with `source`', (text) => [{ source: text }]],
  ['env_file', 'a path, or the long form with `path`', (text) => [{ path: text, required: true }]],
];

/** Brings a traced copy of a service into its long form. Tells what cannot be read and leaves it out. */
export function normaliseService(trace: Trace, service: Tree, tell: Tell): void {
  for (const name of Object.keys(service)) {
    if (name.startsWith('x-')) delete service[name];
    else if (!KNOWN.includes(name))
      tell(markAt(trace, service, name), `a service has no field \`${shorten(name)}\``, didYouMean(name, KNOWN));
    else if (service[name] === null) delete service[name];
  }
  for (const name of MAPS) toMap(trace, service, name, tell);
  for (const name of LISTS) toList(trace, service, name, tell);
  for (const name of TEXTS) {
    const value = service[name];
    if (value === undefined) continue;
    if (typeof value === 'object') {
      tell(markAt(trace, service, name), `\`${name}\` must be a text, not ${kindOf(value)}`);
      delete service[name];
    } else trace.set(service, name, textOf(value), trace.markOf(service, name));
  }
  for (const name of FLAGS) {
    const value = service[name];
    if (value === undefined) continue;
    const said = typeof value === 'boolean' ? value : /^(?:true|yes|on|1)$/i.test(textOf(value));
    trace.set(service, name, said, trace.markOf(service, name));
  }
  for (const name of ['command', 'entrypoint']) {
    if (typeof service[name] === 'string') {
      const place = trace.markOf(service, name);
      const words = shellWords(service[name]);
      if (place) trace.place(words, place);
      service[name] = words;
    } else toList(trace, service, name, tell);
  }
  for (const [name, forms, long] of LIST_FORMS) toItems(trace, service, name, long, tell, forms);
  toList(trace, service, 'expose', tell);
  if (Array.isArray(service['expose'])) spread(trace, service, 'expose');
  hosts(trace, service, tell);
  toNamed(trace, service, 'networks', null);
  toNamed(trace, service, 'depends_on', { condition: 'service_started', required: true });
  for (const name of ['networks', 'depends_on', 'deploy', 'healthcheck', 'extends']) onlyMapping(trace, service, name, tell);
  buildForm(trace, service, tell);
  for (const port of Array.isArray(service['ports']) ? (service['ports'] as Tree[]) : []) portForm(trace, port);
  for (const volume of Array.isArray(service['volumes']) ? (service['volumes'] as Tree[]) : [])
    if (typeof volume['read_only'] !== 'boolean') volume['read_only'] = /^(?:true|yes|on)$/i.test(textOf(volume['read_only']));
}

/** Ranges of `expose` written out. */
function spread(trace: Trace, service: Tree, name: string): void {
  const list = service[name] as readonly string[];
  const ports: unknown[] = [];
  list.forEach((text, i) => {
    for (const port of exposed(text)) trace.set(ports, ports.length, port, trace.markOf(list, i));
  });
  const place = trace.placeOf(list);
  if (place) trace.place(ports, place);
  service[name] = ports;
}

/** `extra_hosts` may be a mapping. */
function hosts(trace: Trace, service: Tree, tell: Tell): void {
  const value = service['extra_hosts'];
  if (isObject(value)) {
    const list: unknown[] = [];
    for (const [name, address] of Object.entries(value)) {
      for (const each of Array.isArray(address) ? (address as readonly unknown[]) : [address])
        trace.set(list, list.length, `${name}=${textOf(each)}`, trace.markOf(value, name));
    }
    const place = trace.placeOf(value);
    if (place) trace.place(list, place);
    service['extra_hosts'] = list;
  } else toList(trace, service, 'extra_hosts', tell);
}

function onlyMapping(trace: Trace, service: Tree, name: string, tell: Tell): void {
  const value = service[name];
  if (value === undefined || isObject(value) || (name === 'extends' && typeof value === 'string')) return;
  tell(markAt(trace, service, name), `\`${name}\` must be a mapping, not ${kindOf(value)}`);
  delete service[name];
}

function buildForm(trace: Trace, service: Tree, tell: Tell): void {
  const { build } = service;
  if (build === undefined) return;
  if (typeof build === 'string') {
    const place = trace.markOf(service, 'build');
    const long: Tree = { context: build };
    if (place) trace.place(long, place);
    service['build'] = long;
  } else if (isObject(build)) {
    toMap(trace, build as Tree, 'args', tell);
    toMap(trace, build as Tree, 'labels', tell);
  } else onlyMapping(trace, service, 'build', tell);
}

/** Numbers and texts of a long port, each as what it is. */
function portForm(trace: Trace, port: Tree): void {
  const number = Number(port['target']);
  const target = Number.isInteger(number) && number >= 1 && number <= 65_535 ? number : undefined;
  if (target === undefined) delete port['target'];
  else trace.set(port, 'target', target, trace.markOf(port, 'target'));
  if (port['published'] !== undefined) trace.set(port, 'published', textOf(port['published']), trace.markOf(port, 'published'));
  port['protocol'] = /^(?:udp|sctp)$/i.test(textOf(port['protocol'])) ? textOf(port['protocol']).toLowerCase() : 'tcp';
}

/** What makes two items of a list one: the later one then wins. */
const KEYS: Readonly<Record<string, (item: Tree) => string>> = {
  ports: (item) => JSON.stringify([item['target'], item['published'], item['host_ip'], item['protocol']]),
  volumes: (item) => textOf(item['target']),
  secrets: (item) => textOf(item['target'] ?? item['source']),
  configs: (item) => textOf(item['target'] ?? item['source']),
};
/** Lists that the later file replaces. */
const REPLACED = new Set(['command', 'entrypoint', 'test']);

/** Puts `over` on `base`: mappings member by member, lists joined, single values replaced. Changes `base`. */
export function mergeService(trace: Trace, base: Tree, over: Tree): void {
  for (const name of Object.keys(over)) {
    const [mine, theirs] = [base[name], over[name]];
    if (isObject(mine) && isObject(theirs)) mergeService(trace, mine as Tree, theirs as Tree);
    else if (Array.isArray(mine) && Array.isArray(theirs) && !REPLACED.has(name)) joinLists(trace, mine, theirs, KEYS[name]);
    else trace.set(base, name, theirs, trace.markOf(over, name));
  }
}

function joinLists(trace: Trace, mine: unknown[], theirs: readonly unknown[], key: ((item: Tree) => string) | undefined): void {
  const idOf = (item: unknown): string => (isObject(item) ? (key ? key(item as Tree) : JSON.stringify(item)) : textOf(item));
  const places = new Map(mine.map((item, i) => [idOf(item), i]));
  theirs.forEach((item, i) => {
    const at = places.get(idOf(item)) ?? mine.length;
    places.set(idOf(item), at);
    trace.set(mine, at, item, trace.markOf(theirs, i));
  });
}
