// Istio's meaning of AuthorizationPolicy, written down as plainly as it can be: no indexes, regular expressions from the documentation.
// The compiled policies are compared with it; slow, and obviously right or obviously wrong.
import { parseIpRange } from '#base/ip-set.ts';
import type { Attributes } from '#model/decision.ts';
import type { AuthorizationPolicy, AuthorizationRule, MeshConfig } from '#model/istio.ts';

type Values = readonly string[] | undefined;
/** True, false, or: cannot be asked here. */
type Answer = boolean | 'error';
type One = (value: string) => Answer;

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
const full = (regex: string, text: string): boolean => new RegExp(`^(?:${regex})$`, 's').test(text);

function textRule(value: string): string {
  if (value === '*') return '.+';
  if (value.startsWith('*')) return `.*${escape(value.slice(1))}`;
  if (value.endsWith('*')) return `${escape(value.slice(0, -1))}.*`;
  return escape(value);
}

/** The decision of all policies in force, and which rule made it. */
export function naiveDecision(policies: readonly AuthorizationPolicy[], mesh: MeshConfig, a: Attributes): string {
  const enforced = policies.filter(({ metadata }) => metadata.annotations['istio.io/dry-run'] !== 'true');
  for (const policy of enforced.filter(({ spec }) => spec.action === 'DENY')) {
    for (const [index, rule] of (policy.spec.rules ?? []).entries())
      if (ruleMatches(policy, rule, mesh, a)) return `deny ${policy.metadata.name} ${index}`;
  }
  const allows = enforced.filter(({ spec }) => spec.action === 'ALLOW');
  if (allows.length === 0) return 'allow';
  for (const policy of allows) {
    for (const [index, rule] of (policy.spec.rules ?? []).entries())
      if (ruleMatches(policy, rule, mesh, a)) return `allow ${policy.metadata.name} ${index}`;
  }
  return 'deny';
}

