// TOKEN_FORGE and OAUTH_ABUSE: getting past the check of who calls.
import { formatPath } from '#model/origin.ts';
import { policiesFor } from '#plan/select.ts';
import { INTERNET } from '../../reach/face.ts';
import { INTERNET_NODE, accessNode } from '../context.ts';
import type { Build } from '../context.ts';
import { INFERRED_VALUES } from '../assets.ts';
import { evidenceAt, evidenceIn } from '../evidence.ts';
import { PROBABILITIES as P } from '../probabilities.ts';

const JWKS_MAX = 65_536;

/** A RequestAuthentication whose inline keys are symmetric: who reads the manifest signs tokens that are believed. */
export function forgeEdges(build: Build): void {
  const { builder, system, reach } = build;
  const weak = system.requestAuthentications.flatMap((policy) =>
    (policy.spec.jwtRules ?? []).flatMap(({ jwks, issuer }, i) =>
      jwks !== undefined && jwks.length <= JWKS_MAX && /"kty"\s{0,8}:\s{0,8}"oct"/.test(jwks) ? [{ policy, issuer, i }] : [],
    ),
  );
  if (weak.length === 0) return;
  const internet = builder.node(INTERNET_NODE, 'internet', 'internet');
  for (const exposure of reach.exposures()) {
    const workload = build.workloads.get(exposure.to);
    if (!workload || !exposure.authenticated || exposure.sources.length > 0) continue;
    const inForce = policiesFor(system, { namespace: workload.namespace, labels: workload.labels }).requestAuthentication;
    for (const { policy, issuer, i } of weak) {
      if (!inForce.some(({ resource }) => resource === policy)) continue;
      const text = `signs its own token of \`${issuer}\`: the key that checks them is symmetric and stands in the manifest`;
      const evidence = evidenceAt(text, policy, ['spec', 'jwtRules', i, 'jwks']);
      const fact = builder.fact(
        `forge:${policy.metadata.namespace}/${policy.metadata.name}:${formatPath(['jwtRules', i])}`,
        text,
        evidence,
      );
      builder.edge(internet, accessNode(build, exposure.to, exposure.port, 'TCP'), {
        kind: 'TOKEN_FORGE',
        probability: P.tokenForge,
        text,
        evidence: [evidence],
        facts: [fact],
      });
    }
  }
}

const OAUTH = /^(?:oauth|oidc)\./;
const TOKENS = /^(?:jwt|code\.jwt)\b|^oauth\.(?:weak-algorithm|validation-off)$/;

/** What other rules found about OAuth clients and token checks leads to the users' tokens. */
export function oauthEdges(build: Build): void {
  const { builder } = build;
  for (const finding of build.input.findings ?? []) {
    const forge = TOKENS.test(finding.code);
    if (!(forge || OAUTH.test(finding.code)) || (finding.severity !== 'critical' && finding.severity !== 'high')) continue;
    const internet = builder.node(INTERNET_NODE, 'internet', INTERNET);
    const evidence = evidenceIn(finding.title, finding.location);
    const reason = 'who has the tokens of users acts as them';
    const asset = {
      holder: 'users',
      kind: 'identity-provider',
      value: INFERRED_VALUES['identity-provider'],
      declared: false,
      reason,
      evidence,
    } as const;
    const users = builder.node('asset:users', 'asset', 'tokens of users', { asset });
    const fact = builder.fact(`finding:${finding.id}`, finding.title, evidence);
    builder.edge(internet, users, {
      kind: forge ? 'TOKEN_FORGE' : 'OAUTH_ABUSE',
      probability: P.oauthAbuse,
      text: `takes over sessions of users: ${finding.title}`,
      evidence: [evidence],
      facts: [fact],
    });
  }
}
