import { listText } from '#policy/lint/context.ts';
import type { SystemRule } from '../../rule.ts';
import { baseName, CIS_DOCKER, commandsIn, DOCKER_PRACTICES, finalStages, hitAt, instructionsOf } from './common.ts';
import { isInstall } from './user.ts';

export const APT = {
  id: 'dockerfile.apt-leftovers',
  name: 'More packages than needed',
  severity: 'info',
  cwe: [1104],
  why: 'Recommended packages and package lists make the image larger and give attackers more to work with.',
  help: '`apt-get install -y --no-install-recommends … && rm -rf /var/lib/apt/lists/*` in one RUN',
  references: [DOCKER_PRACTICES],
  tags: [],
  *check({ system }) {
    for (const build of system.builds) {
      const commands = commandsIn(build);
      const runs = new Set(finalStages(build).map(({ index }) => index));
      const installs = commands.filter(
        ({ command, instruction }) =>
          runs.has(instruction.stage) &&
          /^apt(?:-get)?$/.test(baseName(command.words[0] ?? '')) &&
          command.words.includes('install'),
      );
      const recommended = installs.filter(
        ({ command }) => !command.words.some((word) => /no-install-recommends|Install-Recommends=(?:false|0)/.test(word)),
      );
      const uncleaned = installs.filter(
        ({ index, instruction }) =>
          !commands.some((one) => one.index === index && one.command.words.some((word) => word.includes('/var/lib/apt/lists'))) &&
          !instruction.flags.some(({ name, value }) => name === 'mount' && value.includes('/var')),
      );
      const first = recommended[0] ?? uncleaned[0];
      if (!first) continue;
      const parts = [
        recommended.length > 0 ? 'without `--no-install-recommends`' : '',
        uncleaned.length > 0 ? 'without removing the package lists' : '',
      ];
      yield hitAt(build, first.index, `\`apt-get install\` ${parts.filter((part) => part !== '').join(' and ')}`);
    }
  },
} satisfies SystemRule;

