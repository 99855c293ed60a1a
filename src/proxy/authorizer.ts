// External authorizers, whatever they speak: what they are told and what they answer.
import type { Clock } from '#base/ports.ts';
import type { ExtAuthzProvider } from '#model/istio.ts';
import type { ConnectionInfo } from '#wire/types.ts';
import type { TimerWheel } from '#wire/timers.ts';
import type { Headers } from './headers.ts';

/** A change of one header. `append` joins an existing header only, `default` adds where there is none, `replace` changes an existing one only. */
export interface HeaderEdit {
  readonly op: 'set' | 'add' | 'append' | 'default' | 'replace' | 'remove';
  /** Lower case. */
  readonly name: string;
  readonly value: string;
}

export type Verdict =
  | {
      readonly kind: 'allow';
      /** For the request that goes on. */
      readonly upstream: readonly HeaderEdit[];
      /** For the answer that goes back. */
      readonly downstream: readonly HeaderEdit[];
      /** Query parameters to be set (name, value) and removed, of an authorizer that asks for it. */
      readonly setParams?: readonly (readonly [string, string])[];
      readonly removeParams?: readonly string[];
    }
  | {
      readonly kind: 'deny';
      readonly status: number;
      /** Names and values in turn. */
      readonly headers: readonly string[];
      readonly body: Buffer;
    }
  | { readonly kind: 'unavailable'; readonly why: string };

/** Both ends of a connection, as an authorizer is told about them. */
export interface AuthzConnection {
  readonly runtime: { readonly clock: Clock; readonly timers: TimerWheel };
  readonly service: { readonly identity: string };
  readonly sourceIp: string;
  readonly sourcePort: number;
  readonly sourceIdentity: string | undefined;
  readonly destinationIp: string;
  readonly destinationPort: number;
}

/** A request; an Exchange is one. */
export interface AuthzRequest extends AuthzConnection {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly headers: Headers;
  readonly requestId: string;
  readonly request: {
    readonly version: string;
    readonly connection: Pick<ConnectionInfo, 'tls'>;
    readonly body: { readonly length: number };
  };
}

/** One provider, compiled. */
export interface ExtAuthz {
  readonly provider: ExtAuthzProvider;
  /** Asks about a request. Never rejects; what is not a clear answer in time is `unavailable`. */
  check(request: AuthzRequest): Promise<Verdict>;
  /** Asks about a TCP connection; absent where the provider's protocol cannot. */
  checkConnection?(connection: AuthzConnection): Promise<Verdict>;
}

/** Framing, routing, and what only this proxy may say. */
const NEVER =
  /^(?::.*|content-length|transfer-encoding|connection|keep-alive|upgrade|trailer|te|host|proxy-connection|date|server|x-cullis-.*|x-forwarded-client-cert)$/;

/** Whether an authorizer may have a say in a header. @param name lower case */
export function mayBeTaken(name: string): boolean {
  return !NEVER.test(name);
}
