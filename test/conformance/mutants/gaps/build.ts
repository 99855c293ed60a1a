// Gap: build files without dependency scanning or without secret scanning.
import { casesOf } from '../world.ts';
import type { Gap, World } from '../world.ts';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const github = (...steps: readonly string[]): string => `name: build
on: { push: { branches: [main] }, pull_request: {} }
permissions: { contents: read }
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@${SHA}
      - run: npm ci
      - run: npm test
${steps.map((step) => `      - ${step}\n`).join('')}      - run: docker build -t registry.example.com/shop .
      - run: docker push registry.example.com/shop
`;
const gitlab = (...scripts: readonly string[]): string => `stages: [test, build]
test:
  stage: test
  script:
    - npm ci
    - npm test
${scripts.map((line) => `    - ${line}\n`).join('')}build:
  stage: build
  script:
    - docker build -t registry.example.com/shop .
    - docker push registry.example.com/shop
`;
const jenkins = (...lines: readonly string[]): string => `pipeline {
  agent any
  stages {
    stage('build') {
      steps {
        sh 'mvn -B package'
${lines.map((line) => `        sh '${line}'\n`).join('')}        sh 'docker push registry.example.com/shop'
      }
    }
  }
}
`;

const GITHUB = '.github/workflows/build.yml';
const TRIVY = `uses: aquasecurity/trivy-action@${SHA}\n        with: { scan-type: fs, scanners: vuln }`;
const GITLEAKS = `uses: gitleaks/gitleaks-action@${SHA}`;
const only = (files: Readonly<Record<string, string>>) => (world: World) => {
  for (const file of Object.keys(world.files)) delete world.files[file];
  Object.assign(world.files, {
    'package.json': '{ "name": "shop", "version": "1.0.0", "scripts": { "test": "node --test" } }\n',
    ...files,
  });
};

