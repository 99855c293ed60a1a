// What rules over Dockerfiles share.
import type { BuildInstruction, BuildStage, ImageBuild } from '#model/image-build.ts';
import { commandsOf } from '../../code/shell.ts';
import type { ShellCommand } from '../../code/shell.ts';
import type { Hit } from '../../rule.ts';

export const DOCKER_PRACTICES = 'https://docs.docker.com/build/building/best-practices/';
export const CIS_DOCKER = 'CIS Docker Benchmark 1.6';

export interface Placed {
  readonly instruction: BuildInstruction;
  /** Index in the build. */
  readonly index: number;
}

/** Instructions in order, triggers of ONBUILD left out. */
export function instructionsOf(build: ImageBuild, ...keywords: readonly string[]): readonly Placed[] {
  return build.instructions.flatMap((instruction, index) =>
    !instruction.onbuild && (keywords.length === 0 || keywords.includes(instruction.keyword)) ? [{ instruction, index }] : [],
  );
}

/** The last stage and the earlier ones that it continues, nearest first: what ends up in the image. */
export function finalStages(build: ImageBuild): readonly BuildStage[] {
  const chain: BuildStage[] = [];
  for (let at = build.stages.at(-1); at; at = at.parent === undefined ? undefined : build.stages[at.parent]) chain.push(at);
  return chain;
}

export function isFinal(build: ImageBuild, { instruction }: Placed): boolean {
  return finalStages(build).some(({ index }) => index === instruction.stage);
}

export function hitAt(build: ImageBuild, index: number, title: string, more: Partial<Hit> = {}): Hit {
  return { title, at: { resource: build.resource, path: ['instructions', index] }, ...more };
}

const SHELLS = new Set(['sh', 'bash', 'ash', 'dash', 'zsh', 'ksh']);

export interface PlacedCommand extends Placed {
  readonly command: ShellCommand;
  /** What its output is piped to. */
  readonly next?: ShellCommand;
}

/** Of one build; more are not looked at. */
const COMMANDS_MAX = 3000;

/** Every rule asks for them, in every unit that the build is part of. */
const known = new WeakMap<ImageBuild, readonly PlacedCommand[]>();

/** Commands that RUN instructions run, here-documents and the JSON form included. */
export function commandsIn(build: ImageBuild): readonly PlacedCommand[] {
  const commands = known.get(build) ?? readCommands(build);
  known.set(build, commands);
  return commands;
}

function readCommands(build: ImageBuild): readonly PlacedCommand[] {
  let left = COMMANDS_MAX;
  return instructionsOf(build, 'RUN').flatMap((placed): PlacedCommand[] => {
    if (left <= 0) return [];
    const { text, json, heredocs } = placed.instruction;
    const script = json
      ? SHELLS.has(baseName(json[0] ?? '')) && json[1] === '-c'
        ? (json[2] ?? '')
        : json.map((word) => `'${word.replaceAll("'", '')}'`).join(' ')
      : heredocs.length > 0
        ? `${text.replaceAll(/<<-?["']?\w+["']?/g, '')}\n${heredocs.map((one) => one.text).join('\n')}`
        : text;
    const commands = commandsOf(script).slice(0, left);
    left -= commands.length;
    return commands.map((command, i) => ({
      ...placed,
      command,
      ...(command.piped && commands[i + 1] && { next: commands[i + 1]! }),
    }));
  });
}

/** `/bin/bash` gives `bash`. */
export function baseName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

export function isShell(command: ShellCommand | undefined): boolean {
  const name = baseName(command?.words[0] ?? '');
  return SHELLS.has(name) || /^(?:python\d?(?:\.\d+)?|node|perl|ruby|pwsh)$/.test(name);
}

/** `KEY=value KEY2="two words"` and the old `KEY value`. */
export function pairsOf(text: string): readonly (readonly [name: string, value: string])[] {
  if (!/^[^\s=]+=/.test(text)) {
    const space = text.search(/\s/);
    return space < 0 ? [] : [[text.slice(0, space), text.slice(space).trim()]];
  }
  return commandsOf(text.replaceAll(/[;&|()`#]|\$\(/g, '_')).flatMap(({ assignments }) => assignments);
}

/** Whether a name is one that secrets go by. */
export function isSecretName(name: string): boolean {
  if (
    /(?:_file|_path|_name|_url|_uri|_length|_id|_version|_ttl|_header|_type|_arn|_dir|_policy|_min|_max|_expiry|public_key|_days)$/i.test(
      name,
    )
  )
    return false;
  return /(?:^|_)(?:password|passwd|pwd|secret|secret_?key|token|api_?key|apikey|access_?key|private_?key|credentials?|auth_?token|npm_?token|passphrase|client_?secret|encryption_?key|signing_?key|jwt_?key)$|(?:password|secret|token|apikey)$/i.test(
    name,
  );
}

/** Programs that download. */
export const FETCHERS = new Set(['curl', 'wget', 'fetch', 'http', 'aria2c']);

/** Whether a command installs packages of the distribution. */
export function isInstall(words: readonly string[]): boolean {
  const name = baseName(words[0] ?? '');
  return (
    (/^(?:apt-get|apt|yum|dnf|microdnf|zypper)$/.test(name) && words.includes('install')) ||
    (name === 'apk' && words.includes('add'))
  );
}

/** The mode that a `chmod` sets. */
export function modeOf(words: readonly string[]): string | undefined {
  return baseName(words[0] ?? '') === 'chmod'
    ? words.slice(1).find((word) => !/^--?[A-Za-z-]+$/.test(word) || /^-[rwx]+$/.test(word))
    : undefined;
}
