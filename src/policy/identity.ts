// Matchers over the peer's verified SPIFFE id. Plaintext has no id: a positive matcher is then false, its negation true.
import { anyTest, parseStringRule, stringTest } from './strings.ts';
import type { TextTest } from './strings.ts';

export const SPIFFE = 'spiffe://';

/** `principals`: the value with `spiffe://` before it; `*` any id, `*x` any id that ends in x. */
export function principalTest(values: readonly string[]): TextTest {
  const exact = new Set<string>();
  const tests: TextTest[] = [];
  for (const value of values) {
    const { kind, text } = parseStringRule(value);
    if (kind === 'exact') exact.add(SPIFFE + text);
    else if (kind === 'prefix') {
      const start = SPIFFE + text;
      tests.push((id) => id.startsWith(start));
    } else if (kind === 'suffix')
      tests.push((id) => id.length >= SPIFFE.length + text.length && id.endsWith(text) && id.startsWith(SPIFFE));
    else tests.push((id) => id !== '');
  }
  const [only] = exact;
  if (exact.size === 1) tests.unshift((id) => id === only);
  else if (exact.size > 1) tests.unshift((id) => exact.has(id));
  return anyTest(tests);
}

/** `namespaces`: the id holds `/ns/<value>/`, where every `*` stands for any text, at any position. */
export function namespaceTest(values: readonly string[]): TextTest {
  return anyTest(
    values.map((value) => {
      const pieces = `/ns/${value}/`.split('*');
      if (pieces.length === 1) return (id: string) => id.includes(pieces[0] as string);
      return (id: string) => {
        let at = 0;
        for (const piece of pieces) {
          const found = id.indexOf(piece, at);
          if (found < 0) return false;
          at = found + piece.length;
        }
        return true;
      };
    }),
  );
}

/**
 * `serviceAccounts`: `namespace/account`, or `account` in the policy's own namespace. The id is
 * `spiffe://` any text `/ns/NAMESPACE/`, optionally more segments, `sa/ACCOUNT`, then the end or more segments; names are literal.
 */
export function serviceAccountTest(values: readonly string[], policyNamespace: string): TextTest {
  return anyTest(
    values.map((value) => {
      const slash = value.indexOf('/');
      const namespace = `/ns/${slash < 0 ? policyNamespace : value.slice(0, slash)}/`;
      const account = `sa/${value.slice(slash + 1)}`;
      return (id: string) => hasAccount(id, namespace, account);
    }),
  );
}

function hasAccount(id: string, namespace: string, account: string): boolean {
  if (!id.startsWith(SPIFFE)) return false;
  // At least one character of trust domain before `/ns/`.
  for (let at = id.indexOf(namespace, SPIFFE.length + 1); at >= 0; at = id.indexOf(namespace, at + 1)) {
    const start = at + namespace.length;
    for (let found = id.indexOf(account, start); found >= 0; found = id.indexOf(account, found + 1)) {
      const end = found + account.length;
      const leads = found === start || (found >= start + 2 && id[found - 1] === '/');
      const closes = end === id.length || (id[end] === '/' && end + 1 < id.length);
      if (leads && closes) return true;
    }
  }
  return false;
}

/** `trustDomains`: string rules on the part between `spiffe://` and the next `/`; `*` any SPIFFE id. */
export function trustDomainTest(values: readonly string[]): TextTest {
  return anyTest(
    values.map((value) => {
      const rule = parseStringRule(value);
      if (rule.kind === 'presence') return (id: string) => id.startsWith(SPIFFE);
      const test = stringTest(rule);
      return (id: string) => {
        if (!id.startsWith(SPIFFE)) return false;
        const end = id.indexOf('/', SPIFFE.length);
        return end >= 0 && test(id.slice(SPIFFE.length, end));
      };
    }),
  );
}

/** Trust domain, namespace and account of `spiffe://TD/ns/NS/sa/SA`; undefined for any other shape. */
export function parseIdentity(id: string): { trustDomain: string; namespace: string; account: string } | undefined {
  const parts = id.split('/');
  if (parts.length !== 7 || parts[0] !== 'spiffe:' || parts[1] !== '' || parts[3] !== 'ns' || parts[5] !== 'sa') return undefined;
  return { trustDomain: parts[2] as string, namespace: parts[4] as string, account: parts[6] as string };
}
