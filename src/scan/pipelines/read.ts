// Files of a repository to what its pipelines do: commands, actions, images and templates, comments and what is switched off left out.
import type { Path } from '#model/origin.ts';
import { readYaml } from '#syntax/yaml.ts';
import type { YamlDocument } from '#syntax/yaml.ts';
import { commandsOf } from '../code/shell.ts';
import { tokenize } from '../code/tokens.ts';
import { isBuild, TOOLS } from './tools.ts';

export interface NamedText {
  readonly path: string;
  readonly text: string;
}

export interface Step {
  /** Lower case, words set apart by single spaces. */
  readonly text: string;
  readonly line: number;
  /** Its failure does not fail the pipeline. */
  readonly soft: boolean;
  /** The script of a package.json that it belongs to; others must call it by this name. */
  readonly within?: string;
}

export interface PipelineFile {
  readonly path: string;
  /** Folder of the repository that it belongs to, `''` or ending in `/`. */
  readonly root: string;
  /** A pipeline starts by itself; what `helper` files do counts as evidence only. */
  readonly role: 'pipeline' | 'helper';
  readonly steps: readonly Step[];
  /** Commands of scripts that others call by name, relevant or not. */
  readonly scripts: readonly Step[];
  /** Every command, action and image that it names, in lower case, a line each: what it calls is looked up here. */
  readonly calls: string;
  /** Of a helper: whether what pipelines call (in the form of `calls`) runs it. Absent for what runs by itself. */
  readonly calledBy?: (calls: string) => boolean;
  /** Of YAML pipelines. */
  readonly documents: readonly YamlDocument[];
  readonly github: boolean;
}

const SIZE_MAX = 1024 * 1024;
const STEPS_MAX = 5000;
const CALLS_SIZE_MAX = 200_000;
const SCRIPTS_MAX = 500;

interface FileKind {
  readonly pattern: RegExp;
  readonly role: PipelineFile['role'];
  readonly read: (
    path: string,
    text: string,
  ) => { readonly steps: readonly Step[]; readonly documents?: readonly YamlDocument[] };
  /** Whether something calls a helper; one without this runs by itself. */
  readonly called?: (path: string, calls: string) => boolean;
}

function word(pattern: RegExp): (path: string, calls: string) => boolean {
  return (_, calls) => pattern.test(calls);
}
/** By the last part of its name. */
function byName(path: string, calls: string): boolean {
  return calls.includes(path.slice(path.lastIndexOf('/') + 1).toLowerCase());
}
/** An action of this repository is called by its folder. */
function byFolder(path: string, calls: string): boolean {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/'))).toLowerCase();
  return (
    calls.includes(`./${folder.slice(folder.lastIndexOf('/') + 1)}`) ||
    (folder !== '' && calls.includes(`/${folder.slice(folder.lastIndexOf('/') + 1)}`))
  );
}

