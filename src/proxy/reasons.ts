import type { Reason } from '#model/decision.ts';

/** A reason that no AuthorizationPolicy gave. @param at `file:line:column`, '' for a default */
export function reason(
  action: Reason['action'],
  field: string,
  wanted: readonly string[],
  actual: string,
  at: string,
  text: string,
): Reason {
  return { policy: '', action, rule: -1, field, wanted, actual, at, text };
}

/** A plaintext peer met a port that takes mutual TLS only. */
export function mutualTlsRequired(at: string): Reason {
  return reason(
    'PEER_AUTHENTICATION',
    'mtls.mode',
    ['STRICT'],
    'plaintext',
    at,
    'this port takes mutual TLS only, and the connection is plaintext',
  );
}

/** The listener that a connection came through is not part of the configuration any more. */
export function listenerClosed(): Reason {
  return reason('DEFAULT', 'listener', [], '', '', 'the listener is not part of the configuration any more');
}