/** Packages of an install command that name no version. */
function unpinned(words: readonly string[]): readonly string[] {
  const name = baseName(words[0] ?? '');
  const rest = words.slice(1).filter((word) => !word.startsWith('-') && !word.includes('$'));
  if (isInstall(words))
    return rest.filter((word) => word !== 'install' && word !== 'add' && !/[=~<>]|\.(?:deb|rpm|apk)$|\//.test(word));
  if (/^pip\d?(?:\.\d+)?$/.test(name) && rest[0] === 'install') {
    if (words.some((word) => word === '-r' || word.startsWith('--requirement') || word === '-c' || word === '-e' || word === '.'))
      return [];
    return rest.slice(1).filter((word) => !/==|@|\.whl$|\/|^\.$/.test(word) && !/^(?:pip|setuptools|wheel)$/.test(word));
  }
  if (name === 'npm' && /^(?:install|i|add)$/.test(rest[0] ?? '') && words.some((word) => word === '-g' || word === '--global'))
    return rest.slice(1).filter((word) => !/.@|[/.]/.test(word.replace(/^@[^/]+\//, '')));
  if (name === 'go' && rest[0] === 'install') return rest.slice(1).filter((word) => word.endsWith('@latest'));
  if (name === 'gem' && rest[0] === 'install')
    return words.some((word) => word === '-v' || word.startsWith('--version') || word.includes(':')) ? [] : rest.slice(1);
  return [];
}

export const UNPINNED = {
  id: 'dockerfile.unpinned-packages',
  name: 'Packages without a version',
  severity: 'info',
  cwe: [1357],
  why: 'Each build may install other versions, so that an image cannot be built again as it was, and a bad release goes in unseen.',
  help: 'name versions, or install from a lock file',
  references: [DOCKER_PRACTICES],
  tags: ['slsa:pinned'],
  *check({ system }) {
    for (const build of system.builds) {
      const found = commandsIn(build).flatMap(({ command, index }) => unpinned(command.words).map((name) => ({ name, index })));
      if (found.length > 0)
        yield hitAt(
          build,
          found[0]!.index,
          `no version is named for ${listText([...new Set(found.map(({ name }) => name.slice(0, 60)))])}`,
        );
    }
  },
} satisfies SystemRule;

export const SSH_PORT = {
  id: 'dockerfile.ssh-port',
  name: 'SSH in a container',
  severity: 'low',
  cwe: [1188],
  why: "A shell for remote users passes by the cluster's access control and audit, and needs keys or passwords in the image.",
  help: 'use `kubectl exec` or `kubectl debug`, and leave sshd out',
  references: [CIS_DOCKER],
  tags: ['cis-docker:5.6'],
  *check({ system }) {
    for (const build of system.builds)
      for (const { instruction, index } of instructionsOf(build, 'EXPOSE'))
        if (instruction.text.split(/\s+/).some((word) => /^22(?:\/tcp)?$/i.test(word)))
          yield hitAt(build, index, 'the image exposes port 22 (SSH)');
  },
} satisfies SystemRule;

export const NO_HEALTHCHECK = {
  id: 'dockerfile.no-healthcheck',
  name: 'No health check',
  severity: 'info',
  cwe: [703],
  why: 'Docker and Compose do not notice that the process hangs. Kubernetes has probes of its own and does not use this one.',
  help: 'add `HEALTHCHECK CMD …`',
  references: [`${CIS_DOCKER} 4.6`],
  tags: ['cis-docker:4.6'],
  *check({ system }) {
    // Where Kubernetes runs the images its probes count.
    if (system.workloads.some(({ resource }) => resource.apiVersion !== '' && /^(?:v1|apps\/|batch\/)/.test(resource.apiVersion)))
      return;
    for (const build of system.builds) {
      const stages = new Set(finalStages(build).map(({ index }) => index));
      const serves = instructionsOf(build, 'EXPOSE').some(({ instruction }) => stages.has(instruction.stage));
      if (serves && !instructionsOf(build, 'HEALTHCHECK').some(({ instruction }) => stages.has(instruction.stage)))
        yield hitAt(build, build.stages.at(-1)!.at, 'the image serves a port and has no `HEALTHCHECK`');
    }
  },
} satisfies SystemRule;

export const SHELL_FORM = {
  id: 'dockerfile.shell-entrypoint',
  name: 'Entry point in shell form',
  severity: 'info',
  cwe: [705],
  why: 'A shell is process 1 and does not pass signals on: the service is killed instead of stopping, and arguments can be read as shell.',
  help: 'write the JSON form: `ENTRYPOINT ["/app"]`',
  references: ['https://docs.docker.com/reference/dockerfile/#shell-form-entrypoint-example'],
  tags: [],
  *check({ system }) {
    for (const build of system.builds) {
      const stages = new Set(finalStages(build).map(({ index }) => index));
      const found = instructionsOf(build, 'ENTRYPOINT').findLast(({ instruction }) => stages.has(instruction.stage));
      if (found && !found.instruction.json && !/^exec\s/.test(found.instruction.text))
        yield hitAt(build, found.index, '`ENTRYPOINT` is in shell form');
    }
  },
} satisfies SystemRule;

export const PRIVILEGED_RUN = {
  id: 'dockerfile.privileged-build',
  name: 'Build step with the rights of the host',
  severity: 'medium',
  cwe: [250],
  why: "The step runs outside the builder's sandbox: whatever it downloads can change the machine that builds everything else.",
  help: 'take `--security=insecure` and `--network=host` out',
  references: ['https://docs.docker.com/reference/dockerfile/#run---security'],
  tags: [],
  *check({ system }) {
    for (const build of system.builds)
      for (const { instruction, index } of instructionsOf(build, 'RUN'))
        for (const { name, value } of instruction.flags)
          if ((name === 'security' && value === 'insecure') || (name === 'network' && value === 'host'))
            yield hitAt(build, index, `\`RUN --${name}=${value}\``, {
              severity: name === 'security' ? 'medium' : 'low',
              detail: name,
            });
  },
} satisfies SystemRule;
