import type { StatusResponse } from '#api/control.ts';
import { printable } from '../text.ts';
import type { Paint } from '../text.ts';

/** One line a condition that is not as it should be: `HTTPRoute shop/web at Gateway shop/edge: Accepted false, NotAllowedByListeners: …`. */
export function badConditions(resources: StatusResponse['resources'], paint: Paint): string[] {
  return resources.flatMap(({ resource, part, conditions, at }) =>
    conditions
      // What conflicts is also not accepted, and what is not accepted or resolved is not programmed: the cause is said once.
      .filter(({ type, status }) => !status && (type === 'Accepted' || type === 'ResolvedRefs'))
      .map(({ type, reason, message }) => {
        const where = part === '' ? '' : resource.startsWith('Gateway ') ? ` listener ${part}` : ` at ${part}`;
        const why = message === '' ? '' : `: ${message}`;
        return `  ${paint('warn', printable(`${resource}${where}`))}: ${type} false, ${reason}${printable(why)} ${paint('quiet', printable(at))}`;
      }),
  );
}
