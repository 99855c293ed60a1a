import type { ApiDocument } from '#model/api.ts';
import type { SystemRule } from '../../rule.ts';
import { documentHit, OWASP_API } from './common.ts';

const KEYS: readonly (readonly [RegExp, string])[] = [
  [/^(?:AKIA|ASIA)[0-9A-Z]{16}$/, 'an AWS access key'],
  [/^gh[pousr]_[A-Za-z0-9]{36}$/, 'a GitHub token'],
  [/^glpat-[\w-]{20}$/, 'a GitLab token'],
  [/^xox[abpr]-[\w-]{20,}$/, 'a Slack token'],
  [/^sk_live_[A-Za-z0-9]{20,}$/, 'a live Stripe key'],
  [/^AIza[\w-]{35}$/, 'a Google API key'],
  [/^-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/, 'a private key'],
];

/** Examples that somebody copied from a real request. */
export const EXAMPLE_SECRET = {
  id: 'api.example-secret',
  name: 'Real credential in an example',
  severity: 'high',
  cwe: [540, 798],
  why: 'Specifications are published. An example that was copied from a real request gives its credential to every reader.',
  help: 'revoke the credential, and write a made-up one into the example',
  references: [OWASP_API],
  tags: ['owasp-api:API8:2023'],
  *check({ system }) {
    for (const api of system.apis) yield* secretsIn(api);
  },
} satisfies SystemRule;

const VALUES_MAX = 2_000_000;

function* secretsIn(api: ApiDocument): Generator<ReturnType<typeof documentHit>> {
  const found: { readonly path: readonly (string | number)[]; readonly value: string; readonly kind: string }[] = [];
  const path: (string | number)[] = [];
  let left = VALUES_MAX;
  // As deep as what was read, which is bounded.
  const look = (value: unknown): void => {
    if (--left < 0) return;
    if (typeof value === 'string') {
      const kind = kindOf(value);
      if (kind !== undefined) found.push({ path: [...path], value, kind });
    } else if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        path.push(i);
        look(value[i]);
        path.pop();
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const name in value) {
        path.push(name);
        look((value as Readonly<Record<string, unknown>>)[name]);
        path.pop();
      }
    }
  };
  look(api.resource.spec);
  for (const { path: at, value, kind } of found)
    yield documentHit(
      api,
      [{ node: { resource: api.resource, path: at, value }, text: '' }],
      () => `an example holds what looks like ${kind}`,
    );
}

function kindOf(value: string): string | undefined {
  if (value.length < 20 || value.length > 10_000) return undefined;
  const kind = KEYS.find(([pattern]) => pattern.test(value))?.[1];
  return kind === undefined || /EXAMPLE|example|xxxx|XXXX|0000000/.test(value) ? undefined : kind;
}
