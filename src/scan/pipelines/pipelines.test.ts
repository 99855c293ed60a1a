import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workflow, uses, SCANNED, SHA, step, gitlab } from '../../../test/fakes/pipelines.ts';
import type { Files } from '../../../test/fakes/pipelines.ts';
import { buildFindings } from './findings.ts';
import { isBuildFile } from './read.ts';

type Case = readonly [name: string, files: Files, ...found: string[]];

const NEITHER = ['medium no-dependency-scan', 'medium no-secret-scan'] as const;

const BUILD = step('docker build -t a .');

const CASES: readonly Case[] = [
  ['GitHub without scans', workflow(BUILD), ...NEITHER],
  ['nothing is built', workflow(step('echo docker build .'))],
  ['Trivy looks for both', workflow(BUILD + uses(`aquasecurity/trivy-action@${SHA}`))],
  ['Trivy for holes alone', workflow(BUILD + step('trivy image --scanners vuln a')), 'medium no-secret-scan'],
  [
    'the action for holes alone',
    workflow(BUILD + uses(`aquasecurity/trivy-action@${SHA}`, '        with: { scan-type: fs, scanners: vuln }\n')),
    'medium no-secret-scan',
  ],
  [
    'the action for holes and secrets',
    workflow(BUILD + uses(`aquasecurity/trivy-action@${SHA}`, "        with: { scan-type: fs, scanners: 'vuln,secret' }\n")),
  ],
  [
    'the action for configuration',
    workflow(BUILD + uses(`aquasecurity/trivy-action@${SHA}`, '        with: { scan-type: config }\n')),
    ...NEITHER,
  ],
  [
    'installed, not run',
    workflow(BUILD + step('go install golang.org/x/vuln/cmd/govulncheck@latest') + step('gitleaks --version')),
    ...NEITHER,
  ],
  ['GitLab, a hidden job that nobody takes', gitlab(`a: {script: [docker build .]}\n.b: {script: [trivy fs .]}\n`), ...NEITHER],
  [
    'GitLab, a hidden job that is taken',
    gitlab(`a: {extends: .b, before_script: [docker build .]}\n.b: {script: [trivy fs .]}\n`),
  ],
  ['GitLab, never', gitlab(`a: {script: [docker build .]}\nb: {script: [trivy fs .], rules: [{when: never}]}\n`), ...NEITHER],
  [
    'Bitbucket by branch',
    { 'bitbucket-pipelines.yml': 'pipelines: {branches: {main: [{step: {script: [docker build .]}}]}}' },
    ...NEITHER,
  ],
  [
    'Cloud Build',
    {
      'cloudbuild.yaml':
        'steps:\n- {name: gcr.io/cloud-builders/docker, args: [build, .]}\n- {name: aquasec/trivy, args: [fs, .]}',
    },
  ],
  [
    'Cloud Build through a shell',
    { 'cloudbuild.yaml': 'steps: [{name: a, entrypoint: bash, args: [-c, "docker build . && echo trivy fs ."]}]' },
    ...NEITHER,
  ],
  ['Buildkite', { '.buildkite/pipeline.yml': 'steps: [{commands: [go test ./..., go build ./...]}]' }, ...NEITHER],
  ['npm audit and gitleaks', workflow(step('npm ci && npm audit --audit-level=high') + uses(`gitleaks/gitleaks-action@${SHA}`))],
  [
    'only in a comment or a message',
    workflow(`      # gitleaks, trivy\n${BUILD}${step('echo "run trivy and gitleaks"')}`),
    ...NEITHER,
  ],
  ['switched off', workflow(`${BUILD}      - run: trivy fs .\n        if: false\n`), ...NEITHER],
  ['findings stop nothing', workflow(`${BUILD}${step('trivy fs . || true')}`), 'low scan-not-enforced', 'low scan-not-enforced'],
  [
    'continue on error',
    workflow(`${BUILD}      - run: gitleaks detect\n        continue-on-error: true\n${step('grype dir:.')}`),
    'low scan-not-enforced',
  ],
  [
    'Dependabot and a hook before commits',
    {
      ...workflow(BUILD),
      '.github/dependabot.yml': 'version: 2\nupdates: []\n',
      '.pre-commit-config.yaml': 'repos:\n- repo: https://github.com/gitleaks/gitleaks\n  rev: v8\n  hooks: [{id: gitleaks}]\n',
    },
  ],
  ['Renovate counts for dependencies', { ...workflow(BUILD), 'renovate.json': '{}' }, 'medium no-secret-scan'],
  [
    'a script that the pipeline calls',
    { ...workflow(BUILD + step('make scan')), Makefile: 'scan:\n\t@gitleaks detect\n\tosv-scanner -r .\n' },
  ],
  [
    'scripts of package.json',
    {
      ...workflow(step('npm ci && npm run check')),
      'package.json':
        '{"scripts": {"check": "yarn audit:all && yarn secrets", "audit:all": "npm audit", "secrets": "secretlint **/*"}}',
    },
  ],
  [
    'scripts, Makefiles and files that nothing calls',
    {
      ...workflow(step('npm ci')),
      'package.json': '{"scripts": {"audit": "npm audit", "secrets": "secretlint **/*"}}',
      Makefile: 'scan:\n\tgitleaks detect\n',
      'scripts/scan.sh': 'trivy fs .\n',
    },
    ...NEITHER,
  ],
  [
    'a script file that the pipeline calls',
    { ...workflow(BUILD + step('bash ./scripts/scan.sh')), 'scripts/scan.sh': 'trivy fs .\n' },
  ],
  [
    'an action of the repository',
    {
      ...workflow(BUILD + uses('./.github/actions/scan')),
      '.github/actions/scan/action.yml': 'runs: {using: composite, steps: [{run: trivy fs ., shell: bash}]}',
    },
  ],
  [
    'one finding for several workflows',
    { ...workflow(BUILD), '.github/workflows/b.yml': workflow(BUILD)['.github/workflows/ci.yml']! },
    ...NEITHER,
  ],
  [
    'two repositories',
    { 'a/.gitlab-ci.yml': 'b: {script: [docker build .]}', 'b/.gitlab-ci.yml': 'b: {script: [docker build ., trivy fs .]}' },
    ...NEITHER,
  ],

  ['GitLab without scans', gitlab('build:\n  script:\n    - docker build -t a .\n'), ...NEITHER],
  [
    'GitLab templates',
    gitlab(
      'include:\n  - template: Security/Secret-Detection.gitlab-ci.yml\n  - template: Jobs/Dependency-Scanning.gitlab-ci.yml\nbuild: {script: [docker build .]}\n',
    ),
  ],
  ['GitLab, never', gitlab('scan: {when: never, script: [trivy fs .]}\nbuild: {script: [docker build .]}\n'), ...NEITHER],
  [
    'Jenkinsfile',
    { Jenkinsfile: "pipeline { stages { stage('trivy gitleaks') { steps { sh 'mvn -B package' } } } } // dependency-check" },
    ...NEITHER,
  ],
  [
    'Jenkinsfile that scans',
    {
      Jenkinsfile:
        "pipeline { stages { stage('b') { steps { sh 'mvn -B package'\n dependencyCheck additionalArguments: ''\n sh '''\n  gitleaks detect\n''' } } } }",
    },
  ],
  [
    'Maven plugin',
    {
      Jenkinsfile: "sh 'mvn -B verify'",
      'pom.xml':
        '<project><plugin><artifactId>dependency-check-maven</artifactId></plugin><!-- <artifactId>gitleaks</artifactId> --></project>',
    },
    'medium no-secret-scan',
  ],
  [
    'Gradle plugin',
    {
      Jenkinsfile: "sh './gradlew build && trufflehog git file://.'",
      'build.gradle': "plugins { id 'org.owasp.dependencycheck' version '12' }",
    },
  ],
  [
    'CircleCI',
    { '.circleci/config.yml': 'version: 2.1\njobs: {b: {steps: [{run: {name: gitleaks, command: docker build .}}]}}' },
    ...NEITHER,
  ],
  [
    'CircleCI with orbs',
    {
      '.circleci/config.yml':
        'version: 2.1\norbs: {snyk: snyk/snyk@2.0, gg: gitguardian/ggshield@1}\njobs: {b: {steps: [{run: docker build .}]}}',
    },
  ],
  ['Azure', { 'azure-pipelines.yml': 'steps:\n- script: dotnet publish\n' }, ...NEITHER],
  [
    'Azure tasks',
    {
      'azure-pipelines.yml':
        'steps:\n- script: dotnet publish\n- task: dependency-check-build-task@6\n- task: MicrosoftSecurityDevOps@1\n',
    },
  ],
  ['Bitbucket', { 'bitbucket-pipelines.yml': 'pipelines: {default: [{step: {script: [npm ci]}}]}' }, ...NEITHER],
  [
    'Bitbucket pipes',
    {
      'bitbucket-pipelines.yml':
        'pipelines: {default: [{step: {script: [npm ci, {pipe: "snyk/snyk-scan:1.0"}, {pipe: "atlassian/git-secrets-scan:3.0"}]}}]}',
    },
  ],
  ['Drone', { '.drone.yml': 'kind: pipeline\nsteps: [{name: b, image: plugins/docker}]' }, ...NEITHER],
  [
    'Tekton',
    {
      '.tekton/build.yaml':
        'apiVersion: tekton.dev/v1\nkind: Task\nspec: {steps: [{name: b, image: gcr.io/kaniko-project/executor}, {name: s, image: "zricethezav/gitleaks:v8"}, {name: t, image: "aquasec/trivy:0.60", args: [image, --scanners, vuln]}]}',
    },
  ],
];

