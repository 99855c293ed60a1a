import type { Attributes, DenyCode, Reason, RequestAuth } from '#model/decision.ts';
import type { RouteChoice, RouteRequest } from '#plan/route.ts';
import type { Permit } from '#policy/permit.ts';
import type { BodyReader, HttpRequest, HttpResponder } from '#wire/types.ts';
import type { HeaderEdit } from './authorizer.ts';
import type { Caller } from './egress/events.ts';
import type { Refused, WayOut } from './egress/way-out.ts';
import type { Service } from './service.ts';
import type { Destination } from './destination.ts';
import { Headers } from './headers.ts';
import { DEFAULT_RULES, type RetryRules } from './retry.ts';
import type { Runtime } from './runtime.ts';
import type { UpstreamEndpoint } from './upstreams.ts';

const NO_REASONS: readonly Reason[] = Object.freeze([]);
const NO_DESTINATIONS: readonly Destination[] = Object.freeze([]);
const NO_CHANGES: readonly HeaderEdit[] = Object.freeze([]);

/**
 * One HTTP request on its way through a proxy. The stages fill it in order; policy and routes look at it directly, so that what they judge
 * is what is forwarded and no copy is made.
 */
export class Exchange implements Attributes, RouteRequest {
  readonly runtime: Runtime;
  /** The configuration that this request is served by, to its end. */
  readonly service: Service;
  readonly request: HttpRequest;
  readonly responder: HttpResponder;
  readonly startMs: number;

  readonly protocol = 'http';
  readonly method: string;
  /** Set by `peer`. */
  sourceIdentity: string | undefined = undefined;
  /** The peer's copies of forwarding and correlation headers may be believed. */
  trustedPeer = false;
  readonly sourceIp: string;
  remoteIp: string;
  readonly destinationIp: string;
  readonly destinationPort: number;
  readonly sni: string;
  /** Set by `normalise`; until then nothing may look at them. */
  path = '';
  query = '';
  host: string;
  /** Path and query for the next hop. */
  target = '';
  auth: RequestAuth | undefined = undefined;
  /** Headers for the next hop, filled by `strip`. */
  readonly headers = new Headers();

  /** Set by `strip`: the caller takes fields behind the body of its answer. */
  takesTrailers = false;

  requestId = '';
  traceId = '';
  /** Of this hop; '' where it is not traced. */
  spanId = '';
  parentSpanId = '';
  sampled = false;
  sessionId = '';

  route: RouteChoice | undefined = undefined;
  destination: Destination | undefined = undefined;
  /** Destinations that get a copy. */
  mirrors: readonly Destination[] = NO_DESTINATIONS;
  /** What is forwarded of the request's body; `egress` puts a counted and searched one in its place. */
  body: BodyReader;
  /** Authority for the next hop. */
  authority: string;
  responseChanges: readonly HeaderEdit[] = NO_CHANGES;
  requestTimeoutMs = 0;
  backendTimeoutMs = 0;
  /** When it may be sent again; undefined: never. */
  retry: RetryRules | undefined;
  permit: Permit | undefined = undefined;
  /** Why what was sent so far is all that leaves. */
  blocked: Refused | undefined = undefined;
  /** The way out that a tunnel of this request goes. */
  tunnelOut: { readonly way: WayOut; readonly caller: Caller } | undefined = undefined;
  /** Set by `deadline`: a gRPC call, whose outcome is its `grpc-status`. */
  grpc = false;
  /** The answer is on its way: `refuse` and `forward` happen once. */
  answered = false;

  /** Facts for the event. */
  status = 0;
  code: DenyCode | undefined = undefined;
  reasons: readonly Reason[] = NO_REASONS;
  shadow: readonly Reason[] = NO_REASONS;
  bytesIn = 0;
  upstreamMs = 0;
  failed = false;
  /** When it was sent on, monotonic ms; 0 before. */
  sentMs = 0;
  resends = 0;
  /** Where it was sent last. */
  endpoint: UpstreamEndpoint | undefined = undefined;
  /** gRPC status of the answer, -1 when there was none. */
  grpcStatus = -1;

  constructor(runtime: Runtime, service: Service, request: HttpRequest, responder: HttpResponder) {
    const { connection } = request;
    this.runtime = runtime;
    this.service = service;
    this.request = request;
    this.responder = responder;
    this.startMs = runtime.clock.monotonicMs();
    this.body = request.body;
    // A WebSocket is asked for with GET in HTTP/1 and with CONNECT in HTTP/2 (RFC 8441 section 5): to policy both are the same request.
    this.method = request.upgrade === 'websocket' ? 'GET' : request.method;
    this.sourceIp = connection.remoteAddress;
    this.remoteIp = connection.remoteAddress;
    this.destinationIp = service.destinationIp === '' ? connection.localAddress : service.destinationIp;
    this.destinationPort = service.port;
    this.sni = connection.tls?.sni ?? '';
    // The application behind a sidecar is one place: its own sidecar does not try it again, callers do.
    this.retry = service.role === 'sidecar-in' ? undefined : DEFAULT_RULES;
    this.host = request.authority;
    this.authority = request.authority;
  }

  header(name: string): string | undefined {
    return name === 'host' ? this.host || undefined : this.headers.get(name);
  }

  headerValues(name: string): readonly string[] {
    return this.headers.all(name);
  }

  get sourcePort(): number {
    return this.request.connection.remotePort;
  }

  get tlsProtocol(): string {
    return this.request.connection.tls?.protocol ?? '';
  }
}