/** First match wins; the first group is the repository's folder. */
const KINDS: readonly FileKind[] = [
  { pattern: /^(.*?)\.github\/workflows\/[^/]+\.ya?ml$/, role: 'pipeline', read: yaml },
  { pattern: /^(.*?)\.github\/dependabot\.ya?ml$/, role: 'helper', read: fixed('dependabot configuration') },
  {
    pattern: /^(.*?)(?:\.github\/|\.gitlab\/)?(?:renovate\.json5?|\.renovaterc(?:\.json5?)?)$/,
    role: 'helper',
    read: fixed('renovate configuration'),
  },
  { pattern: /^(.*?)(?:\.github\/actions\/.*)?action\.ya?ml$/, role: 'helper', read: yaml, called: byFolder },
  { pattern: /^(.*?)(?:[^/]*\.gitlab-ci|\.gitlab\/.*)\.ya?ml$/, role: 'pipeline', read: gitlab },
  { pattern: /^(.*?)\.circleci\/config\.ya?ml$/, role: 'pipeline', read: yaml },
  { pattern: /^(.*?)\.?azure-pipelines?(?:[-_.\w]*\.ya?ml|\/.*\.ya?ml)$/, role: 'pipeline', read: yaml },
  {
    pattern:
      /^(.*?)(?:bitbucket-pipelines|\.travis|\.drone|\.woodpecker|cloudbuild|buildspec|appveyor|\.cirrus|codefresh|screwdriver)\.ya?ml$/,
    role: 'pipeline',
    read: yaml,
  },
  { pattern: /^(.*?)\.(?:woodpecker|buildkite)\/[^/]+\.ya?ml$/, role: 'pipeline', read: yaml },
  { pattern: /^(.*?)(?:\.?tekton|pipelines?)\/[^/]+\.ya?ml$/, role: 'pipeline', read: tekton },
  { pattern: /^(.*?)(?:[^/]*[._-])?Jenkinsfile(?:[._-][^/]*)?$/, role: 'pipeline', read: groovy },
  { pattern: /^(.*?)\.pre-commit-config\.ya?ml$/, role: 'helper', read: yaml },
  { pattern: /^(.*?)lefthook\.ya?ml$/, role: 'helper', read: yaml },
  { pattern: /^(.*?)Taskfile\.ya?ml$/, role: 'helper', read: yaml, called: word(/\btask\b/) },
  { pattern: /^(.*?)\.husky\/[^/.][^/]*$/, role: 'helper', read: shell },
  {
    pattern: /^(.*?)(?:GNU)?[Mm]akefile$|^(.*?)[^/]+\.mk$|^(.*?)[Jj]ustfile$/,
    role: 'helper',
    read: shell,
    called: word(/\b(?:g?make|just)\b/),
  },
  {
    pattern: /^(.*?)(?:scripts?|ci|hack|build|tools|bin|\.ci)\/[^/]+\.(?:sh|bash)$|^(.*?)[^/]+\.sh$/,
    role: 'helper',
    read: shell,
    called: byName,
  },
  { pattern: /^(.*?)package\.json$/, role: 'helper', read: packageJson },
  { pattern: /^(.*?)(?:build|settings)\.gradle(?:\.kts)?$/, role: 'helper', read: groovy, called: word(/gradle/) },
  { pattern: /^(.*?)pom\.xml$/, role: 'helper', read: xml, called: word(/\bmvnw?\b|\bmaven\b/) },
  {
    pattern: /^(.*?)(?:tox\.ini|noxfile\.py|pyproject\.toml|composer\.json)$/,
    role: 'helper',
    read: lines,
    called: word(/\b(?:tox|nox|composer|poetry|hatch|pdm|uv|pip3?)\b/),
  },
];

/** Whether the name is one that this module reads. */
export function isBuildFile(path: string): boolean {
  return !path.includes('node_modules/') && KINDS.some(({ pattern }) => pattern.test(path));
}

/** Reads one file; undefined for one of no kind that is known. Never throws. */
export function readBuildFile({ path, text }: NamedText): PipelineFile | undefined {
  if (text.length > SIZE_MAX || path.includes('node_modules/')) return undefined;
  for (const { pattern, role, read, called } of KINDS) {
    const found = pattern.exec(path);
    if (!found) continue;
    const { steps: all, documents = [] } = read(path, text);
    if (role === 'pipeline' && all.length === 0 && documents.length === 0) return undefined;
    const relevant = new Map<string, boolean>();
    const steps = all.filter(({ text: one }) => {
      let found = relevant.get(one);
      if (found === undefined) relevant.set(one, (found = isBuild(one) || TOOLS.some((tool) => tool.pattern.test(one))));
      return found;
    });
    const root = found.slice(1).find((one) => one !== undefined) ?? '';
    return {
      path,
      root: root.endsWith('/') || root === '' ? root : root.slice(0, root.lastIndexOf('/') + 1),
      role,
      steps,
      scripts: all.filter(({ within }) => within !== undefined),
      calls: all
        .map(({ text: one }) => one)
        .join('\n')
        .slice(0, CALLS_SIZE_MAX),
      ...(called && { calledBy: (calls: string) => called(path, calls) }),
      documents,
      github: path.includes('.github/'),
    };
  }
  return undefined;
}

