// External authorization over HTTP, as Envoy's ext_authz HTTP service and Istio's EnvoyExternalAuthorizationHttpProvider define it.
import { messageOf } from '#base/errors.ts';
import type { Timer } from '#wire/timers.ts';
import type { ExtAuthzProvider } from '#model/istio.ts';
import type { UpstreamCallbacks, UpstreamError } from '#wire/upstream-types.ts';
import type { BodyReader, BodySink, HeaderList } from '#wire/types.ts';
import { type AuthzRequest, type ExtAuthz, type HeaderEdit, type Verdict, mayBeTaken } from './authorizer.ts';
import { Headers } from './headers.ts';
import { compileNames, type NameMatcher } from './name-matcher.ts';
import type { Destination } from './destination.ts';

const BODY_BYTES_MAX = 64 * 1024;
/** Always sent (Envoy, ext_authz HTTP service): beside method, path and host. */
const ALWAYS: ReadonlySet<string> = new Set(['authorization']);
/** Always given back with a denial, beside what is configured (Envoy: Location, WWW-Authenticate and the like). */
const ALWAYS_BACK: ReadonlySet<string> = new Set(['location', 'www-authenticate', 'proxy-authenticate']);
/** One provider that speaks HTTP, compiled. */
export class HttpAuthorizer implements ExtAuthz {
  readonly provider: ExtAuthzProvider;
  readonly #destination: Destination;
  readonly #inCheck: NameMatcher;
  readonly #toUpstream: NameMatcher;
  readonly #backOnDeny: NameMatcher;
  readonly #backOnAllow: NameMatcher;

  constructor(provider: ExtAuthzProvider, destination: Destination) {
    this.provider = provider;
    this.#destination = destination;
    this.#inCheck = compileNames(provider.includeRequestHeadersInCheck);
    this.#toUpstream = compileNames(provider.headersToUpstreamOnAllow);
    this.#backOnDeny = compileNames(provider.headersToDownstreamOnDeny);
    this.#backOnAllow = compileNames(provider.headersToDownstreamOnAllow);
  }

  /** Asks. Never rejects; what is not a clear answer in time is `unavailable`. */
  check(x: AuthzRequest): Promise<Verdict> {
    const { provider } = this;
    const endpoint = this.#destination.pick(x.runtime.clock.monotonicMs());
    if (!endpoint) return Promise.resolve({ kind: 'unavailable', why: 'the external authorizer has no endpoint' });
    return new Promise((resolve) => {
      const asking = new Asking(
        (status, headers, body) => resolve(this.#read(status, headers, body)),
        (why) => resolve({ kind: 'unavailable', why }),
      );
      const timer = x.runtime.timers.timer(() =>
        asking.giveUp(`the external authorizer did not answer within ${provider.timeoutMs} ms`),
      );
      timer.arm(provider.timeoutMs);
      asking.timer = timer;
      try {
        const head = {
          method: x.method,
          target: `${provider.pathPrefix}${x.target}`,
          headers: this.#headers(x).flat,
          bodyKind: 'none' as const,
          length: 0,
        };
        asking.upstream = endpoint.pool.request(head, undefined, asking);
      } catch (error) {
        asking.giveUp(messageOf(error));
      }
    });
  }

  #headers(x: AuthzRequest): Headers {
    const headers = new Headers();
    headers.add('host', 'host', x.host);
    for (let i = 0; i < x.headers.length; i++) {
      const name = x.headers.name(i);
      if (name !== 'host' && (ALWAYS.has(name) || this.#inCheck(name))) headers.add(name, name, x.headers.value(i));
    }
    for (const [name, value] of Object.entries(this.provider.includeAdditionalHeadersInCheck))
      headers.set(name.toLowerCase(), value);
    return headers;
  }

  #read(status: number, headers: HeaderList, body: Buffer): Verdict {
    if (status === 200)
      return { kind: 'allow', upstream: edits(headers, this.#toUpstream), downstream: edits(headers, this.#backOnAllow) };
    if (status >= 500) return { kind: 'unavailable', why: `the external authorizer answered ${status}` };
    const all = this.provider.headersToDownstreamOnDeny.length === 0;
    return {
      kind: 'deny',
      status,
      headers: take(headers, all ? () => true : (name) => ALWAYS_BACK.has(name) || this.#backOnDeny(name)),
      body,
    };
  }
}

function take(headers: HeaderList, wanted: NameMatcher): string[] {
  const taken: string[] = [];
  for (let i = 0; i < headers.length; i++) {
    const name = headers.name(i);
    if (wanted(name) && mayBeTaken(name)) taken.push(name, headers.value(i));
  }
  return taken;
}

function edits(headers: HeaderList, wanted: NameMatcher): HeaderEdit[] {
  const taken = take(headers, wanted);
  return taken.flatMap((name, i) => (i % 2 === 0 ? [{ op: 'set', name, value: taken[i + 1]! }] : []));
}

/** One question under way. */
class Asking implements UpstreamCallbacks, BodySink {
  upstream: { abort(reason: string): void } | undefined;
  timer: Timer | undefined;
  readonly #done: (status: number, headers: HeaderList, body: Buffer) => void;
  readonly #failed: (why: string) => void;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #headers: HeaderList | undefined;
  #settled = false;

  constructor(done: (status: number, headers: HeaderList, body: Buffer) => void, failed: (why: string) => void) {
    this.#done = done;
    this.#failed = failed;
  }

  giveUp(why: string): void {
    if (!this.#settle()) return;
    this.upstream?.abort(why);
    this.#failed(why);
  }

  onHead(status: number, headers: HeaderList, body: BodyReader): void {
    this.#status = status;
    this.#headers = headers;
    body.pipe(this);
  }

  write(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > BODY_BYTES_MAX) this.giveUp('the answer of the external authorizer is too large');
    else this.#chunks.push(chunk);
    return true;
  }

  end(): void {
    if (this.#settle()) this.#done(this.#status, this.#headers!, Buffer.concat(this.#chunks));
  }

  abort(why: string): void {
    if (this.#settle()) this.#failed(why);
  }

  onError(error: UpstreamError): void {
    if (this.#settle()) this.#failed(error.message);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.timer?.clear();
    return true;
  }
}
