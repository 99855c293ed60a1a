import type { SystemRule } from '../../rule.ts';
import { CIS_DOCKER, DOCKER_PRACTICES, hitAt, instructionsOf, isFinal, isSecretName, pairsOf } from './common.ts';

/** Not the value itself: a variable, a placeholder, a switch. */
function isNoValue(value: string): boolean {
  return (
    value === '' ||
    value.includes('$') ||
    /^(?:true|false|yes|no|on|off|null|none|\d{1,3}|<[^>]*>|x{3,}|\*+|change[-_ ]?me|todo|dummy|placeholder|your[-_].*|example.*|not[-_]?set|unset|empty|fake|test|notused|build[-_]?time.*)$/i.test(
      value,
    ) ||
    /^(?:https?:\/\/|\/)/.test(value)
  );
}

export const SECRET_IN_IMAGE = {
  id: 'dockerfile.secret-in-image',
  name: 'Secret written into the image',
  severity: 'high',
  cwe: [798, 522],
  why: 'ENV and ARG values are kept in the history and configuration of the image. Whoever can pull it reads them, also after a later layer removed them.',
  help: 'give secrets at run time (a Secret, a vault), or during the build by `RUN --mount=type=secret`',
  references: ['https://docs.docker.com/build/building/secrets/', `${CIS_DOCKER} 4.10`],
  tags: ['cis-docker:4.10', 'pci-dss:8.6.2'],
  *check({ system }) {
    for (const build of system.builds)
      for (const { instruction, index } of instructionsOf(build, 'ENV', 'ARG', 'LABEL'))
        for (const [name, value] of pairsOf(instruction.text))
          if (isSecretName(name) && !isNoValue(value))
            yield hitAt(build, index, `\`${instruction.keyword} ${name}\` holds a value that stays in the image's history`, {
              detail: name,
            });
  },
} satisfies SystemRule;

export const BUILD_ARGUMENT = {
  id: 'dockerfile.secret-build-argument',
  name: 'Secret as a build argument',
  severity: 'medium',
  cwe: [522],
  why: 'The values of build arguments are kept in the history of the image (`docker history`), and in caches and logs of the builder.',
  help: 'use `RUN --mount=type=secret,id=…`',
  references: ['https://docs.docker.com/build/building/secrets/'],
  tags: ['cis-docker:4.10'],
  *check({ system }) {
    for (const build of system.builds)
      for (const { instruction, index } of instructionsOf(build, 'ARG'))
        for (const name of instruction.text.split(/\s+/).filter((word) => !word.includes('=')))
          if (isSecretName(name))
            yield hitAt(build, index, `\`ARG ${name}\` takes a secret into the image's history`, {
              detail: name,
              fix: { text: this.help, yaml: `RUN --mount=type=secret,id=${name.toLowerCase()},env=${name} …\n` },
            });
  },
} satisfies SystemRule;

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

export const COPY_ALL = {
  id: 'dockerfile.copy-everything',
  name: 'Whole folder copied without .dockerignore',
  severity: 'low',
  cwe: [538, 200],
  why: 'Everything that lies in the folder goes into the image: `.git` with its history, `.env` files, keys of whoever builds.',
  help: 'write a `.dockerignore` that leaves out everything but what is needed',
  references: ['https://docs.docker.com/build/concepts/context/#dockerignore-files'],
  tags: [],
  *check({ system }) {
    for (const build of system.builds) {
      if (build.ignoreFile) continue;
      const found = instructionsOf(build, 'COPY', 'ADD').find(({ instruction }) => {
        const sources = (instruction.json ?? instruction.text.split(/\s+/)).slice(0, -1);
        return (
          !instruction.flags.some(({ name }) => name === 'from' || name === 'exclude') &&
          sources.some((source) => /^(?:\.|\.\/|\/|\*|\.\/\*)$/.test(source))
        );
      });
      if (found)
        yield hitAt(build, found.index, 'the whole folder is copied and no `.dockerignore` was found', {
          fix: { text: this.help, yaml: '# .dockerignore\n.git\n.env*\n**/*.key\n**/*.pem\nnode_modules\n' },
        });
    }
  },
} satisfies SystemRule;
