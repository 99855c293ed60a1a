// From changed files to a configuration in force, in control: read, announced to the supervisor, which places it, then distributed. One change at a time.
import { createHash, randomUUID } from 'node:crypto';
import type { ReloadResponse } from '#api/control.ts';
import { CullisError } from '#base/errors.ts';
import type { Clock } from '#base/ports.ts';
import { resolveTls } from './serving-certificates.ts';
import type { TlsValues } from '#ingest/kubernetes/tls-values.ts';
import type { Control } from '#control/control.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import { formatLocation } from '#model/origin.ts';
import { type Observed, type ReplicaHealth, replicaId } from '#model/observed.ts';
import type { System } from '#model/system.ts';
import { type Planned, planFor } from '#plan/build.ts';
import { replicasOf } from '#plan/replicas.ts';
import type { NodePlan } from '#plan/plan.ts';
import type { Manifests } from './manifests.ts';
import type { LoadedSystem } from './messages.ts';

/** The supervisor may have to make namespaces and wait for those that end. */
const PLACE_TIMEOUT_MS = 60_000;
/** A worker that is just being started again need not be missed by a change. */
const WORKER_WAIT_MS = 5_000;

export interface ConfigurationPorts {
  readonly manifests: Pick<Manifests, 'read'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly control: Pick<Control, 'applySystem' | 'applyEndpoints' | 'reject' | 'setFindings' | 'workerThere'>;
  /** Names of endpoints whose addresses are wanted from now on; `setResolved` follows when they are known or change. */
  resolve?(names: readonly string[]): void;
  /** Asks for a place for everything; `place` or `unplaceable` must follow. */
  announce(revision: string, loaded: LoadedSystem): void;
  rejected(diagnostics: readonly Diagnostic[]): void;
  /** What the environment adds to a System; none when absent. */
  completed?(system: System): System;
  /** Another plan is in force. */
  applied?(system: System, plan: NodePlan): void;
}

interface Outcome {
  readonly applied: boolean;
  readonly version: string;
  readonly reason: string;
}

/** The latest that was read without mistakes. It may be placed again after a refusal: a port that was taken meanwhile is not its fault. */
interface Candidate {
  readonly revision: string;
  readonly hash: string;
  readonly loaded: LoadedSystem;
  readonly tlsValues: TlsValues;
  readonly outcome: PromiseWithResolvers<Outcome>;
}

export class Configuration {
  readonly #ports: ConfigurationPorts;
  #candidate: Candidate | undefined;
  #inForce:
    | { readonly hash: string; readonly system: System; readonly tlsValues: TlsValues; readonly observed: Observed }
    | undefined;
  #rejected = false;
  #turn: Promise<unknown> = Promise.resolve();
  #placing: Promise<unknown> = Promise.resolve();
  #waiting: Promise<void> | undefined;
  #next: Promise<ReloadResponse> | undefined;
  plan: NodePlan | undefined;
  #planned: Planned | undefined;
  #health: Readonly<Record<string, ReplicaHealth>> = {};
  #resolved: Readonly<Record<string, readonly string[]>> = {};
  /** Replicas that are about to be stopped and still run. */
  readonly #leaving = new Set<string>();

  constructor(ports: ConfigurationPorts) {
    this.#ports = ports;
  }

