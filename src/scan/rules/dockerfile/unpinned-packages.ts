import { listText } from '#policy/lint/context.ts';
import type { SystemRule } from '../../rule.ts';
import { baseName, commandsIn, DOCKER_PRACTICES, hitAt } from './common.ts';
import { isInstall } from './common.ts';

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
