import type { ApiDocument, ApiOperation } from '#model/api.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { counted, documentHit, OWASP_API, placeOf } from './common.ts';
import { isLocal } from './credentials.ts';

const REFERENCE = 'https://owasp.org/API-Security/editions/2023/en/0xa9-improper-inventory-management/';

/** OWASP API9:2023: old versions beside new ones. */
export const OLD_VERSION = {
  id: 'api.old-version',
  name: 'Old version of an operation beside the new one',
  severity: 'low',
  cwe: [1059],
  why: 'What was mended in the new version still stands in the old one, and attackers use the old one.',
  help: 'mark the old version `deprecated: true`, name the day it ends (`Sunset`, RFC 8594), and switch it off',
  references: [OWASP_API, REFERENCE, 'RFC 8594'],
  tags: ['owasp-api:API9:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const families = new Map<string, { version: number; operation: ApiOperation }[]>();
      for (const operation of api.operations) {
        const version = /(?:^|\/)v(\d{1,3}(?:\.\d{1,3})?)(?=\/|$)/.exec(operation.path);
        if (!version) continue;
        const key = `${operation.method} ${operation.path.replace(version[0], '/v*')}`;
        families.set(key, [...(families.get(key) ?? []), { version: Number(version[1]), operation }]);
      }
      const old = [...families.values()].flatMap((family) => {
        const newest = Math.max(...family.map(({ version }) => version));
        return family
          .filter(({ version, operation }) => version < newest && !operation.deprecated)
          .map(({ operation }) => operation);
      });
      if (old.length === 0) continue;
      const guarded = old.some(({ path }) => /auth|login|otp|password|token|signup/i.test(path));
      yield documentHit(
        api,
        old.map(placeOf),
        (list, count) => `${counted(count, 'operation has', 'operations have')} a newer version beside them: ${list}`,
        {
          severity: guarded ? 'medium' : 'low',
          ...(guarded && {
            message: `Among them are operations that check passwords, codes or tokens: limits and checks that the new version has can be passed by the old one. ${this.why}`,
          }),
        },
      );
    }
  },
} satisfies SystemRule;

export const DEPRECATED = {
  id: 'api.deprecated',
  name: 'Deprecated operations are still served',
  severity: 'info',
  cwe: [477],
  why: 'Nobody looks after deprecated operations, while everybody can call them.',
  help: 'name the day they end, watch who calls them, and switch them off',
  references: [OWASP_API, REFERENCE],
  tags: ['owasp-api:API9:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const found = api.operations.filter(({ deprecated }) => deprecated);
      if (found.length > 0)
        yield documentHit(api, found.map(placeOf), (list, count) => `${counted(count, 'deprecated operation')}: ${list}`);
    }
  },
} satisfies SystemRule;

const INNER =
  /^https?:\/\/(?:[^/:?#]*[.-])?(?:dev|develop|development|test|testing|staging|stage|qa|uat|preprod|internal)[.-][^/:?#]*/i;

/** Addresses of systems that outsiders need not know, in a document that also names a public one. */
export const INNER_SERVER = {
  id: 'api.inner-server',
  name: 'Test or staging server in a published document',
  severity: 'low',
  cwe: [200],
  why: 'Test systems hold real data more often than they hold real protection. The document tells outsiders where they are.',
  help: 'keep a document per environment',
  references: [OWASP_API, REFERENCE],
  tags: ['owasp-api:API9:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const isInner = (url: string): boolean => INNER.test(url) && !/sandbox|example\./i.test(url);
      const outer = api.servers.some(({ url }) => url.startsWith('https:') && !isInner(url) && !isLocal(url));
      const found = outer ? api.servers.filter(({ url }) => isInner(url)) : [];
      for (const { url, at } of found)
        yield {
          title: `\`${url.slice(0, 100)}\` is listed beside public servers`,
          at: { resource: api.resource, path: at },
          detail: url,
        };
    }
  },
} satisfies SystemRule;

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