const findings = (files: Files): ReturnType<typeof buildFindings> =>
  buildFindings(Object.entries(files).map(([path, text]) => ({ path, text })));

for (const [name, files, ...wanted] of CASES)
  test(`pipelines: ${name}`, () => {
    const found = findings(files);
    assert.deepEqual(
      found.map(({ code, severity }) => `${severity} ${code.replace('build.', '')}`).toSorted(),
      wanted.toSorted(),
    );
    assert.equal(new Set(found.map(({ id }) => id)).size, found.length);
  });

test('a finding stands at its step', () => {
  const [found] = findings(workflow(step('date') + step('echo ${{ secrets.KEY }}') + SCANNED));
  assert.deepEqual(found!.location, { file: '.github/workflows/ci.yml', line: 8, column: 9 });
});

test('which files are read', () => {
  for (const path of [
    '.github/workflows/a.yaml',
    'x/.gitlab-ci.yml',
    'Jenkinsfile',
    'ci/Jenkinsfile.release',
    'azure-pipelines.yml',
    'Makefile',
    'a/package.json',
    'scripts/ci.sh',
  ])
    assert.ok(isBuildFile(path), path);
  for (const path of ['a.yaml', 'k8s/deployment.yaml', 'src/a.ts', 'node_modules/a/package.json'])
    assert.ok(!isBuildFile(path), path);
});

test('hostile files cost time in proportion to their size', () => {
  const size = 200_000;
  for (const [path, shape] of [
    ['.gitlab-ci.yml', 'a: "$("\n'],
    ['Makefile', '"$('],
    ['Makefile', "`'"],
    ['Jenkinsfile', 'sh "('],
    ['.github/workflows/a.yml', 'on: push\n${{ ${{'],
    ['pom.xml', '<artifactId>'],
    ['pom.xml', '<!--'],
    ['a.sh', 'trivy '],
    ['a.sh', '$(a $(b '],
    ['package.json', '{"a":'],
  ] as const) {
    const start = performance.now();
    findings({ [path]: shape.repeat(Math.ceil(size / shape.length)), Jenkinsfile: "sh 'make'" });
    assert.ok(performance.now() - start < 600, `${path} ${shape} ${performance.now() - start}`);
  }
});
