import { listText } from '#policy/lint/context.ts';
import type { Path } from '#model/origin.ts';
import { commandsOf } from '../../code/shell.ts';
import type { Repository, Workflow, WorkflowStep } from '../../pipelines/github.ts';
import type { Hit, SubjectRule } from '../../rule.ts';

const HARDENING =
  'https://docs.github.com/actions/security-for-github-actions/security-guides/security-hardening-for-github-actions';

function hit(workflow: Workflow, path: Path, title: string, more: Partial<Hit> = {}): Hit {
  return { title, at: { location: { file: workflow.file, ...workflow.lineOf(path) }, subject: workflow.file }, ...more };
}

/** Kept by GitHub itself. */
const OWN = /^(?:actions|github)\//;

export const UNPINNED_ACTION = {
  id: 'build.unpinned-action',
  name: 'Third-party action that is not held by its commit',
  severity: 'medium',
  cwe: [829, 1357],
  why: 'Tags and branches of an action can be moved by whoever gets into its repository; the next run then does what they want, with the secrets of this pipeline (as happened to tj-actions/changed-files in March 2025).',
  help: 'name the full commit, with the version in a comment, and let a bot raise it',
  references: [HARDENING, 'CVE-2025-30066'],
  tags: ['owasp-cicd:3', 'slsa:pinned'],
  *check({ workflows }: Repository) {
    const found: { workflow: Workflow; step: WorkflowStep; uses: string }[] = [];
    for (const workflow of workflows)
      for (const step of workflow.steps) {
        const { uses } = step;
        if (uses === undefined || uses.startsWith('./') || uses.startsWith('../')) continue;
        const docker = uses.startsWith('docker://');
        if (docker ? uses.includes('@sha256:') : /@[0-9a-f]{40,64}$/.test(uses)) continue;
        found.push({ workflow, step, uses });
      }
    for (const own of [false, true]) {
      const some = found.filter(({ uses }) => OWN.test(uses) === own);
      const [first] = some;
      if (!first) continue;
      yield hit(
        first.workflow,
        [...first.step.path, 'uses'],
        `not held by a commit: ${listText([...new Set(some.map(({ uses }) => uses.slice(0, 80)))])}`,
        {
          severity: own ? 'low' : 'medium',
          detail: own ? 'own' : 'others',
          at: { location: { file: first.workflow.file, ...first.workflow.lineOf(first.step.path) }, subject: 'workflows' },
          related: some.slice(1, 26).map(({ workflow, step, uses }) => ({
            location: { file: workflow.file, ...workflow.lineOf(step.path) },
            message: `\`${uses.slice(0, 80)}\``,
          })),
        },
      );
    }
  },
} satisfies SubjectRule<Repository>;

/** Runs with the rights and secrets of the base repository. */
const PRIVILEGED = ['pull_request_target', 'workflow_run', 'issue_comment'];

export const FOREIGN_CHECKOUT = {
  id: 'build.pull-request-target-checkout',
  name: 'Code of a stranger run with the secrets of the repository',
  severity: 'high',
  cwe: [94, 829],
  why: 'The workflow runs with the write token and secrets of the repository, and checks out what the pull request brings. Any build script, test or package hook in it takes both.',
  help: 'use `pull_request`, or do not run anything of the checked out code; split the privileged part into a `workflow_run` that takes data only',
  references: [HARDENING, 'https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/'],
  tags: ['owasp-cicd:4'],
  *check({ workflows }: Repository) {
    for (const workflow of workflows) {
      const trigger = PRIVILEGED.find((name) => workflow.triggers.has(name));
      if (trigger === undefined) continue;
      for (const step of workflow.steps) {
        const ref = [step.with['ref'], step.with['repository']].filter((one) => typeof one === 'string').join(' ');
        const checkout =
          step.uses?.startsWith('actions/checkout@') === true &&
          /github\.event\.(?:pull_request\.head|workflow_run\.head)|github\.head_ref|refs\/pull\//.test(ref);
        const fetched = commandsOf(step.run ?? '').some(
          ({ words }) =>
            (words[0] === 'gh' && words[1] === 'pr' && words[2] === 'checkout') ||
            (words[0] === 'git' &&
              /^(?:fetch|checkout)$/.test(words[1] ?? '') &&
              /pull\/|head_ref|pull_request\.head/.test(words.join(' '))),
        );
        if (!checkout && !fetched) continue;
        // Who may start it is asked first.
        const guarded = /author_association|permission|labeled|collaborator|safe to test/i.test(
          JSON.stringify([step.job.raw['if'], workflow.raw['on'] ?? workflow.raw['true']]),
        );
        yield hit(workflow, step.path, `\`${trigger}\` checks out the code of the pull request`, {
          severity: guarded ? 'medium' : 'high',
          detail: step.job.name,
        });
      }
    }
  },
} satisfies SubjectRule<Repository>;