function fixed(text: string): FileKind['read'] {
  return () => ({ steps: [{ text, line: 1, soft: false }] });
}

/** Members whose texts are for people, or conditions. */
const PROSE = new Set([
  'name',
  'description',
  'if',
  'title',
  'displayName',
  'label',
  'message',
  'rules',
  'only',
  'except',
  'variables',
  'branches',
  'paths',
  'tags',
  'labels',
  'condition',
  'when',
  'url',
  'author',
  'branding',
]);

function yaml(path: string, text: string): ReturnType<FileKind['read']> {
  const { documents } = readYaml(path, text);
  const steps: Step[] = [];
  for (const document of documents) if (steps.length < STEPS_MAX) steps.push(...stepsOf(document));
  return { steps, documents };
}

/** Jobs whose names begin with a dot do not run by themselves; others take them over by their names. */
function gitlab(path: string, text: string): ReturnType<FileKind['read']> {
  const { documents } = readYaml(path, text);
  const main = /(?:^|\/)\.gitlab-ci\.ya?ml$/.test(path);
  const unused = (name: string): boolean => main && name.startsWith('.') && text.indexOf(name) === text.lastIndexOf(name);
  return { steps: documents.flatMap((document) => stepsOf(document, unused)), documents };
}

/** Only documents of Tekton: other folders are called `pipelines` too. */
function tekton(path: string, text: string): ReturnType<FileKind['read']> {
  if (!text.includes('tekton.dev')) return { steps: [] };
  return yaml(path, text);
}

/** @param unused whether a member at the top of the document is left out */
function stepsOf(document: YamlDocument, unused: (name: string) => boolean = () => false): readonly Step[] {
  const steps: Step[] = [];
  walk(document.value, [], false, 0);
  return steps;

  function walk(value: unknown, path: Path, soft: boolean, depth: number): void {
    if (depth > 30 || steps.length >= STEPS_MAX) return;
    if (typeof value === 'string') {
      let line: number | undefined;
      for (const step of scriptSteps(value, () => (line ??= document.locate(path).line), soft)) steps.push(step);
    } else if (Array.isArray(value)) {
      const words =
        value.length > 1 && /^(?:command|args|entrypoint|cmd)$/.test(String(path.at(-1))) ? wordsOf(value) : undefined;
      if (words !== undefined) walk(words, path, soft, depth + 1);
      else for (let i = 0; i < value.length && steps.length < STEPS_MAX; i++) walk(value[i], [...path, i], soft, depth + 1);
    } else if (typeof value === 'object' && value !== null) {
      const members = value as Readonly<Record<string, unknown>>;
      if (isOff(members)) return;
      const lenient =
        soft ||
        members['continue-on-error'] === true ||
        members['allow_failure'] === true ||
        members['continueOnError'] === true ||
        members['when'] === 'manual' ||
        isLenient(members['with']);
      const container = path.length === 2 && path[0] === 'steps' ? containerCall(members) : undefined;
      if (container !== undefined) return walk(container, [...path, 'args'], lenient, depth + 1);
      for (const [name, one] of Object.entries(members))
        if (!isProse(name, one) && !(path.length === 0 && unused(name))) {
          const call = name === 'uses' && typeof one === 'string' ? `${one}${scanOptions(members)}` : one;
          walk(call, [...path, name], lenient, depth + 1);
        }
    }
  }
}

/** Lists of names below these are conditions; mappings hold steps (Bitbucket). */
const CONDITIONS = new Set(['branches', 'tags']);

function isProse(name: string, value: unknown): boolean {
  if (!PROSE.has(name)) return false;
  return !(CONDITIONS.has(name) && typeof value === 'object' && value !== null && !Array.isArray(value));
}

/**
 * `[gitleaks, detect]` is one command, cut into words; of `[sh, -c, script]` the script runs.
 * @returns undefined for a list of whole commands
 */
