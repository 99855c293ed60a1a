// What Gateway API's kinds share (gateway.networking.k8s.io/v1).
import { text } from '../check.ts';
import type { Check } from '../check.ts';

export const GATEWAY_GROUP = 'gateway.networking.k8s.io';

/** A host name, or `*.` before one; no address and no port. */
export const hostname: Check<string> = text({
  min: 1,
  max: 253,
  pattern:
    /^(?!\d{1,3}(?:\.\d{1,3}){3}$)(?:\*\.)?[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*$/,
  meaning: 'a host name in lower case without a port; `*.` may stand before it',
});

/** A host name that stands for itself only. */
export const preciseHostname: Check<string> = text({
  min: 1,
  max: 253,
  pattern: /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*$/,
  meaning: 'a host name in lower case without a port or wildcard',
});

export const group: Check<string> = text({
  max: 253,
  pattern: /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*)?$/,
  meaning: 'an API group',
});
export const kind: Check<string> = text({
  min: 1,
  max: 63,
  pattern: /^[a-zA-Z](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/,
  meaning: 'a kind',
});
export const objectName: Check<string> = text({ min: 1, max: 253 });
/** RFC 9110 section 5.1. */
export const headerName: Check<string> = text({
  min: 1,
  max: 256,
  pattern: /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/,
  meaning: 'an HTTP field name',
});
/** RFC 9110 section 5.5: no control characters, so that a value cannot break out of its line. */
export const headerValue: Check<string> = text({
  min: 1,
  max: 4096,
  pattern: /^[^\u0000-\u0008\u000a-\u001f\u007f]+$/,
  meaning: 'without control characters',
});

/** A kind of another group than the expected one carries its group, so that `example.com/Service` is never taken for a Service. */
export function qualifiedKind(groupName: string, kindName: string, expected: string): string {
  return groupName === expected || (expected === '' && groupName === 'core') ? kindName : `${groupName}/${kindName}`;
}
