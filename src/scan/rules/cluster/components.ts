// Programs of the control plane with their flags: from static pods, and from kubeadm's ClusterConfiguration.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { listAt, memberOf, objectAt, textAt, textsAt } from '#base/raw.ts';
import { podTemplates } from '../../pod-template.ts';
import { shown } from '../../shown.ts';

export type ComponentName = 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'etcd' | 'kubelet';

export interface Flag {
  readonly value: string;
  readonly path: Path;
}

export interface Component {
  readonly name: ComponentName;
  readonly resource: Resource;
  /** The container, or the part of kubeadm's configuration. */
  readonly path: Path;
  /** By name without dashes; the last one counts where a flag is repeated. */
  readonly flags: ReadonlyMap<string, Flag>;
  /** kubeadm adds its own flags to these: what is missing here is not missing there. */
  readonly completed: boolean;
}

const NAMES: readonly ComponentName[] = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd', 'kubelet'];
const FLAGS_MAX = 500;

/** Every program of the control plane that the files start. */
export function* componentsOf(system: System): Generator<Component> {
  for (const { pod, resource, at } of podTemplates(system)) {
    for (const { raw, path } of pod.containers) {
      const name = programOf(raw);
      if (name) yield { name, resource, path: at(path), flags: flagsOf(raw, at(path)), completed: false };
    }
  }
  for (const resource of system.resources) {
    if (resource.kind === 'ClusterConfiguration' && resource.apiVersion.startsWith('kubeadm.k8s.io/')) yield* kubeadm(resource);
  }
}

function programOf(container: unknown): ComponentName | undefined {
  const command = textsAt(container, 'command');
  // `sh -c "exec kube-apiserver --flag …"` is told by its flags only when it is written as a list.
  const word = command[0] ?? textsAt(container, 'args').find((each) => !each.startsWith('-'));
  const base = word?.split('/').at(-1);
  const known = NAMES.find((name) => name === base);
  if (known || command.length > 0) return known;
  const image = /([\w-]+)(?::[\w.-]+)?(?:@sha256:[0-9a-f]+)?$/.exec((textAt(container, 'image') ?? '').slice(-300))?.[1];
  return NAMES.find((name) => name === image && name !== 'etcd' && name !== 'kubelet');
}

function flagsOf(container: unknown, path: Path): ReadonlyMap<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const list of ['command', 'args'] as const) {
    const words = textsAt(container, list).slice(0, FLAGS_MAX);
    for (const [index, word] of words.entries()) {
      if (!word.startsWith('-')) continue;
      const body = word.replace(/^--?/, '');
      const equals = body.indexOf('=');
      const next = words[index + 1];
      const value = equals !== -1 ? body.slice(equals + 1) : next !== undefined && !next.startsWith('-') ? next : 'true';
      flags.set(equals === -1 ? body : body.slice(0, equals), { value: value.trim(), path: [...path, list, index] });
    }
  }
  return flags;
}

const PARTS: readonly (readonly [member: readonly string[], name: ComponentName])[] = [
  [['apiServer'], 'kube-apiserver'],
  [['controllerManager'], 'kube-controller-manager'],
  [['scheduler'], 'kube-scheduler'],
  [['etcd', 'local'], 'etcd'],
];

/** extraArgs were a mapping up to v1beta3 and are a list of `{name, value}` since v1beta4. */
function* kubeadm(resource: Resource): Generator<Component> {
  for (const [member, name] of PARTS) {
    const part = member.reduce<unknown>((value, key) => objectAt(value, key), resource.body);
    const flags = new Map<string, Flag>();
    const path = [...member, 'extraArgs'];
    for (const [key, value] of Object.entries(objectAt(part, 'extraArgs') ?? {})) {
      flags.set(key, { value: shown(value), path: [...path, key] });
    }
    for (const [index, item] of listAt(part, 'extraArgs').entries()) {
      const key = textAt(item, 'name');
      if (key !== undefined) flags.set(key, { value: shown(memberOf(item, 'value') ?? ''), path: [...path, index] });
    }
    if (part !== undefined || name === 'kube-apiserver') yield { name, resource, path: [...member], flags, completed: true };
  }
}
