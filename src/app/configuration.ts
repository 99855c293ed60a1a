// From changed files to a configuration in force, in control: read, announced to the supervisor, which places it, then distributed. One change at a time.
import { randomUUID } from 'node:crypto';
import type { ReloadResponse } from '#api/control.ts';
import { CullisError } from '#base/errors.ts';
import type { Clock } from '#base/ports.ts';
import { resolveTls } from './serving-certificates.ts';
import type { TlsValues } from '#ingest/kubernetes/tls-values.ts';
import type { Control } from '#control/control.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import { formatLocation } from '#model/origin.ts';
import type { Observed } from '#model/observed.ts';
import type { System } from '#model/system.ts';
import { buildPlan } from '#plan/build.ts';
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
  readonly control: Pick<Control, 'applySystem' | 'reject' | 'setFindings' | 'workerThere'>;
  /** Asks for a place for everything; `place` or `unplaceable` must follow. */
  announce(revision: string, loaded: LoadedSystem): void;
  rejected(diagnostics: readonly Diagnostic[]): void;
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
  #next: Promise<ReloadResponse> | undefined;
  plan: NodePlan | undefined;

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

  async #apply(system: System, tlsValues: TlsValues, placed: Observed, policy: boolean): Promise<NodePlan> {
    const { clock, control } = this.#ports;
    const tls = resolveTls(system, tlsValues, clock.nowMs());
    const observed = { ...placed, tls: tls.material };
    const plan = buildPlan(policy ? system : { ...system, authorizationPolicies: [] }, observed);
    const result = await control.applySystem(system, observed, plan, tls.keys);
    if (!result.ok) throw new CullisError('config.invalid', result.reason);
    return (this.plan = plan);
  }

  #candidateOf(revision: string): Candidate {
    if (this.#candidate?.revision === revision) return this.#candidate;
    throw new CullisError('config.invalid', 'this change is no longer the latest one');
  }
}

/** The place and text of the first mistake, and how many more there are. */
function firstMistake(diagnostics: readonly Diagnostic[]): string {
  const mistakes = diagnostics.filter((one) => one.severity === 'error');
  const [first] = mistakes;
  if (!first) return 'nothing to read';
  const more = mistakes.length > 1 ? ` (and ${mistakes.length - 1} more)` : '';
  return `${formatLocation(first.location)}: ${first.message}${more}`;
}
