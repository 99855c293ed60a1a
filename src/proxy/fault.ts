// Faults that a VirtualService injects: delays and aborts for a share of requests (Istio, HTTPFaultInjection).
import type { Fault } from '#model/istio-routing.ts';
import { respond } from './respond.ts';
import type { Exchange } from './exchange.ts';
import type { Step } from './stages/step.ts';

/** gRPC's names of its statuses (grpc/grpc, statuscodes.md), from 0. */
const GRPC_STATUSES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];
const TEXT = 'fault filter abort';

export function injectFault(x: Exchange, { delay, abort }: Fault): Step | Promise<Step> {
  const { random } = x.runtime.ports;
  if (!delay || random.unit() * 100 >= delay.percent) return abortShare(x, abort);
  return new Promise<Step>((resolve) => {
    x.runtime.fineTimers.timer(() => resolve('next')).arm(delay.ms);
  }).then((step) => (step === 'next' ? abortShare(x, abort) : step));
}

function abortShare(x: Exchange, abort: Fault['abort']): Step {
  if (!abort || x.runtime.ports.random.unit() * 100 >= abort.percent) return 'next';
  if (abort.grpcStatus === undefined) return respond(x, abort.httpStatus ?? 503, ['content-type', 'text/plain'], TEXT);
  const number = GRPC_STATUSES.indexOf(abort.grpcStatus.toUpperCase());
  const status = number < 0 ? Number.parseInt(abort.grpcStatus, 10) || 2 : number;
  x.grpcStatus = status;
  return respond(x, 200, ['content-type', 'application/grpc', 'grpc-status', String(status), 'grpc-message', TEXT], '');
}
