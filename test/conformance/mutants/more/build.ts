// Gap: build files without dependency or secret scanning; every system that builds, and other tools that scan.
import { gap as first } from '../gaps/build.ts';
import { casesOf } from '../world.ts';
import type { Gap, World } from '../world.ts';

const SHA = 'fedcba9876543210fedcba9876543210fedcba98';
const only = (files: Readonly<Record<string, string>>) => (world: World) => {
  for (const path of Object.keys(world.files)) delete world.files[path];
  Object.assign(world.files, { 'go.mod': 'module socks.example/payment\n\ngo 1.23\n', ...files });
};
const github = (...steps: readonly string[]): string =>
  `name: image\non:\n  push:\n    tags: ['v*']\npermissions:\n  contents: read\njobs:\n  image:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@${SHA}\n      - run: go test ./...\n${steps.map((step) => `      - ${step}\n`).join('')}      - run: ko build ./cmd/payment\n`;
const gitlab = (head: string, ...jobs: readonly string[]): string =>
  `${head}image: golang:1.23\nbuild:\n  script:\n    - go build ./...\n    - docker push registry.example.com/payment\n${jobs.join('')}`;
const jenkins = (...stages: readonly string[]): string =>
  `pipeline {\n  agent { docker { image 'golang:1.23' } }\n  stages {\n    stage('Build') { steps { sh 'go build ./...' } }\n${stages.map((stage) => `    ${stage}\n`).join('')}    stage('Push') { steps { sh 'docker push registry.example.com/payment' } }\n  }\n}\n`;
const circle = (...steps: readonly string[]): string =>
  `version: 2.1\norbs: {}\njobs:\n  build:\n    docker:\n      - image: cimg/go:1.23\n    steps:\n      - checkout\n      - run: go build ./...\n${steps.map((step) => `      - run: ${step}\n`).join('')}workflows: { main: { jobs: [build] } }\n`;
const azure = (...steps: readonly string[]): string =>
  `trigger: [main]\npool: { vmImage: ubuntu-24.04 }\nsteps:\n  - script: go build ./...\n${steps.map((step) => `  - ${step}\n`).join('')}  - script: docker push registry.example.com/payment\n`;
const bitbucket = (...lines: readonly string[]): string =>
  `image: golang:1.23\npipelines:\n  branches:\n    main:\n      - step:\n          name: build\n          script:\n            - go build ./...\n${lines.map((line) => `            - ${line}\n`).join('')}`;
const drone = (...steps: readonly string[]): string =>
  `kind: pipeline\ntype: docker\nname: build\nsteps:\n  - name: go\n    image: golang:1.23\n    commands: [go build ./...]\n${steps.join('')}`;
const travis = (...lines: readonly string[]): string =>
  `language: go\ngo: '1.23'\nscript:\n  - go test ./...\n  - go build ./...\n${lines.map((line) => `  - ${line}\n`).join('')}`;
const cloudBuild = (...steps: readonly string[]): string =>
  `steps:\n  - name: golang:1.23\n    entrypoint: go\n    args: [build, ./...]\n${steps.map((step) => `  - ${step}\n`).join('')}  - name: gcr.io/cloud-builders/docker\n    args: [push, registry.example.com/payment]\n`;
const tekton = (...steps: readonly string[]): string =>
  `apiVersion: tekton.dev/v1\nkind: Task\nmetadata: { name: build }\nspec:\n  steps:\n    - name: build\n      image: golang:1.23\n      script: |\n        go build ./...\n${steps.join('')}`;
const buildkite = (...lines: readonly string[]): string =>
  `steps:\n  - label: build\n    command: go build ./...\n${lines.map((line) => `  - label: scan\n    command: ${line}\n`).join('')}`;
const woodpecker = (...lines: readonly string[]): string =>
  `steps:\n  - name: build\n    image: golang:1.23\n    commands:\n      - go build ./...\n${lines.map((line) => `      - ${line}\n`).join('')}`;
const codeBuild = (...lines: readonly string[]): string =>
  `version: 0.2\nphases:\n  build:\n    commands:\n      - go build ./...\n${lines.map((line) => `      - ${line}\n`).join('')}`;

const GITHUB = '.github/workflows/image.yaml';
const CODEQL = `uses: github/codeql-action/analyze@${SHA}`;
const VULN = `uses: golang/govulncheck-action@${SHA}`;
const HOG = `uses: trufflesecurity/trufflehog@${SHA}`;