function ruleMatches(policy: AuthorizationPolicy, rule: AuthorizationRule, mesh: MeshConfig, a: Attributes): boolean {
  const wide = policy.spec.action !== 'ALLOW';
  let broken = false;
  /** Values ORed, then notValues ORed and turned round; what cannot be asked drops the rule, or in DENY only itself. */
  const field = (values: Values, notValues: Values, one: One): boolean => {
    const sides = [values ?? [], notValues ?? []].map((list) => {
      const answers = list.map(one);
      if (answers.includes('error') && !wide) broken = true;
      return answers.filter((answer) => answer !== 'error');
    });
    const [wanted = [], excluded = []] = sides;
    return (wanted.length === 0 || wanted.includes(true)) && !excluded.includes(true);
  };
  const http = a.protocol === 'http';
  const onHttp = (answer: boolean): Answer => (http ? answer : 'error');
  const id = a.sourceIdentity;
  const address =
    (text: string): One =>
    (value) => {
      const [range, seen] = [parseIpRange(value), parseIpRange(text)];
      if (range === undefined) return 'error';
      return seen !== undefined && range.v4 === seen.v4 && seen.start >= range.start && seen.start <= range.end;
    };
  const port: One = (value) => (/^\d+$/.test(value) && Number(value) < 65536 ? Number(value) === a.destinationPort : 'error');
  const domains = [mesh.trustDomain, ...mesh.trustDomainAliases];
  const principal: One = (value) =>
    id !== undefined &&
    aliases(value, domains).some((one) => (one === '*' ? id !== '' : full(`spiffe:\\/\\/${textRule(one)}`, id)));
  const namespace: One = (value) => id !== undefined && full(`.*\\/ns\\/${value.split('*').map(escape).join('.*')}\\/.*`, id);
  const account: One = (value) => {
    const [ns = '', sa = ''] = value.includes('/') ? value.split('/') : [policy.metadata.namespace, value];
    return id !== undefined && full(`spiffe:\\/\\/.+\\/ns\\/${escape(ns)}\\/(.+\\/|)sa\\/${escape(sa)}(\\/.+)?`, id);
  };
  const domain: One = (value) => {
    if (id === undefined) return false;
    const all = domains.includes(value) ? domains : [value];
    return all.some((one) =>
      one === '*' ? id.startsWith('spiffe://') : full(`spiffe:\\/\\/${textRule(one).replaceAll('.*', '[^/]*')}\\/.*`, id),
    );
  };
  const claim = (name: string): unknown => a.auth?.claims[name];
  const user: One = (value) => {
    const slash = value.lastIndexOf('/');
    const [issuer, subject] = slash < 0 ? [value, ''] : [value.slice(0, slash), value.slice(slash + 1)];
    const pair =
      value === '*'
        ? ['.+', '.+']
        : value.startsWith('*')
          ? slash < 0
            ? ['.+', textRule(value)]
            : [textRule(issuer), escape(subject)]
          : value.endsWith('*')
            ? slash < 0
              ? [textRule(value), '.+']
              : [escape(issuer), textRule(subject)]
            : [escape(issuer), escape(subject)];
    const [iss, sub] = [claim('iss'), claim('sub')];
    return onHttp(
      typeof iss === 'string' && typeof sub === 'string' && full(pair[0] as string, iss) && full(pair[1] as string, sub),
    );
  };
  const listed =
    (name: string): One =>
    (value) =>
      onHttp([claim(name)].flat().some((one) => typeof one === 'string' && full(textRule(value), one)));
  const path: One = (value) => {
    if (!value.includes('{*}') && !value.includes('{**}')) return onHttp(full(textRule(value), a.path));
    const segments = value.slice(1).split('/');
    if (segments.some((part) => part.includes('{') && part !== '{*}' && part !== '{**}')) return 'error';
    const glob = "[a-zA-Z0-9\\-._~%!$&'()*+,;:@=]";
    const regex = segments
      .map((part) => (part === '{*}' ? `${glob}+` : part === '{**}' ? `${glob.slice(0, -1)}\\/]*` : escape(part)))
      .join('\\/');
    return onHttp(full(`\\/${regex}`, a.path));
  };
  const header =
    (name: string): One =>
    (value) =>
      onHttp(a.header(name) !== undefined && (value === '*' || full(textRule(value), a.header(name) as string)));
  const conditions: Readonly<Record<string, One>> = {
    'source.ip': address(a.sourceIp),
    'remote.ip': address(a.remoteIp),
    'destination.ip': address(a.destinationIp),
    'destination.port': port,
    'connection.sni': (value) => full(textRule(value), a.sni),
    'source.namespace': namespace,
    'source.principal': principal,
    'request.headers[x-role]': header('x-role'),
    'request.auth.principal': user,
    'request.auth.claims[groups]': listed('groups'),
  };
  const sources = (rule.from ?? []).map(({ source: s }) =>
    [
      field(s.principals, s.notPrincipals, principal),
      field(s.namespaces, s.notNamespaces, namespace),
      field(s.serviceAccounts, s.notServiceAccounts, account),
      field(s.trustDomains, s.notTrustDomains, domain),
      field(s.requestPrincipals, s.notRequestPrincipals, user),
      field(s.ipBlocks, s.notIpBlocks, address(a.sourceIp)),
      field(s.remoteIpBlocks, s.notRemoteIpBlocks, address(a.remoteIp)),
    ].every(Boolean),
  );
  const operations = (rule.to ?? []).map(({ operation: o }) =>
    [
      field(o.hosts, o.notHosts, (value) => onHttp(full(textRule(value.toLowerCase()), a.host.toLowerCase()))),
      field(o.methods, o.notMethods, (value) => onHttp(full(textRule(value), a.method))),
      field(o.paths, o.notPaths, path),
      field(o.ports, o.notPorts, port),
    ].every(Boolean),
  );
  const whens = (rule.when ?? []).map(({ key, values, notValues }) =>
    field(values, notValues, conditions[key] ?? (() => 'error')),
  );
  if (broken) return false;
  return (
    (sources.length === 0 || sources.includes(true)) &&
    (operations.length === 0 || operations.includes(true)) &&
    whens.every(Boolean)
  );
}

function aliases(principal: string, domains: readonly string[]): readonly string[] {
  const parts = principal.split('/');
  const [domain = ''] = parts;
  if (parts.length !== 5 || domain === '*' || !(domain === 'cluster.local' || domains.includes(domain))) return [principal];
  return domains.map((one) => [one, ...parts.slice(1)].join('/'));
}
