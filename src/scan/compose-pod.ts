// A Compose service in the words of a pod, as far as its isolation goes: one container, and what it shares with the host.
import { COMPOSE_API, COMPOSE_SERVICE } from '#model/compose.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { podOf } from './pss/pod.ts';
import type { Pod } from './pss/pod.ts';
import { listAt, memberOf, objectAt, textAt, textsAt } from '#base/raw.ts';

/** Host paths outside the project, which bind mounts of a project's own files are not. */
const HOST_PATH = /^(?:\/|~|[A-Za-z]:[\\/])/;

/** @returns undefined for a resource that is no Compose service */
export function composePod(resource: Resource): { readonly pod: Pod; readonly at: (path: Path) => Path } | undefined {
  if (resource.apiVersion !== COMPOSE_API || resource.kind !== COMPOSE_SERVICE) return undefined;
  const { spec } = resource;
  const options = textsAt(spec, 'security_opt').map((option) => option.replace(':', '='));
  const binds = listAt(spec, 'volumes').flatMap((volume, index) => {
    const source = textAt(volume, 'source') ?? '';
    return textAt(volume, 'type') === 'bind' && HOST_PATH.test(source)
      ? [{ volume, index, source, name: textAt(volume, 'target') ?? source }]
      : [];
  });
  const environment = objectAt(spec, 'environment');
  const names = Object.keys(environment ?? {});
  const user = textAt(spec, 'user');
  const unconfined = (name: string): boolean => options.includes(`${name}=unconfined`);
  const container = {
    name: resource.metadata.name,
    image: textAt(spec, 'image'),
    command: textsAt(spec, 'entrypoint'),
    args: textsAt(spec, 'command'),
    env: names.map((name) => ({
      name,
      ...(typeof memberOf(environment, name) === 'string' && { value: memberOf(environment, name) }),
    })),
    securityContext: {
      privileged: memberOf(spec, 'privileged') === true,
      readOnlyRootFilesystem: memberOf(spec, 'read_only') === true,
      capabilities: { add: textsAt(spec, 'cap_add').map(bare), drop: textsAt(spec, 'cap_drop').map(bare) },
      allowPrivilegeEscalation:
        options.includes('no-new-privileges=true') || options.includes('no-new-privileges') ? false : undefined,
      ...(user === '0' || user === 'root' || user?.startsWith('0:') === true ? { runAsUser: 0 } : {}),
      ...(unconfined('seccomp') && { seccompProfile: { type: 'Unconfined' } }),
      ...(unconfined('apparmor') && { appArmorProfile: { type: 'Unconfined' } }),
    },
    volumeMounts: binds.map(({ volume, name }) => ({
      name,
      mountPath: name,
      readOnly: memberOf(volume, 'read_only') === true,
    })),
  };
  const pod = podOf({
    hostNetwork: textAt(spec, 'network_mode') === 'host',
    hostPID: textAt(spec, 'pid') === 'host',
    hostIPC: textAt(spec, 'ipc') === 'host',
    containers: [container],
    volumes: binds.map(({ name, source }) => ({ name, hostPath: { path: source } })),
  });
  const written = { binds: binds.map(({ index }) => index), options: textsAt(spec, 'security_opt'), names };
  return { pod, at: (path) => composePath(path, written) };
}

/** Compose writes capabilities with or without `CAP_`. */
function bare(capability: string): string {
  return capability.toUpperCase().replace(/^CAP_/, '');
}

const MEMBERS: Readonly<Record<string, string>> = {
  hostNetwork: 'network_mode',
  hostPID: 'pid',
  hostIPC: 'ipc',
  privileged: 'privileged',
  readOnlyRootFilesystem: 'read_only',
  runAsUser: 'user',
  image: 'image',
};

/** What the places in the pod were made from, in the order in which they stand there. */
interface Written {
  readonly binds: readonly number[];
  readonly options: readonly string[];
  readonly names: readonly string[];
}

function composePath(path: Path, { binds, options, names }: Written): Path {
  const inside = path[1] === 'containers' ? path.slice(3) : [];
  if (inside[0] === 'env') return ['spec', 'environment', ...names.slice(Number(inside[1]), Number(inside[1]) + 1)];
  if (inside[0] === 'args') return ['spec', 'command', ...inside.slice(1)];
  if (inside[0] === 'command') return ['spec', 'entrypoint', ...inside.slice(1)];
  if (path[1] === 'volumes') return ['spec', 'volumes', binds[Number(path[2])] ?? 0];
  const add = path.indexOf('add');
  if (add !== -1) return ['spec', 'cap_add', ...path.slice(add + 1, add + 2)];
  if (path.includes('drop')) return ['spec', 'cap_drop'];
  for (const [field, word] of [
    ['seccompProfile', 'seccomp'],
    ['appArmorProfile', 'apparmor'],
  ] as const) {
    const index = path.includes(field) ? options.findIndex((option) => option.startsWith(word)) : -1;
    if (index !== -1) return ['spec', 'security_opt', index];
  }
  const member = path.map((part) => MEMBERS[part]).find((each) => each !== undefined);
  return member === undefined ? [] : ['spec', member];
}
