// Secrets that workloads hold (SECRET_MOUNT, SECRET_ENV, SECRET_LITERAL) and what each opens (CRED_FOR).
import { meshNames } from '#model/mesh-names.ts';
import type { Path } from '#model/origin.ts';
import type { EnvVar, Workload } from '#model/system.ts';
import { listAt, memberOf, objectAt, textAt } from '#base/raw.ts';
import type { WorkloadAsset } from '../assets.ts';
import type { Build } from '../context.ts';
import { assetNode, workloadNode } from '../context.ts';
import { evidenceAt } from '../evidence.ts';
import { ServiceTargets } from '../flows.ts';
import type { Evidence } from '../model.ts';
import { PROBABILITIES as P } from '../probabilities.ts';
import { wordsOf } from '../stores.ts';

export interface HeldSecret {
  /** `namespace/name` of the Secret, or `literal …` */
  readonly id: string;
  readonly kind: 'SECRET_MOUNT' | 'SECRET_ENV' | 'SECRET_LITERAL';
  readonly text: string;
  readonly path: Path;
  /** Environment variables that it fills. */
  readonly variables: readonly string[];
  readonly keys: readonly string[];
}

const CREDENTIAL =
  /(?:PASS(?:WORD|WD)?|PWD|SECRET|TOKEN|CREDENTIALS?|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|DSN|CONNECTION_?STRING)(?:_|$)/i;
/** A connection string with a password in it. The value itself goes no further than this test. */
const DSN = /^[a-z][a-z0-9+.-]{1,30}:\/\/[^\s:/@]{0,256}:[^\s/@]{1,256}@/i;
const HOLD_MAX = 500;

function isCredential(name: string, value: string | undefined): boolean {
  if (value === undefined || value === '' || value.length > 8192) return false;
  return DSN.test(value) || (CREDENTIAL.test(name) && !/_?(?:FILE|PATH)$/i.test(name));
}

function literal(workload: Workload, name: string, path: Path): HeldSecret {
  return {
    id: `literal ${workload.id} ${name}`,
    kind: 'SECRET_LITERAL',
    text: `\`${name}\` is written out`,
    path,
    variables: [name],
    keys: [],
  };
}

/** Every Secret, and every credential written out, that a workload's processes can read. */
export function secretsOf(build: Build, workload: Workload): readonly HeldSecret[] {
  const held = new Map<string, HeldSecret>();
  const pod = build.pods.get(workload.id)!;
  const add = (one: HeldSecret): void => {
    const present = held.get(one.id);
    if (present)
      held.set(one.id, { ...present, variables: [...present.variables, ...one.variables], keys: [...present.keys, ...one.keys] });
    else if (held.size < HOLD_MAX) held.set(one.id, one);
  };
  const named = (name: string): string => `${workload.namespace}/${name}`;
  if (!pod.kubernetes) {
    // Compose: variables by name, and secrets that are granted to the service.
    for (const { name, value } of workload.containers.flatMap(({ env }) => env))
      if (isCredential(name, value)) add(literal(workload, name, ['spec', 'environment', name]));
    for (const [i, grant] of listAt(workload.resource.spec, 'secrets').entries()) {
      const source = textAt(grant, 'source');
      if (source === undefined) continue;
      const text = `is granted secret \`${source}\``;
      add({ id: named(source), kind: 'SECRET_MOUNT', text, path: ['spec', 'secrets', i], variables: [], keys: [] });
    }
  }
  for (const { raw, path } of pod.containers) {
    for (const [i, variable] of listAt(raw, 'env').entries()) {
      const ref = objectAt(objectAt(variable, 'valueFrom'), 'secretKeyRef');
      const [name, secret, value] = [textAt(variable, 'name') ?? '', textAt(ref, 'name'), textAt(variable, 'value')];
      const at = [...path, 'env', i];
      if (secret !== undefined) {
        add({
          id: named(secret),
          kind: 'SECRET_ENV',
          text: `\`${name}\` comes from secret \`${secret}\``,
          path: at,
          variables: [name],
          keys: [textAt(ref, 'key') ?? ''],
        });
      } else if (isCredential(name, value)) add(literal(workload, name, [...at, 'value']));
    }
    for (const [i, source] of listAt(raw, 'envFrom').entries()) {
      const secret = textAt(objectAt(source, 'secretRef'), 'name');
      if (secret === undefined) continue;
      const keys = workload.containers.flatMap(({ env }) =>
        env.filter(({ from }) => from?.kind === 'secret' && from.name === secret).map(({ name }) => name),
      );
      add({
        id: named(secret),
        kind: 'SECRET_ENV',
        text: `takes every key of secret \`${secret}\` as a variable`,
        path: [...path, 'envFrom', i],
        variables: keys,
        keys,
      });
    }
  }
  for (const [i, volume] of listAt(pod.spec, 'volumes').entries()) {
    const at = [...pod.path, 'volumes', i];
    const sources: [string | undefined, Path][] = [[textAt(objectAt(volume, 'secret'), 'secretName'), at]];
    for (const [s, source] of listAt(objectAt(volume, 'projected'), 'sources').entries())
      sources.push([textAt(objectAt(source, 'secret'), 'name'), [...at, 'projected', 'sources', s]]);
    sources.push([textAt(objectAt(objectAt(volume, 'csi'), 'nodePublishSecretRef'), 'name'), at]);
    for (const [secret, place] of sources)
      if (secret !== undefined)
        add({
          id: named(secret),
          kind: 'SECRET_MOUNT',
          text: `mounts secret \`${secret}\``,
          path: place,
          variables: [],
          keys: [],
        });
  }
  return [...held.values()];
}

