// Rules in plain words, for people who do not read `from` and `to` every day.
import type { AuthorizationOperation, AuthorizationRule, AuthorizationSource } from '#model/istio.ts';

/** Who a rule's `from` names: `user-service`, `anyone`. */
export function sourceWords(rule: AuthorizationRule): string {
  if (!rule.from || rule.from.length === 0) return 'anyone';
  return join(
    rule.from.map(({ source }) => oneSource(source)),
    'or',
  );
}

function oneSource(source: AuthorizationSource): string {
  const parts: string[] = [];
  if (source.principals) parts.push(join(source.principals.map(principalWords), 'or'));
  if (source.serviceAccounts)
    parts.push(
      join(
        source.serviceAccounts.map((account) => `\`${account}\``),
        'or',
      ),
    );
  if (source.namespaces)
    parts.push(
      `anyone in namespace ${join(
        source.namespaces.map((name) => `\`${name}\``),
        'or',
      )}`,
    );
  if (source.requestPrincipals)
    parts.push(
      `anyone with a token of ${join(
        source.requestPrincipals.map((name) => `\`${name}\``),
        'or',
      )}`,
    );
  if (source.ipBlocks ?? source.remoteIpBlocks) {
    parts.push(
      `anyone at ${join(
        [...(source.ipBlocks ?? []), ...(source.remoteIpBlocks ?? [])].map((block) => `\`${block}\``),
        'or',
      )}`,
    );
  }
  return parts.length === 0 ? 'anyone who is not excluded' : parts.join(' and ');
}

/** `user-service` for `cluster.local/ns/ecommerce/sa/user-service`. */
export function principalWords(principal: string): string {
  if (principal === '*') return 'any mesh identity';
  const account = /^[^/]+\/ns\/[^/]+\/sa\/([^/]+)$/.exec(principal)?.[1];
  return `\`${account ?? principal}\``;
}

/** What a rule's `to` lets be done: `GET or POST \`/api/cart/*\``, `anything`. */
export function operationWords(rule: AuthorizationRule): string {
  if (!rule.to || rule.to.length === 0) return 'do anything';
  return join(
    rule.to.map(({ operation }) => oneOperation(operation)),
    'or',
  );
}

function oneOperation(operation: AuthorizationOperation): string {
  const verb = operation.methods ? join(operation.methods, 'and') : 'call';
  const what: string[] = [];
  if (operation.paths)
    what.push(
      join(
        operation.paths.map((path) => `\`${path}\``),
        'and',
      ),
    );
  if (operation.hosts)
    what.push(
      `on host ${join(
        operation.hosts.map((host) => `\`${host}\``),
        'or',
      )}`,
    );
  if (operation.ports) what.push(`on port ${join(operation.ports, 'or')}`);
  if (what.length > 0) return `${verb} ${what.join(' ')}`;
  return operation.methods ? `${verb} any path` : 'do anything that is not excluded';
}

export function join(words: readonly string[], last: string): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}