export const gap: Gap = {
  name: 'more-build',
  codes: first.codes,
  cases: () =>
    casesOf(
      { docs: [], files: { 'go.mod': 'module socks.example/payment\n\ngo 1.23\n', [GITHUB]: github(VULN, HOG) } },
      {
        'GitHub: code analysis is neither': only({ [GITHUB]: github(CODEQL) }),
        'GitHub: vulnerabilities alone': only({ [GITHUB]: github(VULN) }),
        'GitHub: secrets alone': only({ [GITHUB]: github(HOG) }),
        'GitHub: the scan never runs': only({
          [GITHUB]: github(`if: false\n        ${VULN}`, HOG),
        }),
        'GitHub: whatever it finds does not matter': only({
          [GITHUB]: github('run: govulncheck ./... || true', HOG),
        }),
        'GitHub: installed and not run': only({
          [GITHUB]: github('run: go install golang.org/x/vuln/cmd/govulncheck@v1.1.3', HOG),
        }),
        'GitLab: a container is built, and nothing looked at': only({ '.gitlab-ci.yml': gitlab('') }),
        'GitLab: the job is hidden': only({
          '.gitlab-ci.yml': gitlab('', '.scan:\n  script: [trivy fs ., gitleaks detect]\n'),
        }),
        'Jenkins: unit tests are no scan': only({ Jenkinsfile: jenkins("stage('Test') { steps { sh 'go test ./...' } }") }),
        'Jenkins: dependencies alone': only({ Jenkinsfile: jenkins("stage('Scan') { steps { sh 'osv-scanner -r .' } }") }),
        'CircleCI: a linter': only({ '.circleci/config.yml': circle('golangci-lint run') }),
        'Azure: secrets alone': only({ 'azure-pipelines.yml': azure('script: gitleaks detect --no-banner') }),
        'Bitbucket: nothing': only({ 'bitbucket-pipelines.yml': bitbucket() }),
        'Drone: nothing': only({ '.drone.yml': drone() }),
        'Travis: nothing': only({ '.travis.yml': travis() }),
        'Cloud Build: nothing': only({ 'cloudbuild.yaml': cloudBuild() }),
        'Tekton: nothing': only({ 'tekton/build.yaml': tekton() }),
        'Buildkite: nothing': only({ '.buildkite/pipeline.yml': buildkite() }),
        'Woodpecker: nothing': only({ '.woodpecker.yml': woodpecker() }),
        'CodeBuild: nothing': only({ 'buildspec.yml': codeBuild() }),
        'CodeBuild: dependencies alone': only({ 'buildspec.yml': codeBuild('trivy fs --scanners vuln .') }),
      },
      {
        'GitHub: two commands': only({ [GITHUB]: github('run: govulncheck ./...', 'run: gitleaks git --redact') }),
        'GitHub: nancy and detect-secrets': only({
          [GITHUB]: github(
            'run: go list -json -deps ./... | nancy sleuth',
            'run: detect-secrets-hook --baseline .secrets.baseline $(git ls-files)',
          ),
        }),
        'GitHub: a called workflow': only({
          [GITHUB]: `${github(HOG)}  scan:\n    uses: google/osv-scanner-action/.github/workflows/osv-scanner-reusable.yml@${SHA}\n`,
        }),
        'GitHub: with a time limit': only({
          [GITHUB]: github(`name: vulnerabilities\n        timeout-minutes: 5\n        ${VULN}`, HOG),
        }),
        'GitLab: components': only({
          '.gitlab-ci.yml': gitlab(
            'include:\n  - component: $CI_SERVER_FQDN/components/dependency-scanning/main@1\n  - component: $CI_SERVER_FQDN/components/secret-detection/secret-detection@2\n',
          ),
        }),
        'GitLab: a job that extends the hidden one': only({
          '.gitlab-ci.yml': gitlab(
            '',
            '.scan:\n  script: [trivy fs --scanners vuln ., gitleaks detect]\n',
            'scan:\n  extends: .scan\n',
          ),
        }),
        'Jenkins: a plugin and a tool': only({
          Jenkinsfile: jenkins(
            "stage('Dependencies') { steps { dependencyCheck additionalArguments: '--scan .', odcInstallation: 'dc' } }",
            "stage('Secrets') { steps { sh 'trufflehog filesystem .' } }",
          ),
        }),
        'CircleCI: one tool for both': only({
          '.circleci/config.yml': circle('trivy fs --scanners vuln,secret --exit-code 1 .'),
        }),
        'Azure: a task and a tool': only({
          'azure-pipelines.yml': azure(
            'task: dependency-check-build-task@6\n    inputs: { projectName: payment, scanPath: . }',
            'script: gitleaks detect --no-banner',
          ),
        }),
        'Bitbucket: pipes': only({
          'bitbucket-pipelines.yml': bitbucket('pipe: snyk/snyk-scan:1.0.1', 'pipe: atlassian/git-secrets-scan:3.0.0'),
        }),
        'Drone: images of tools': only({
          '.drone.yml': drone(
            '  - name: vulnerabilities\n    image: aquasec/trivy:0.57.0\n    commands: [trivy fs --scanners vuln .]\n',
            '  - name: secrets\n    image: zricethezav/gitleaks:v8.21.2\n    commands: [gitleaks detect]\n',
          ),
        }),
        'Travis: both': only({ '.travis.yml': travis('govulncheck ./...', 'gitleaks detect') }),
        'Cloud Build: both': only({
          'cloudbuild.yaml': cloudBuild('name: aquasec/trivy\n    args: [fs, --scanners, "vuln,secret", .]'),
        }),
        'Tekton: both': only({
          'tekton/build.yaml': tekton(
            '    - name: scan\n      image: aquasec/trivy:0.57.0\n      script: |\n        trivy fs --scanners vuln,secret .\n',
          ),
        }),
        'Buildkite: both': only({ '.buildkite/pipeline.yml': buildkite('trivy fs --scanners vuln,secret .') }),
        'Woodpecker: both': only({ '.woodpecker.yml': woodpecker('govulncheck ./...', 'gitleaks detect') }),
        'CodeBuild: both': only({ 'buildspec.yml': codeBuild('npx cullis gate .') }),
        'a Makefile that the pipeline calls': only({
          Makefile: 'scan:\n\tgovulncheck ./...\n\tgitleaks detect\n',
          [GITHUB]: github('run: make scan'),
        }),
      },
    ),
};
