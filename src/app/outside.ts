// What a proxy worker needs of the world outside the mesh: names, which addresses may be dialled, and what a secret looks like.
import { lookup } from 'node:dns/promises';
import { outsideGuard } from '#connect/outside-guard.ts';
import type { OutsidePorts } from '#proxy/egress/dial.ts';
import { SECRET_RULES } from '#scan/secrets/rules.ts';
import { compileSecretRules } from '#scan/secrets/scanner.ts';
import type { SecretScanner } from '#scan/secrets/scanner.ts';

/** Of one message; more say nothing new. */
const HITS_MAX = 16;

/** The ports over this machine's resolver. The rules are made ready when the first byte leaves: most workers never send any out. */
export function outsidePorts(): OutsidePorts {
  let scanner: SecretScanner | undefined;
  const guards = new Map<string, ReturnType<typeof outsideGuard>>();
  return {
    resolve: async (host) => (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address),
    allows: (host, address, port, privateRanges) => {
      const key = privateRanges.join(' ');
      let guard = guards.get(key);
      // One for each configuration that differs in them.
      if (!guard) guards.clear();
      guards.set(key, (guard ??= outsideGuard(privateRanges)));
      return guard(host, address, port);
    },
    findSecrets: (bytes) => {
      scanner ??= compileSecretRules({ rules: SECRET_RULES });
      // The name of a file that is none: what leaves is data, not source code.
      return scanner.scan('outbound.txt', bytes, { hitsMax: HITS_MAX }).map(({ rule, line, column }) => ({ rule, line, column }));
    },
  };
}