export const WRITE_ALL = {
  id: 'build.write-all',
  name: 'Workflow token that may write everything',
  severity: 'medium',
  cwe: [250, 269],
  why: 'Whatever goes wrong in one step (an action, a dependency, an injected command) can push code, change releases and approve requests.',
  help: 'give `contents: read` at the top, and more to single jobs',
  references: [HARDENING],
  tags: ['owasp-cicd:5'],
  *check({ workflows }: Repository) {
    for (const workflow of workflows) {
      const places: readonly (readonly [unknown, Path])[] = [
        [workflow.raw['permissions'], ['permissions']],
        ...workflow.jobs.map(({ raw, path }) => [raw['permissions'], [...path, 'permissions']] as const),
      ];
      for (const [value, path] of places)
        if (value === 'write-all')
          yield hit(workflow, path, '`permissions: write-all`', {
            detail: path.join('.'),
            fix: { text: this.help, yaml: 'permissions:\n  contents: read\n' },
          });
    }
  },
} satisfies SubjectRule<Repository>;

/** Values that a stranger writes (https://docs.github.com/actions/security-for-github-actions/security-guides/security-hardening-for-github-actions#understanding-the-risk-of-script-injections). */
const UNTRUSTED =
  /\$\{\{[^}]{0,300}?(github\.(?:event\.(?:issue\.(?:title|body)|pull_request\.(?:title|body|head\.(?:ref|label|repo\.default_branch))|comment\.body|review\.body|review_comment\.body|discussion\.(?:title|body)|pages\.\*?\.?page_name|head_commit\.(?:message|author\.(?:email|name))|commits\.?[^}]{0,40}\.(?:message|author\.(?:email|name))|workflow_run\.(?:head_branch|head_commit\.message|display_title|pull_requests[^}]{0,40}\.ref))|head_ref))[^}]{0,300}\}\}/;

export const SCRIPT_INJECTION = {
  id: 'build.script-injection',
  name: 'Text of a stranger in a script',
  severity: 'high',
  cwe: [78, 94],
  why: 'The text is put into the script before the shell reads it. A title such as `a"; curl … | sh; "` is run as a command, with the token and secrets of the job.',
  help: 'hand the text over in a variable: `env: TITLE: ${{ … }}` and `"$TITLE"` in the script',
  references: [HARDENING],
  tags: ['owasp-cicd:4'],
  *check({ workflows }: Repository) {
    for (const workflow of workflows) {
      // Of a pull request from a fork only `pull_request` has neither secrets nor a token that writes.
      const harmless =
        workflow.triggers.size > 0 &&
        [...workflow.triggers].every((name) =>
          /^(?:pull_request|push|workflow_dispatch|schedule|merge_group|release)$/.test(name),
        );
      for (const step of workflow.steps) {
        const script = step.uses?.startsWith('actions/github-script@') === true ? step.with['script'] : step.run;
        const found = typeof script === 'string' ? UNTRUSTED.exec(script) : null;
        if (found)
          yield hit(workflow, [...step.path, step.run === undefined ? 'with' : 'run'], `\`${found[1]!}\` is put into a script`, {
            severity: harmless ? 'medium' : 'high',
            detail: `${step.job.name} ${found[1]!}`,
          });
      }
    }
  },
} satisfies SubjectRule<Repository>;