function wordsOf(value: readonly unknown[]): string | undefined {
  if (!value.every((one) => typeof one === 'string')) return undefined;
  const words = value as readonly string[];
  const flag = words.findIndex((one) => /^-[a-z]*c$/.test(one));
  if (flag >= 0 && flag < 3 && words[flag + 1] !== undefined) return words.slice(flag + 1).join('\n');
  return words.slice(0, -1).some((one) => /\S\s+\S/.test(one)) ? undefined : words.join(' ');
}

/** Cloud Build runs a step's image, or a program in it, with arguments. */
function containerCall({ name, entrypoint, args }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof name !== 'string' || !Array.isArray(args) || !args.every((one) => typeof one === 'string')) return undefined;
  const program = typeof entrypoint === 'string' ? entrypoint : (name.split('/').at(-1) ?? '').replace(/[:@].*$/s, '');
  return wordsOf([program, ...(args as readonly string[])]) ?? [program, ...(args as readonly string[])].join(' ');
}

/** What an action is told to look for, as the program's own options: Trivy's `scanners: vuln` leaves secrets out. */
function scanOptions({ with: inputs, env }: Readonly<Record<string, unknown>>): string {
  const member = (holder: unknown, name: string): string | undefined => {
    const value = typeof holder === 'object' && holder !== null ? (holder as Readonly<Record<string, unknown>>)[name] : undefined;
    return typeof value === 'string' && value.length < 200 ? value.replaceAll(/[^\w,.-]/g, '') : undefined;
  };
  const kind = member(inputs, 'scan-type');
  const scanners = member(inputs, 'scanners') ?? member(inputs, 'security-checks') ?? member(env, 'TRIVY_SCANNERS');
  return `${kind === undefined ? '' : ` ${kind}`}${scanners === undefined || scanners === '' ? '' : ` --scanners ${scanners}`}`;
}

function isOff(members: Readonly<Record<string, unknown>>): boolean {
  const off = [members['if'], members['condition'], members['enabled']].some(
    (value) => value === false || value === 'false' || value === '${{ false }}',
  );
  const { rules } = members;
  const [rule] = Array.isArray(rules) ? (rules as unknown[]) : [];
  // GitLab: the first rule has no condition and says never.
  const never =
    typeof rule === 'object' && rule !== null && Object.keys(rule).length === 1 && (rule as { when?: unknown }).when === 'never';
  return off || never || members['when'] === 'never';
}

/** An action's own switch: Trivy's `exit-code: 0` beside a severity that it reports only. */
function isLenient(inputs: unknown): boolean {
  if (typeof inputs !== 'object' || inputs === null) return false;
  const { 'exit-code': code, 'fail-build': fail } = inputs as Readonly<Record<string, unknown>>;
  return code === 0 || code === '0' || fail === false || fail === 'false';
}

/** Its line is worked out when it is asked for: few steps are told of. */
class ScriptStep implements Step {
  readonly text: string;
  readonly soft: boolean;
  readonly within?: string;
  readonly #at: number;
  readonly #lineOf: (offset: number) => number;

  constructor(text: string, soft: boolean, within: string | undefined, at: number, lineOf: (offset: number) => number) {
    this.text = text;
    this.soft = soft;
    if (within !== undefined) this.within = within;
    this.#at = at;
    this.#lineOf = lineOf;
  }

  get line(): number {
    return this.#lineOf(this.#at);
  }
}

