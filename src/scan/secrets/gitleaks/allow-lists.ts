import type { SecretAllow } from '../allow.ts';
import type { Reading } from './reading.ts';

const KEYS = ['description', 'condition', 'commits', 'paths', 'regexes', 'regexTarget', 'stopwords', 'targetRules'];

/** `[allowlist]` and `[[allowlists]]` of a configuration, or of one rule of it. */
export function allowLists(at: Reading, rule: string | undefined): SecretAllow[] {
  const one = at.table('allowlist');
  if (one && at.value['allowlists'] !== undefined)
    at.mistake(['allowlist'], '`allowlist` and `allowlists` do not go together', 'move it to `[[allowlists]]`');
  return [...(one ? [one] : []), ...at.tables('allowlists')].map((list) => allowList(list, rule));
}

function allowList(list: Reading, rule: string | undefined): SecretAllow {
  list.known(KEYS);
  const targets = list.strings('targetRules');
  if (rule !== undefined && targets.length > 0) list.mistake(['targetRules'], '`targetRules` belongs to lists outside rules');
  const rules = rule === undefined ? targets : [rule];
  return {
    condition: condition(list),
    paths: list.patterns('paths'),
    regexes: list.patterns('regexes'),
    target: target(list),
    stopwords: list.strings('stopwords').map((word) => word.toLowerCase()),
    commits: list.strings('commits').map((commit) => commit.toLowerCase()),
    ...(rules.length > 0 && { rules: new Set(rules) }),
  };
}

function condition(list: Reading): 'or' | 'and' {
  const written = list.string('condition')?.toUpperCase() ?? 'OR';
  if (written === 'AND' || written === '&&') return 'and';
  if (written !== 'OR' && written !== '||' && written !== '') list.mistake(['condition'], `\`condition\` is \`AND\` or \`OR\``);
  return 'or';
}

function target(list: Reading): 'secret' | 'match' | 'line' {
  const written = list.string('regexTarget') ?? 'secret';
  if (written === 'match' || written === 'line' || written === 'secret') return written;
  if (written !== '') list.mistake(['regexTarget'], '`regexTarget` is `secret`, `match` or `line`');
  return 'secret';
}
