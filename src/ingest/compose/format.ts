// Compose files as documents of the System: each service a Workload and a Service (https://github.com/compose-spec/compose-spec).
import { COMPOSE_API, COMPOSE_PROJECT, COMPOSE_SERVICE } from '#model/compose.ts';
import { setOrigin } from '#model/origin.ts';
import type { ObjectMeta, Resource } from '#model/resource.ts';
import type { EnvVar } from '#model/system.ts';
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';
import type { Findings } from '../findings.ts';
import type { Format, FoundDocument, TextFormat } from '../format.ts';
import type { ImportedDocument } from '../import.ts';
import type { KindRow, PodDraft } from '../kind.ts';
import { resourceOf } from '../kind.ts';
import { baseOf } from '#base/paths.ts';
import type { Tree } from '../trace.ts';
import { saysSecret } from './interpolate.ts';
import type { Listening } from './listens.ts';
import { listeningPorts } from './listens.ts';
import { textOf } from './long-form.ts';
import { planProjects, readProject } from './project.ts';
import type { ComposeModel, TextOf } from './project.ts';

const FILE = /^(?:docker-)?(?:compose|stack)(?:[-._].*)?\.(?:ya?ml|json)$|[-._](?:docker-)?compose\.ya?ml$/i;

/** Members that tell a service of Compose from what other programs call services. */
const MEMBERS = [
  'image',
  'build',
  'extends',
  'depends_on',
  'env_file',
  'cap_add',
  'cap_drop',
  'network_mode',
  'container_name',
  'read_only',
];

function matches(raw: RawObject, file: string): boolean {
  const { services } = raw;
  const named = FILE.test(baseOf(file));
  if (services === undefined) return named && ['include', 'volumes', 'networks', 'name'].some((key) => key in raw);
  if (!isObject(services)) return named;
  const looks = (each: unknown): boolean => isObject(each) && MEMBERS.some((member) => member in each);
  return named || Object.values(services).slice(0, 100).some(looks);
}

export const COMPOSE: Format = {
  name: 'Compose',
  matches,
  read: (raw, origin, file, out) => readAll([{ raw, origin, file }], () => undefined, out),
  readAll,
};

/** Values for Compose files; read where a file asks for them. */
export const DOTENV: TextFormat = {
  name: 'dotenv',
  matches: (file) => /^\.env(?:\.[\w.-]{1,60})?$|\.env$/.test(baseOf(file)),
  read: () => [],
};

function readAll(found: readonly FoundDocument[], textAt: TextOf, out: Findings): readonly ImportedDocument[] {
  return planProjects(found).flatMap((plan) => {
    const last = plan.layers.at(-1)!;
    if (!plan.overlay) return composeDocuments(readProject(plan, found, textAt, out));
    out.push({
      code: 'compose.overlay',
      severity: 'info',
      message: `this file changes services of \`${plan.layers[0]!.file}\` and is not read together with it`,
      location: last.origin.locate([]),
      help: 'only `compose.override.yaml` is merged by itself',
    });
    return [];
  });
}

/** The documents of one project. Never throws. */
export function composeDocuments(model: ComposeModel): readonly ImportedDocument[] {
  const ports = listeningPorts(model.services);
  const documents = [...model.services].map(([name, service]) => serviceDocument(model, name, service, ports.get(name) ?? []));
  const { networks = {}, volumes = {}, secrets = {}, configs = {} } = model.top;
  const spec: Tree = { name: model.name, networks, volumes, secrets, configs };
  const project: Resource = {
    apiVersion: COMPOSE_API,
    kind: COMPOSE_PROJECT,
    metadata: metaOf(model.name, model.name, {}, {}),
    spec,
    body: {},
  };
  const root: Tree = { spec: model.top };
  const place = model.trace.placeOf(model.top);
  if (place) model.trace.place(root, place);
  setOrigin(project, model.trace.origin(root));
  return [{ resource: project, group: COMPOSE_API, row: ROWS.project, owned: false }, ...documents];
}

const EMPTY = {
  environment: {},
  env_file: [],
  ports: [],
  expose: [],
  volumes: [],
  depends_on: {},
  links: [],
  secrets: [],
  configs: [],
  labels: {},
  profiles: [],
  privileged: false,
  read_only: false,
  cap_add: [],
  cap_drop: [],
  security_opt: [],
  devices: [],
  group_add: [],
  extra_hosts: [],
  tmpfs: [],
  sysctls: {},
} as const;