  /**
   * Reads everything again and puts it in force, or says why not and leaves what is in force as it is. Never two at once: who comes while one
   * runs gets the one after it, all of them the same.
   * @param onlyNews true leaves it at that when the texts are those that are in force
   */
  reload(onlyNews = false): Promise<ReloadResponse> {
    this.#next ??= this.#turn.then(() => {
      this.#next = undefined;
      const turn = this.#reload(onlyNews);
      this.#turn = turn.catch(() => undefined);
      return turn;
    });
    return this.#next;
  }

  async #reload(onlyNews: boolean): Promise<ReloadResponse> {
    const { manifests, control } = this.#ports;
    const result = manifests.read();
    const version = this.plan?.version ?? '';
    if (onlyNews && !this.#rejected && result.hash === this.#inForce?.hash)
      return { applied: true, version, reason: '', diagnostics: [] };
    if (!result.ok) {
      const reason = firstMistake(result.diagnostics);
      control.setFindings(undefined, result.diagnostics);
      this.#rejected = true;
      await control.reject('', reason);
      this.#ports.rejected(result.diagnostics);
      return { applied: false, version, reason, diagnostics: result.diagnostics };
    }
    const { loaded, hash, tlsValues } = result;
    if (this.#inForce && onlySlicesDiffer(this.#inForce.system, loaded.system)) {
      this.#inForce = { ...this.#inForce, hash, system: loaded.system, tlsValues };
      this.#rejected = false;
      control.setFindings(loaded.findings, loaded.diagnostics);
      await this.#inTurn();
      return { applied: true, version: this.plan!.version, reason: '', diagnostics: loaded.diagnostics };
    }
    const outcome = Promise.withResolvers<Outcome>();
    const candidate: Candidate = { revision: randomUUID(), hash, loaded, tlsValues, outcome };
    this.#candidate = candidate;
    this.#ports.announce(candidate.revision, loaded);
    const late = setTimeout(
      () => outcome.resolve({ applied: false, version, reason: 'the supervisor did not place it in time' }),
      PLACE_TIMEOUT_MS,
    );
    const settled = await outcome.promise;
    clearTimeout(late);
    this.#rejected = !settled.applied;
    return { ...settled, diagnostics: loaded.diagnostics };
  }

  /** @returns the version in force @throws CullisError config.invalid when it is not the latest revision, or was refused */
  async place(revision: string, observed: Observed, policy: boolean): Promise<string> {
    const { control } = this.#ports;
    const candidate = this.#candidateOf(revision);
    const { system, findings, diagnostics } = candidate.loaded;
    await control.workerThere(WORKER_WAIT_MS);
    const { tlsValues } = candidate;
    const plan = await this.#apply(system, tlsValues, observed, policy).catch((error: unknown) => {
      const reason = error instanceof CullisError ? error.message : 'the configuration could not be distributed';
      candidate.outcome.resolve({ applied: false, version: this.plan?.version ?? '', reason });
      throw error;
    });
    this.#inForce = { hash: candidate.hash, system, tlsValues, observed };
    // How the replicas are doing may have changed meanwhile.
    void this.#inTurn();
    this.#rejected = false;
    control.setFindings(findings, diagnostics);
    candidate.outcome.resolve({ applied: true, version: plan.version, reason: '' });
    return plan.version;
  }

  async unplaceable(revision: string, reason: string): Promise<void> {
    const candidate = this.#candidateOf(revision);
    await this.#ports.control.reject('', reason);
    candidate.outcome.resolve({ applied: false, version: this.plan?.version ?? '', reason });
  }

  /** @throws CullisError config.invalid before anything is in force */
  async setPolicy(on: boolean): Promise<string> {
    if (!this.#inForce) throw new CullisError('config.invalid', 'nothing is in force yet');
    const { system, tlsValues, observed } = this.#inForce;
    return (await this.#apply(system, tlsValues, observed, on)).version;
  }

  /** How the replicas are doing: who is down gets no requests, while others are there. */
  setHealth(health: Readonly<Record<string, ReplicaHealth>>): Promise<void> {
    if (JSON.stringify(health) === JSON.stringify(this.#health)) return Promise.resolve();
    this.#health = health;
    for (const id of this.#leaving) if (health[id] !== 'ready') this.#leaving.delete(id);
    return this.#inTurn();
  }

  /** Addresses of the names that endpoints have. */
  setResolved(resolved: Readonly<Record<string, readonly string[]>>): Promise<void> {
    this.#resolved = resolved;
    return this.#inTurn();
  }

  /** These are about to be stopped. Resolves when nobody sends them anything new. */
  leaving(replicas: readonly string[]): Promise<void> {
    for (const id of replicas) this.#leaving.add(id);
    return this.#inTurn();
  }

  /** Those who ask while one waits for its turn get that one. */
  #inTurn(): Promise<void> {
    if (!this.#inForce) return Promise.resolve();
    if (this.#waiting) return this.#waiting;
    // Not behind a reload: that one waits for the supervisor, which may be waiting for this.
    const turn = this.#placing.then(() => {
      this.#waiting = undefined;
      return this.#placeEndpoints();
    });
    this.#waiting = turn;
    this.#placing = turn.catch(() => undefined);
    return turn;
  }

  async #placeEndpoints(): Promise<void> {
    if (!this.#planned || !this.#inForce) return;
    const { observed, system } = this.#inForce;
    const named = system.endpointSlices.filter(({ addressType }) => addressType === 'FQDN');
    this.#ports.resolve?.([
      ...new Set(named.flatMap((slice) => slice.endpoints.flatMap(({ addresses }) => addresses.slice(0, 1)))),
    ]);
    const turn = this.#planned.again(this.#now(observed), system.endpointSlices);
    this.plan = turn.plan;
    if (Object.keys(turn.changes).length > 0) await this.#ports.control.applyEndpoints(turn);
  }

  /** What was placed, with how it is doing. A replica that nobody has heard of yet is starting. */
  #now(observed: Observed): Observed {
    const health: Record<string, ReplicaHealth> = {};
    for (const placement of Object.values(observed.placements))
      replicasOf(placement).forEach((_, i) => {
        const id = replicaId(placement.workload, i);
        health[id] = this.#leaving.has(id) ? 'draining' : (this.#health[id] ?? 'starting');
      });
    return { ...observed, health, resolved: this.#resolved };
  }

  async #apply(system: System, tlsValues: TlsValues, placed: Observed, policy: boolean): Promise<NodePlan> {
    const { clock, control } = this.#ports;
    const tls = resolveTls(system, tlsValues, clock.nowMs());
    const observed = { ...this.#now(placed), tls: tls.material };
    const whole = this.#ports.completed?.(system) ?? system;
    const planned = planFor(policy ? whole : { ...whole, authorizationPolicies: [] }, observed);
    const result = await control.applySystem(whole, observed, planned.plan, tls.keys);
    if (!result.ok) throw new CullisError('config.invalid', result.reason);
    this.#ports.applied?.(whole, planned.plan);
    this.#planned = planned;
    this.plan = planned.plan;
    return planned.plan;
  }

  #candidateOf(revision: string): Candidate {
    if (this.#candidate?.revision === revision) return this.#candidate;
    throw new CullisError('config.invalid', 'this change is no longer the latest one');
  }
}

/** Whether two Systems are the same but for their EndpointSlices, and these are of the same services. */
function onlySlicesDiffer(before: System, after: System): boolean {
  const servicesOf = (system: System): string =>
    JSON.stringify([...new Set(system.endpointSlices.map(({ namespace, service }) => `${namespace}/${service}`))].sort());
  return after.hash !== before.hash && servicesOf(before) === servicesOf(after) && restOf(before) === restOf(after);
}

const rests = new WeakMap<System, string>();

/** A System's documents without its EndpointSlices. */
function restOf(system: System): string {
  let rest = rests.get(system);
  if (rest === undefined) {
    const others = system.resources.filter(({ kind }) => kind !== 'EndpointSlice').map((each) => JSON.stringify(each));
    rests.set(system, (rest = createHash('sha256').update(others.sort().join('\n')).digest('hex')));
  }
  return rest;
}

/** The place and text of the first mistake, and how many more there are. */
function firstMistake(diagnostics: readonly Diagnostic[]): string {
  const mistakes = diagnostics.filter((one) => one.severity === 'error');
  const [first] = mistakes;
  if (!first) return 'nothing to read';
  const more = mistakes.length > 1 ? ` (and ${mistakes.length - 1} more)` : '';
  return `${formatLocation(first.location)}: ${first.message}${more}`;
}
