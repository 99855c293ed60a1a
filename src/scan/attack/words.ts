// How hops are told: a verb, and whom it meets.
import type { AttackNode, EdgeKind } from './model.ts';

/** What the attacker does, in one word. */
const VERBS: Readonly<Record<EdgeKind, string>> = {
  EXPOSED: 'open',
  REACH_L4: 'reach',
  REACH_L7: 'reach',
  EXPLOIT: 'break in',
  VULN_RCE: 'break in',
  VULN_SSRF: 'misuse',
  HAS_TOKEN: 'token',
  RBAC_SECRETS: 'read',
  RBAC_EXEC: 'exec',
  RBAC_CREATE_POD: 'deploy',
  RBAC_IMPERSONATE: 'pose as',
  RBAC_ESCALATE: 'escalate',
  RBAC_NODE: 'kubelet',
  RBAC_ADMIN: 'admin',
  SECRET_MOUNT: 'secret',
  SECRET_ENV: 'secret',
  SECRET_LITERAL: 'secret',
  CRED_FOR: 'log in',
  CLIENT: 'ask',
  NO_AUTH: 'walk in',
  HOLDS: 'take',
  TOKEN_FORGE: 'forge',
  OAUTH_ABUSE: 'hijack',
  ESCAPE_PRIVILEGED: 'escape',
  ESCAPE_CAPABILITY: 'escape',
  ESCAPE_NAMESPACE: 'escape',
  ESCAPE_HOST_PATH: 'escape',
  ESCAPE_SOCKET: 'escape',
  NODE_PIVOT: 'pivot',
  METADATA: 'cloud',
  CONTROL: 'deploy',
};

/** What a person calls a node. */
function nodeText({ kind, label }: AttackNode): string {
  return kind === 'asset' && label.includes('/') ? `data of ${label}` : label;
}

/** What happens in a hop and to whom, without a word said twice: `secret` and `shop/db` for the node `secret shop/db`. */
export function hopWords(kind: EdgeKind, to: AttackNode): { readonly verb: string; readonly to: string } {
  const verb = VERBS[kind];
  const text = nodeText(to);
  return { verb, to: text.startsWith(`${verb} `) ? text.slice(verb.length + 1) : text };
}
