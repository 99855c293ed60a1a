import { messageOf } from '#base/errors.ts';
import type { Arrival } from '../arrival.ts';
import { reason } from '../reasons.ts';
import type { Step } from './step.ts';

/** May this connection be served at all: the configuration is not too old, and on an outbound listener the caller is the workload itself. */
export function accept(a: Arrival): Step | Promise<Step> {
  if (!a.runtime.leaseHolds()) {
    a.socket.destroy();
    return 'done';
  }
  if (a.service.role !== 'sidecar-out') return 'next';
  try {
    const owned = a.runtime.ports.ownsSocket(a.service.workload, a.socket);
    return typeof owned === 'boolean'
      ? judge(a, owned, '')
      : owned.then(
          (settled) => judge(a, settled, ''),
          (error: unknown) => judge(a, false, messageOf(error)),
        );
  } catch (error) {
    return judge(a, false, messageOf(error));
  }
}

function judge(a: Arrival, owned: boolean, fault: string): Step {
  if (owned) return 'next';
  const text =
    fault === ''
      ? 'the caller is not a process of the workload that this listener belongs to'
      : `it could not be found out which process calls: ${fault}`;
  const reasons = [
    reason('DEFAULT', 'listener', [a.service.workload], `${a.remoteAddress}:${a.socket.remotePort ?? 0}`, '', text),
  ];
  a.slot.refuse(a, 'listener.foreign', reasons);
  return 'done';
}