export const gap: Gap = {
  name: 'build',
  codes: ['build.'],
  cases: () =>
    casesOf(
      { docs: [], files: { 'package.json': '{ "name": "shop", "version": "1.0.0" }\n', [GITHUB]: github(TRIVY, GITLEAKS) } },
      {
        'GitHub: no scan at all': only({ [GITHUB]: github() }),
        'GitHub: dependencies only': only({ [GITHUB]: github(TRIVY) }),
        'GitHub: secrets only': only({ [GITHUB]: github(GITLEAKS) }),
        'GitHub: a linter is no scan': only({ [GITHUB]: github('run: npx eslint .', GITLEAKS) }),
        'GitHub: the scan is commented out': only({
          [GITHUB]: github(GITLEAKS).replace(
            '      - run: docker build',
            `      # - ${TRIVY.split('\n')[0] ?? ''}\n      - run: docker build`,
          ),
        }),
        'GitHub: the name alone': only({ [GITHUB]: github('name: trivy scan\n        run: echo later', GITLEAKS) }),
        'GitHub: unit tests of an auditor': only({ [GITHUB]: github('run: npm run audit-log-test', GITLEAKS) }),
        'GitLab: no scan at all': only({ '.gitlab-ci.yml': gitlab() }),
        'GitLab: dependencies only': only({ '.gitlab-ci.yml': gitlab('npm audit --audit-level=high') }),
        'GitLab: secrets only': only({ '.gitlab-ci.yml': gitlab('gitleaks detect --source .') }),
        'GitLab: another template': only({
          '.gitlab-ci.yml': `include: [{ template: Jobs/Code-Quality.gitlab-ci.yml }]\n${gitlab()}`,
        }),
        'Jenkins: no scan at all': only({
          Jenkinsfile: jenkins(),
          'pom.xml': '<project><modelVersion>4.0.0</modelVersion></project>',
        }),
        'Jenkins: dependencies only': only({ Jenkinsfile: jenkins('mvn org.owasp:dependency-check-maven:check') }),
        'Jenkins: secrets only': only({ Jenkinsfile: jenkins('gitleaks detect') }),
        'CircleCI: no scan': only({
          '.circleci/config.yml':
            'version: 2.1\njobs:\n  build:\n    docker: [{ image: cimg/node:20.1 }]\n    steps:\n      - checkout\n      - run: npm ci && npm test\n      - run: docker push registry.example.com/shop\n',
        }),
        'Azure: no scan': only({
          'azure-pipelines.yml':
            'trigger: [main]\npool: { vmImage: ubuntu-latest }\nsteps:\n  - script: npm ci && npm test\n  - task: Docker@2\n    inputs: { command: buildAndPush, repository: shop }\n',
        }),
        'Bitbucket: no scan': only({
          'bitbucket-pipelines.yml':
            'image: node:20\npipelines:\n  default:\n    - step:\n        script:\n          - npm ci\n          - npm test\n          - docker push registry.example.com/shop\n',
        }),
        'Drone: no scan': only({
          '.drone.yml':
            'kind: pipeline\ntype: docker\nname: default\nsteps:\n  - name: build\n    image: node:20\n    commands: [npm ci, npm test]\n  - name: publish\n    image: plugins/docker\n    settings: { repo: registry.example.com/shop }\n',
        }),
        'an action at a moving tag of a stranger': only({
          [GITHUB]: github(TRIVY, GITLEAKS, 'uses: someone/deploy-action@main'),
        }),
        'all permissions': only({
          [GITHUB]: github(TRIVY, GITLEAKS).replace('permissions: { contents: read }', 'permissions: write-all'),
        }),
        'a title becomes a command': only({
          [GITHUB]: github(TRIVY, GITLEAKS, 'run: echo "${{ github.event.pull_request.title }}"'),
        }),
        'the code of a fork with secrets at hand': only({
          [GITHUB]: github(TRIVY, GITLEAKS)
            .replace('pull_request: {}', 'pull_request_target: {}')
            .replace(
              `actions/checkout@${SHA}`,
              `actions/checkout@${SHA}\n        with: { ref: "\${{ github.event.pull_request.head.sha }}" }`,
            ),
        }),
      },
      {
        'GitHub: other tools': only({ [GITHUB]: github('run: npm audit --audit-level=high', 'run: npx secretlint "**/*"') }),
        'GitHub: by container': only({
          [GITHUB]: github(
            'run: docker run --rm -v "$PWD:/src" aquasec/trivy fs /src',
            'run: docker run --rm -v "$PWD:/src" trufflesecurity/trufflehog filesystem /src',
          ),
        }),
        'GitHub: one tool for both': only({ [GITHUB]: github('run: trivy fs --scanners vuln,secret --exit-code 1 .') }),
        'GitHub: Cullis itself': only({ [GITHUB]: github('run: npx cullis gate --policy gate.yaml .') }),
        'GitHub: osv-scanner': only({ [GITHUB]: github('run: osv-scanner scan -r .', GITLEAKS) }),
        'GitHub: grype': only({ [GITHUB]: github(`uses: anchore/scan-action@${SHA}`, GITLEAKS) }),
        'GitHub: snyk': only({ [GITHUB]: github('run: npx snyk test', GITLEAKS) }),
        'GitHub: dependency review': only({ [GITHUB]: github(`uses: actions/dependency-review-action@${SHA}`, GITLEAKS) }),
        'GitHub: in a workflow of its own': only({
          [GITHUB]: github(),
          '.github/workflows/security.yml': `name: security\non: push\npermissions: { contents: read }\njobs:\n  scan:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@${SHA}\n      - ${TRIVY}\n      - ${GITLEAKS}\n`,
        }),
        'GitHub: Dependabot and pre-commit': only({
          [GITHUB]: github(),
          '.github/dependabot.yml':
            'version: 2\nupdates:\n  - { package-ecosystem: npm, directory: /, schedule: { interval: weekly } }\n',
          '.pre-commit-config.yaml':
            'repos:\n  - repo: https://github.com/gitleaks/gitleaks\n    rev: v8.18.0\n    hooks: [{ id: gitleaks }]\n',
        }),
        'GitHub: Renovate': only({ [GITHUB]: github(GITLEAKS), 'renovate.json': '{ "extends": ["config:recommended"] }\n' }),
        'GitLab: both tools': only({ '.gitlab-ci.yml': gitlab('npm audit --audit-level=high', 'gitleaks detect --source .') }),
        'GitLab: templates': only({
          '.gitlab-ci.yml': `include:\n  - template: Security/Dependency-Scanning.gitlab-ci.yml\n  - template: Security/Secret-Detection.gitlab-ci.yml\n${gitlab()}`,
        }),
        'GitLab: templates by their new names': only({
          '.gitlab-ci.yml': `include:\n  - template: Jobs/Dependency-Scanning.gitlab-ci.yml\n  - template: Jobs/Secret-Detection.gitlab-ci.yml\n${gitlab()}`,
        }),
        'Jenkins: both tools': only({ Jenkinsfile: jenkins('mvn org.owasp:dependency-check-maven:check', 'gitleaks detect') }),
        'CircleCI: both tools': only({
          '.circleci/config.yml':
            'version: 2.1\njobs:\n  build:\n    docker: [{ image: cimg/node:20.1 }]\n    steps:\n      - checkout\n      - run: npm ci && npm test\n      - run: trivy fs --scanners vuln,secret .\n      - run: docker push registry.example.com/shop\n',
        }),
        'Azure: both tools': only({
          'azure-pipelines.yml':
            'trigger: [main]\npool: { vmImage: ubuntu-latest }\nsteps:\n  - script: npm ci && npm test\n  - script: trivy fs --scanners vuln,secret .\n  - task: Docker@2\n    inputs: { command: buildAndPush, repository: shop }\n',
        }),
        'Bitbucket: both tools': only({
          'bitbucket-pipelines.yml':
            'image: node:20\npipelines:\n  default:\n    - step:\n        script:\n          - npm ci\n          - npm audit\n          - gitleaks detect\n          - docker push registry.example.com/shop\n',
        }),
        'a title through the environment': only({
          [GITHUB]: github(
            TRIVY,
            GITLEAKS,
            'run: echo "$TITLE"\n        env: { TITLE: "${{ github.event.pull_request.title }}" }',
          ),
        }),
        'no build file at all': only({}),
      },
    ),
};
