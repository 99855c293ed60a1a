// PeerAuthentications that take plaintext, told also where the workloads they hold on are not in the same files.
import type { Path } from '#model/origin.ts';
import { originOf } from '#model/origin.ts';
import type { PeerAuthentication } from '#model/istio.ts';
import { selected } from '#policy/lint/context.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { nameOf, TRANSIT_TAGS } from './common.ts';

export const peerPlaintext = {
  id: 'mesh.peer-plaintext',
  name: 'PeerAuthentication takes plaintext',
  severity: 'medium',
  cwe: [319, 306],
  why: 'A caller without a certificate gets in without an identity, and everything it says can be read on the way.',
  help: 'set the mode to STRICT once every caller is in the mesh',
  references: ['https://istio.io/latest/docs/reference/config/security/peer_authentication/', 'NIST SP 800-207'],
  tags: TRANSIT_TAGS,
  *check(context: ScanContext): Generator<Hit> {
    for (const policy of context.system.peerAuthentications) {
      // Where workloads are known, they are told of one by one (`mtls.permissive`, `mtls.disabled`).
      if (selected(context.lint, policy).length > 0) continue;
      const mode = policy.spec.mtls?.mode;
      if (mode === 'PERMISSIVE' || mode === 'DISABLE') yield hitOf(context, policy, mode, ['spec', 'mtls', 'mode'], '');
      for (const [port, own] of Object.entries(policy.spec.portLevelMtls ?? {})) {
        if (own.mode === 'PERMISSIVE' || own.mode === 'DISABLE')
          yield hitOf(context, policy, own.mode, ['spec', 'portLevelMtls', port, 'mode'], port);
      }
    }
  },
} satisfies SystemRule;

function hitOf({ system }: ScanContext, policy: PeerAuthentication, mode: string, path: Path, port: string): Hit {
  const root = policy.metadata.namespace === system.mesh.rootNamespace;
  const scope = policy.spec.selector
    ? 'the workloads it selects'
    : root
      ? 'the whole mesh'
      : `namespace \`${policy.metadata.namespace}\``;
  const document = originOf(policy);
  return {
    title: `\`${nameOf(policy)}\` ${mode === 'DISABLE' ? 'switches mutual TLS off' : 'takes plaintext beside mutual TLS'} for ${scope}${port === '' ? '' : ` on port ${port}`}`,
    severity: mode === 'DISABLE' ? 'high' : 'medium',
    at: { resource: policy, path },
    detail: port,
    fix: {
      text: 'demand mutual TLS',
      yaml: 'mtls:\n  mode: STRICT\n',
      ...(document && { edits: [{ op: 'set', document, path, value: 'STRICT' }] }),
    },
  };
}
