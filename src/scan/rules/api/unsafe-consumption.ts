import type { ApiDocument } from '#model/api.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { documentHit, OWASP_API } from './common.ts';
import { isLocal } from '../local-address.ts';

/** OWASP API10:2023: calls that the API makes itself. */
export const OUTGOING = {
  id: 'api.unsafe-consumption',
  name: 'Callback over plain HTTP or to any address',
  severity: 'low',
  cwe: [319, 918],
  why: 'What the service sends to callbacks leaves the system. Over plain HTTP others read and change it; to an address from the request the service can be sent anywhere.',
  help: 'allow `https` addresses of registered hosts only, and sign what is sent',
  references: [OWASP_API, 'https://owasp.org/API-Security/editions/2023/en/0xaa-unsafe-consumption-of-apis/'],
  tags: ['owasp-api:API10:2023'],
  *check({ system }) {
    for (const api of system.apis) yield* outgoing(api);
  },
} satisfies SystemRule;

function* outgoing(api: ApiDocument): Generator<Hit> {
  const plain = api.outgoing.filter(({ url }) => /^http:\/\//i.test(url) && !isLocal(url));
  const chosen = api.outgoing.filter(({ url }) => /^\{\$request\.(?:body|query|header)/.test(url));
  if (plain.length > 0)
    yield documentHit(
      api,
      plain.map(({ node, name }) => ({ node, text: name })),
      (list) => `callbacks go over plain HTTP: ${list}`,
      {
        severity: 'medium',
        detail: 'plain',
      },
    );
  if (chosen.length > 0)
    yield documentHit(
      api,
      chosen.map(({ node, name }) => ({ node, text: name })),
      (list) => `callbacks go to an address from the request: ${list}`,
      {
        detail: 'chosen',
      },
    );
}
