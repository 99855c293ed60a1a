// External authorization over gRPC: envoy.service.auth.v3.Authorization/Check, as Istio's EnvoyExternalAuthorizationGrpcProvider uses it.
import { messageOf } from '#base/errors.ts';
import type { ExtAuthzProvider } from '#model/istio.ts';
import { callUnary } from '#wire/grpc/unary.ts';
import type { AuthzConnection, AuthzRequest, ExtAuthz, Verdict } from './authorizer.ts';
import { readCheckResponse, writeCheckRequest } from './check-messages.ts';
import type { Destination } from './destination.ts';

const PATH = '/envoy.service.auth.v3.Authorization/Check';
const ANSWER_BYTES_MAX = 64 * 1024;

/** One provider that speaks gRPC, compiled. */
export class GrpcAuthorizer implements ExtAuthz {
  readonly provider: ExtAuthzProvider;
  readonly #destination: Destination;

  constructor(provider: ExtAuthzProvider, destination: Destination) {
    this.provider = provider;
    this.#destination = destination;
  }

  check(request: AuthzRequest): Promise<Verdict> {
    return this.#ask(request, writeCheckRequest(request, request));
  }

  checkConnection(connection: AuthzConnection): Promise<Verdict> {
    return this.#ask(connection, writeCheckRequest(connection, undefined));
  }

  async #ask({ runtime }: AuthzConnection, message: Buffer): Promise<Verdict> {
    const { service, port, timeoutMs } = this.provider;
    const endpoint = this.#destination.pick(runtime.clock.monotonicMs());
    if (!endpoint) return { kind: 'unavailable', why: 'the external authorizer has no endpoint' };
    const answer = await callUnary(endpoint.pool, runtime.timers, {
      path: PATH,
      authority: `${service}:${port}`,
      message,
      timeoutMs,
      answerBytesMax: ANSWER_BYTES_MAX,
    });
    if (!answer.ok) return { kind: 'unavailable', why: `the external authorizer: ${answer.why}` };
    try {
      return readCheckResponse(answer.message);
    } catch (error) {
      return { kind: 'unavailable', why: `the answer of the external authorizer cannot be read: ${messageOf(error)}` };
    }
  }
}