/** @param lenient whether all of them may fail @param within the script of a package.json that they belong to */
function scriptSteps(script: string, line: (offset: number) => number, lenient = false, within?: string): readonly Step[] {
  if (script.length > 200_000) return [];
  const commands = commandsOf(script);
  return commands.flatMap((command, i): Step[] => {
    // What is printed is no call.
    if (/^(?:echo|printf|cat|#)$/.test(command.words[0] ?? '')) return [];
    const text = command.words.join(' ').toLowerCase().slice(0, 600);
    if (text === '') return [];
    const next = commands[i + 1]?.words.join(' ');
    const between = script.slice(command.at, commands[i + 1]?.at ?? script.length);
    const soft = lenient || ((next === 'true' || next === ':') && between.includes('||'));
    return [new ScriptStep(text, soft, within, command.at, line)];
  });
}

function shell(_: string, text: string): ReturnType<FileKind['read']> {
  // Recipes of a Makefile begin with a tab and perhaps `@` or `-`, which lets them fail.
  const plain = text.replaceAll(/^[ \t]*[@-]{1,2}(?=[\w./])/gm, '');
  const starts = lineStarts(plain);
  return { steps: scriptSteps(plain, (offset) => lineOf(starts, offset)) };
}

function lines(_: string, text: string): ReturnType<FileKind['read']> {
  return {
    steps: text
      .split('\n')
      .slice(0, 5000)
      .flatMap((line, i) =>
        scriptSteps(
          line.replace(/^[\s#]*(?:commands\s*=)?\s*["']?/, (head) => (head.includes('#') ? '#' : '')),
          () => i + 1,
        ),
      ),
  };
}

/** Jenkinsfiles and Gradle: words and texts in order, comments gone; texts are scripts. */
function groovy(path: string, text: string): ReturnType<FileKind['read']> {
  const tokens = tokenize(text, path.endsWith('.kts') ? 'kotlin' : 'java');
  const starts = lineStarts(text);
  const steps: Step[] = [];
  for (const [i, token] of tokens.entries()) {
    if (steps.length >= STEPS_MAX) break;
    const before = tokens[i - 1];
    // What is printed is no call.
    if (
      before &&
      /^(?:echo|println|description|name|stage|label)$/.test(
        tokens[i - 1]!.text === '(' ? (tokens[i - 2]?.text ?? '') : before.text,
      )
    )
      continue;
    if (token.kind === 1)
      for (const step of scriptSteps(token.text, (offset) => lineOf(starts, token.at + offset))) steps.push(step);
    else if (token.kind === 0 && token.text.length > 4)
      steps.push({ text: token.text.toLowerCase(), line: lineOf(starts, token.at), soft: false });
  }
  return { steps };
}

/** Scripts of package.json, and hooks and tools among its members. */
function packageJson(path: string, text: string): ReturnType<FileKind['read']> {
  const [document] = readYaml(path, text).documents;
  const value = document?.value as Readonly<Record<string, unknown>> | undefined;
  if (!document || typeof value !== 'object') return { steps: [] };
  const steps: Step[] = [];
  for (const name of ['scripts', 'husky', 'lint-staged', 'simple-git-hooks', 'pre-commit']) {
    const member = value[name];
    for (const [key, script] of Object.entries(typeof member === 'object' && member !== null ? member : {}).slice(0, SCRIPTS_MAX))
      for (const one of Array.isArray(script) ? (script as unknown[]) : [script])
        if (typeof one === 'string')
          steps.push(...scriptSteps(one, () => document.locate([name, key]).line, false, name === 'scripts' ? key : undefined));
  }
  if (typeof value['renovate'] === 'object')
    steps.push({ text: 'renovate configuration', line: document.locate(['renovate']).line, soft: false });
  return { steps };
}

/** Plugins of a pom.xml by their names, comments gone. */
function xml(_: string, text: string): ReturnType<FileKind['read']> {
  const steps: Step[] = [];
  const names = new Map<string, boolean>();
  const starts = lineStarts(text);
  for (let at = text.indexOf('<'); at >= 0 && steps.length < STEPS_MAX; at = text.indexOf('<', at + 1)) {
    if (text.startsWith('<!--', at)) {
      const end = text.indexOf('-->', at);
      if (end < 0) break;
      at = end;
    } else if (text.startsWith('<artifactId>', at)) {
      const end = text.indexOf('<', at + 12);
      const name = text
        .slice(at + 12, end < 0 ? text.length : end)
        .trim()
        .toLowerCase();
      // Names repeat; programs that look for something are few.
      if (name === '' || name.length > 200 || names.size > STEPS_MAX) continue;
      if (!names.has(name))
        names.set(
          name,
          TOOLS.some(({ pattern }) => pattern.test(name)),
        );
      if (names.get(name) === true) steps.push({ text: name, line: lineOf(starts, at), soft: false });
    }
  }
  return { steps };
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineOf(starts: readonly number[], at: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}
