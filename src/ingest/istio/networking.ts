// Istio's own Gateway: checked for shape and kept as written.
import { anyText, flag, list, object, optional, port, record, required, word } from '../check.ts';
import type { Fields } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { checkDryRun } from './common.ts';
import { entryProtocol } from './service-entry.ts';

function kind(fields: Fields, more?: (spec: unknown, scope: Parameters<KindReader>[1]) => void): KindReader {
  const check = object(fields);
  return (document, scope) => {
    checkDryRun(document, undefined, scope);
    const raw = document.raw['spec'] ?? {};
    const spec = scope.at('spec', () => {
      const read = check(raw, scope);
      if (read !== undefined) more?.(read, scope);
      return read;
    });
    return spec === undefined ? undefined : { resource: resourceOf(document, document.kind, raw) };
  };
}

const server = object({
  port: required(
    object({ number: required(port), protocol: required(entryProtocol), name: optional(anyText), targetPort: optional(port) }),
  ),
  hosts: required(list(word, { min: 1 })),
  tls: optional(object({ mode: optional(anyText), httpsRedirect: optional(flag) }, { unknown: 'ignore' })),
  bind: optional(anyText),
  defaultEndpoint: optional(anyText),
  name: optional(anyText),
});

/** `Gateway` of networking.istio.io: not the Gateway API's kind, and not acted on. */
export const readIstioGateway = kind({ selector: optional(record(anyText)), servers: required(list(server)) });
