import type { SystemRule } from '../../rule.ts';
import { DOCKER_PRACTICES, hitAt, instructionsOf, isFinal } from './common.ts';

const SECRET_FILES: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\/)\.env(?:\.(?!example|sample|template|dist|test)[\w.-]+)?$/, 'environment file'],
  [/(?:^|\/)(?:id_rsa|id_dsa|id_ecdsa|id_ed25519)$/, 'SSH key'],
  [/(?:^|\/)\.ssh(?:\/|$)/, 'SSH folder'],
  [/(?:^|\/)(?:\.kube\/config|kubeconfig(?:\.ya?ml)?|admin\.conf)$/, 'kubeconfig'],
  [/(?:^|\/)\.aws(?:\/credentials)?$/, 'AWS credentials'],
  [/(?:^|\/)(?:\.npmrc|\.pypirc|\.netrc|\.git-credentials|\.dockercfg)$|(?:^|\/)\.docker\/config\.json$/, 'registry credentials'],
  [/(?:^|\/)(?:service-account|serviceaccount|gcp-key|credentials)(?:[-_]\w+)?\.json$/, 'cloud credentials'],
  [/(?:^|\/)[\w.-]*(?:private|server|tls|ssl)[\w.-]*\.key$|(?:^|\/)[\w.-]*key\.pem$/, 'private key'],
  [/\.(?:p12|pfx|jks|keystore)$/, 'key store'],
];

export const COPIED_SECRET = {
  id: 'dockerfile.copied-secret',
  name: 'File of secrets copied into the image',
  severity: 'high',
  cwe: [522, 538],
  why: 'The file is in a layer of the image for everybody who can pull it, also when a later instruction deletes it.',
  help: 'mount it when it is needed: `RUN --mount=type=secret` in the build, a Secret at run time',
  references: ['https://docs.docker.com/build/building/secrets/', DOCKER_PRACTICES],
  tags: ['cis-docker:4.10'],
  *check({ system }) {
    for (const build of system.builds)
      for (const placed of instructionsOf(build, 'COPY', 'ADD')) {
        const { instruction, index } = placed;
        if (instruction.flags.some(({ name }) => name === 'from')) continue;
        const sources = (instruction.json ?? instruction.text.split(/\s+/)).slice(0, -1);
        for (const source of sources) {
          const kind = SECRET_FILES.find(([pattern]) => pattern.test(source))?.[1];
          if (kind === undefined) continue;
          const weaker = kind === 'key store' || kind === 'registry credentials' || !isFinal(build, placed);
          yield hitAt(build, index, `\`${source.slice(0, 80)}\` (${kind}) is copied into the image`, {
            severity: weaker ? 'medium' : 'high',
            detail: source,
          });
        }
      }
  },
} satisfies SystemRule;