export const SECRET_PRINTED = {
  id: 'build.secret-printed',
  name: 'Secret written to the log',
  severity: 'medium',
  cwe: [532],
  why: 'Logs are kept for months and read by everybody with access to the repository; masking is passed by any change of the value, such as base64.',
  help: 'take the line out; hand secrets over by standard input or environment',
  references: [HARDENING],
  tags: ['owasp-cicd:6'],
  *check({ workflows, files }: Repository) {
    for (const workflow of workflows)
      for (const step of workflow.steps) {
        // An expression holds spaces and bars that are none of the shell's.
        const script = (step.run ?? '').replaceAll(/\$\{\{\s*(secrets\.\w{1,100})[^}]{0,100}\}\}/g, '__$1__');
        const commands = commandsOf(script);
        for (const [i, { words, piped }] of commands.entries()) {
          const text = words.join(' ');
          const encoded =
            piped &&
            /^(?:base64|xxd|rev|od|hexdump|sed)$/.test(commands[i + 1]?.words[0] ?? '') &&
            commands[i + 1]?.piped !== true &&
            !/[<>]/.test(commands[i + 1]?.words.join(' ') ?? '');
          if (
            !/^(?:echo|printf)$/.test(words[0] ?? '') ||
            !/__secrets\.\w+__/.test(text) ||
            /(?:^| )[012&]?>/.test(text) ||
            /::add-mask::/.test(text) ||
            (piped && !encoded)
          )
            continue;
          yield hit(
            workflow,
            [...step.path, 'run'],
            `\`${/secrets\.\w+/.exec(text)![0]}\` is printed${encoded ? ' in a form that is not masked' : ''}`,
            { severity: encoded ? 'high' : 'medium', detail: `${step.job.name} ${text.slice(0, 100)}` },
          );
        }
      }
    for (const { path, documents } of files)
      for (const document of documents) {
        const variables = (document.value as Readonly<Record<string, unknown>> | null)?.['variables'];
        const value =
          typeof variables === 'object' && variables !== null
            ? (variables as Readonly<Record<string, unknown>>)['CI_DEBUG_TRACE']
            : undefined;
        if (value === true || value === 'true') {
          const { line, column } = document.locate(['variables', 'CI_DEBUG_TRACE']);
          yield {
            title: '`CI_DEBUG_TRACE` writes every variable, secrets too, to the log',
            at: { location: { file: path, line, column }, subject: path },
          };
        }
      }
  },
} satisfies SubjectRule<Repository>;

export const SELF_HOSTED = {
  id: 'build.self-hosted-pull-request',
  name: 'Pull requests run on machines of your own',
  severity: 'medium',
  cwe: [829, 653],
  why: 'In a public repository anybody opens a pull request and has their code run on the machine, which keeps what was left there, and which stands in your network.',
  help: 'run pull requests on hosted or throw-away runners',
  references: [HARDENING],
  tags: ['owasp-cicd:7'],
  *check({ workflows }: Repository) {
    for (const workflow of workflows) {
      if (!workflow.triggers.has('pull_request') && !workflow.triggers.has('pull_request_target')) continue;
      for (const { name, path, raw } of workflow.jobs) {
        const runs = raw['runs-on'];
        const labels =
          typeof runs === 'object' && runs !== null && !Array.isArray(runs)
            ? (runs as Readonly<Record<string, unknown>>)['labels']
            : runs;
        const all = Array.isArray(labels) ? labels : [labels];
        if (all.includes('self-hosted'))
          yield hit(workflow, [...path, 'runs-on'], `the job \`${name}\` runs pull requests on a self-hosted runner`, {
            detail: name,
          });
      }
    }
  },
} satisfies SubjectRule<Repository>;