export interface Opens {
  readonly asset: WorkloadAsset;
  readonly probability: number;
  readonly text: string;
}

/** What a credential is for: asked of the variables beside it, its name, and who else holds it. */
export class Credentials {
  readonly #build: Build;
  readonly #names: ReturnType<typeof meshNames>;
  readonly #targets: ServiceTargets;
  readonly #holders = new Map<string, Set<string>>();
  readonly held: ReadonlyMap<string, readonly HeldSecret[]>;

  constructor(build: Build) {
    this.#build = build;
    this.#names = meshNames(build.system.services, build.system.mesh.clusterDomain);
    this.#targets = new ServiceTargets(build.system);
    this.held = new Map(build.system.workloads.map((workload) => [workload.id, secretsOf(build, workload)]));
    for (const [id, secrets] of this.held)
      for (const secret of secrets) {
        const present = this.#holders.get(secret.id);
        if (present) present.add(id);
        else this.#holders.set(secret.id, new Set([id]));
      }
  }

  /** Workloads that hold a secret. */
  holders(secret: string): ReadonlySet<string> {
    return this.#holders.get(secret) ?? new Set();
  }

  /** Jewels that a secret which `workload` holds opens. */
  opens(workload: Workload, secret: HeldSecret): readonly Opens[] {
    const found = new Map<string, Opens>();
    const take = (one: Opens): void => {
      const present = found.get(one.asset.holder);
      if (one.asset.holder !== workload.id && (!present || present.probability < one.probability))
        found.set(one.asset.holder, one);
    };
    for (const variable of secret.variables) for (const one of this.#byVariable(workload, variable)) take(one);
    for (const one of this.byName(secret.id, secret.keys)) take(one);
    return [...found.values()];
  }

  /** Jewels that a Secret opens by what it is called and by the store that keeps it as well. */
  byName(secret: string, keys: readonly string[]): readonly Opens[] {
    const found: Opens[] = [];
    const literal = secret.startsWith('literal ');
    const slash = secret.indexOf('/');
    const [namespace, name] = literal ? ['', ''] : [secret.slice(0, slash), secret.slice(slash + 1)];
    const holders = this.holders(secret);
    const words = new Set([...wordsOf(name), ...keys.flatMap((key) => wordsOf(key.replaceAll('_', '-')))]);
    for (const asset of this.#build.assets.values()) {
      const { workload, sign } = asset;
      if (holders.has(workload.id)) {
        found.push({ asset, probability: P.credential, text: `${workload.id} itself keeps this secret` });
        continue;
      }
      if (literal || workload.namespace !== namespace || !looksLikeCredential(name, keys)) continue;
      const own = wordsOf(workload.name);
      const called = own.length > 0 && own.every((word) => words.has(word));
      const kind = sign !== undefined && sign.store.words.some((word) => words.has(word)) && this.#only(asset);
      if (called || kind)
        found.push({
          asset,
          probability: P.credentialGuess,
          text: `its name speaks of ${called ? workload.name : sign!.store.name}`,
        });
    }
    return found;
  }

  /** Whether a jewel is the only one of its kind in its namespace. */
  #only(asset: WorkloadAsset): boolean {
    for (const other of this.#build.assets.values())
      if (other !== asset && other.sign?.store === asset.sign?.store && other.workload.namespace === asset.workload.namespace)
        return false;
    return true;
  }

  /** `DB_PASSWORD` beside `DB_HOST=customer-database`; a connection string names its host itself. */
  #byVariable(workload: Workload, name: string): readonly Opens[] {
    const found: Opens[] = [];
    for (const { env } of workload.containers) {
      const variable = env.find((each) => each.name === name);
      if (!variable) continue;
      for (const asset of this.#named(variable.value, workload))
        found.push({ asset, probability: P.credential, text: `\`${name}\` is a connection string for it` });
      const prefix = prefixOf(name);
      for (const beside of env) {
        if (beside === variable || beside.value === undefined || prefixOf(beside.name) !== prefix || !isAddress(beside)) continue;
        for (const asset of this.#named(beside.value, workload))
          found.push({ asset, probability: P.credential, text: `\`${beside.name}\` beside it names the host` });
      }
    }
    return found;
  }

  #named(value: string | undefined, workload: Workload): readonly WorkloadAsset[] {
    if (value === undefined || value === '') return [];
    const services = this.#names.find(value, workload.namespace).map(({ service }) => service);
    if (services.length === 0 && /^[a-z0-9.-]{1,253}$/i.test(value)) {
      const service = this.#names.resolve(value, workload.namespace);
      if (service) services.push(service);
    }
    return services.flatMap((service) => this.#targets.of(service).flatMap(({ id }) => this.#build.assets.get(id) ?? []));
  }
}

function looksLikeCredential(name: string, keys: readonly string[]): boolean {
  return (
    CREDENTIAL.test(name.replaceAll(/[-.]/g, '_')) ||
    keys.length === 0 ||
    keys.some((key) => CREDENTIAL.test(key.replaceAll(/[-.]/g, '_')) || /url|uri|user/i.test(key))
  );
}

/** `ORDERS_DB_PASSWORD` → `ORDERS_DB` */
function prefixOf(name: string): string {
  const cut = name
    .toUpperCase()
    .replace(
      /_?(?:USER(?:NAME)?|PASS(?:WORD|WD)?|PWD|SECRET|TOKEN|HOST(?:NAME)?|ADDR(?:ESS)?|SERVER|URL|URI|ENDPOINT|PORT|NAME|DATABASE)$/,
      '',
    );
  return cut;
}

function isAddress({ name }: EnvVar): boolean {
  return /(?:HOST|HOSTNAME|ADDR|ADDRESS|SERVER|URL|URI|ENDPOINT)$/i.test(name);
}

/** Secrets that open a jewel for a workload that is not its declared client: declared clients have their own edge, with the same evidence. */
export function credentialEdges(build: Build, credentials: Credentials): void {
  const { builder } = build;
  if (build.assets.size === 0) return;
  for (const workload of build.system.workloads) {
    for (const secret of credentials.held.get(workload.id)!) {
      const opened = credentials
        .opens(workload, secret)
        .filter(({ asset }) => !build.clients.has(`${workload.id} ${asset.holder}`));
      for (const { asset, probability, text } of opened) {
        if (!reachesAny(build, workload.id, asset)) continue;
        const from = workloadNode(build, workload.id);
        const label = secret.kind === 'SECRET_LITERAL' ? secret.id.slice(secret.id.lastIndexOf(' ') + 1) : secret.id;
        const node = builder.node(`secret:${secret.id}@${workload.id}`, 'secret', `secret ${label}`, { workload: workload.id });
        const held: Evidence = evidenceAt(secret.text, workload.resource, secret.path);
        const fact = builder.fact(
          `secret:${workload.id}:${secret.id}`,
          `${workload.id} holds a credential of ${asset.holder}, which it has no declared business with`,
          held,
        );
        builder.edge(from, node, {
          kind: secret.kind,
          probability: P.secretInProcess,
          text: secret.text,
          evidence: [held],
          facts: [fact],
        });
        builder.edge(node, assetNode(build, asset), {
          kind: 'CRED_FOR',
          probability,
          text: `opens ${asset.holder} with it: ${text}`,
          evidence: [held],
        });
      }
    }
  }
}

/** Whether any port of a jewel's workload is reached. */
export function reachesAny(build: Build, from: string, asset: WorkloadAsset): boolean {
  if (from === asset.holder) return true;
  const ranges = build.reach.connections(from, asset.holder);
  if (ranges.length === 0) return false;
  return build.reach
    .access(from, asset.holder)
    .some(({ network, link, requests }) => network && link !== 'refused' && requests !== 'none');
}

/** Secrets that are declared, with their keys. */
export function declaredSecrets(
  build: Build,
): readonly { readonly id: string; readonly namespace: string; readonly keys: readonly string[]; readonly type: string }[] {
  return build.system.resources.flatMap((resource) => {
    if (resource.kind !== 'Secret' || resource.apiVersion !== 'v1') return [];
    const { namespace, name } = resource.metadata;
    const keys = ['data', 'stringData'].flatMap((member) => Object.keys(objectAt(resource.body, member) ?? {}));
    const type = memberOf(resource.body, 'type');
    return [{ id: `${namespace}/${name}`, namespace, keys, type: typeof type === 'string' ? type : 'Opaque' }];
  });
}