function serviceDocument(model: ComposeModel, name: string, service: Tree, listens: readonly Listening[]): ImportedDocument {
  const { trace } = model;
  const root: Tree = { spec: service };
  const place = trace.placeOf(service);
  if (place) trace.place(root, place);
  for (const [member, empty] of Object.entries(EMPTY)) {
    // What is filled in must not be shared between services: it is frozen with the System, and its place is the service's.
    if (service[member] === undefined) service[member] = Array.isArray(empty) ? [] : typeof empty === 'object' ? {} : empty;
  }
  service['networks'] ??= service['network_mode'] === undefined ? { default: null } : {};
  const labels = labelsOf(service);
  const own = { 'com.docker.compose.project': model.name, 'com.docker.compose.service': name };
  const resource: Resource = {
    apiVersion: COMPOSE_API,
    kind: COMPOSE_SERVICE,
    metadata: metaOf(name, model.name, { ...labels, ...own }, labels),
    spec: service,
    body: {},
  };
  setOrigin(resource, trace.origin(root));
  const pod = podOf(name, service, listens, { ...labels, ...own }, labels);
  const drafts = listens.map(({ port, transport, name: portName, appProtocol }) => ({
    name: portName,
    port,
    targetPort: port,
    transport,
    appProtocol,
  }));
  return {
    resource,
    part: { type: 'composeService', pod, service: { type: 'ClusterIP', selector: own, ports: drafts } },
    group: COMPOSE_API,
    row: ROWS.service,
    owned: false,
  };
}

function podOf(
  name: string,
  service: Tree,
  listens: readonly Listening[],
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): PodDraft {
  const list = (value: unknown): readonly string[] => (Array.isArray(value) ? (value as readonly string[]) : []);
  const deploy = isObject(service['deploy']) ? service['deploy'] : {};
  const replicas = Number(deploy['replicas'] ?? service['scale'] ?? 1);
  return {
    labels,
    annotations,
    serviceAccount: name,
    replicas: Number.isInteger(replicas) && replicas >= 0 ? replicas : 1,
    containers: [
      {
        name,
        image: textOf(service['image']),
        command: list(service['entrypoint']),
        args: list(service['command']),
        env: Object.entries(service['environment'] as Readonly<Record<string, string | null>>).map(variable),
        ports: listens.map(({ port, transport, name: portName }) => ({ name: portName, port, transport })),
        init: false,
      },
    ],
    envFrom: [],
    podPath: ['spec'],
    envPath: ['spec', 'environment'],
  };
}

/** A value that only the person who starts the system has is no literal. */
function variable([name, value]: readonly [string, string | null]): EnvVar {
  if (value === null) return { name, from: { kind: saysSecret(name) ? 'secret' : 'field', name: '', key: name } };
  const whole = /^\$\{?([A-Za-z_]\w{0,255})(?::?[?][^}]{0,500})?\}?$/.exec(value)?.[1];
  if (whole !== undefined && (saysSecret(name) || saysSecret(whole)))
    return { name, from: { kind: 'secret', name: '.env', key: whole } };
  return { name, value };
}

function labelsOf(service: Tree): Record<string, string> {
  const labels: Record<string, string> = {};
  const deploy = isObject(service['deploy']) && isObject(service['deploy']['labels']) ? service['deploy']['labels'] : {};
  for (const [key, value] of [...Object.entries(deploy), ...Object.entries((service['labels'] ?? {}) as Tree)])
    if (key !== '__proto__') labels[key] = textOf(value);
  return labels;
}

function metaOf(
  name: string,
  namespace: string,
  labels: ObjectMeta['labels'],
  annotations: ObjectMeta['annotations'],
): ObjectMeta {
  return { name, namespace, labels, annotations };
}

function rowOf(kind: string): KindRow {
  return {
    kind,
    group: COMPOSE_API,
    versions: [],
    scope: 'namespace',
    area: 'compose',
    actedOn: true,
    read: (document) => ({ resource: resourceOf(document, kind, document.raw['spec']) }),
  };
}

const ROWS = { service: rowOf(COMPOSE_SERVICE), project: rowOf(COMPOSE_PROJECT) } as const;
