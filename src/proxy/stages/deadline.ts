import { GRPC, isGrpc, readGrpcTimeout, writeGrpcTimeout } from '../grpc.ts';
import { reason } from '../reasons.ts';
import { refuse } from '../refuse.ts';
import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

/**
 * The deadline of a gRPC call: what its caller still waits for, less what was spent here, and no more than the route allows. The next hop is told
 * what is left, so that nobody works for an answer that comes too late.
 */
export function deadline(x: Exchange): Step | Promise<Step> {
  // gRPC is HTTP/2's; nothing is looked up for the rest.
  if (x.request.version !== '2' || !isGrpc(x.request.headers.get('content-type'))) return 'next';
  x.grpc = true;
  const value = x.headers.get('grpc-timeout');
  if (value === undefined) return 'next';
  const givenMs = readGrpcTimeout(value);
  if (givenMs === undefined) {
    const reasons = [reason('DEFAULT', 'grpc-timeout', [], value.slice(0, 64), '', 'the deadline is malformed')];
    return refuse(x, { status: 400, code: 'request.invalid', reasons });
  }
  const leftMs = givenMs - (x.runtime.clock.monotonicMs() - x.startMs);
  if (leftMs <= 0) {
    x.failed = true;
    const reasons = [reason('DEFAULT', 'grpc-timeout', [], value, '', 'the deadline was over before the call could be sent on')];
    return refuse(x, { status: 504, code: 'upstream.failed', reasons, grpcStatus: GRPC.DEADLINE_EXCEEDED });
  }
  x.requestTimeoutMs = x.requestTimeoutMs > 0 ? Math.min(x.requestTimeoutMs, leftMs) : leftMs;
  x.headers.set('grpc-timeout', writeGrpcTimeout(x.requestTimeoutMs));
  return 'next';
}
