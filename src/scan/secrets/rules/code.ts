// Where code lives, is built and is published.
import { hasCrc32Tail } from '../checksum.ts';
import { family } from '../match/make.ts';
import type { SecretRule } from '../rule.ts';

const { token, named, around } = family('code', 'critical');
const ci = family('ci', 'high');
const UUID = '[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}';
const GITHUB = { accept: hasCrc32Tail };

export const CODE_RULES: readonly SecretRule[] = [
  // GitHub: a prefix, 30 characters, 6 characters of checksum
  token('github-pat', 'GitHub personal access token', 'ghp_', '[0-9A-Za-z]{36}', GITHUB),
  token('github-oauth', 'GitHub OAuth token', 'gho_', '[0-9A-Za-z]{36}', GITHUB),
  token('github-app-token', 'GitHub App token', ['ghu_', 'ghs_'], '[0-9A-Za-z]{36}', GITHUB),
  token(
    'github-app-jwt',
    'GitHub App token',
    ['ghs_', 'ghu_'],
    '[0-9A-Za-z]{1,20}_eyJ[\\w-]{10,2000}\\.[\\w-]{10,2000}\\.[\\w-]{10,1000}',
  ),
  token('github-refresh-token', 'GitHub refresh token', 'ghr_', '[0-9A-Za-z]{36,76}'),
  token('github-fine-grained-pat', 'GitHub fine-grained token', 'github_pat_', '[0-9A-Za-z]{22}_[0-9A-Za-z]{59}'),
  // GitLab: https://docs.gitlab.com/security/tokens/#token-prefixes
  token('gitlab-pat', 'GitLab personal access token', 'glpat-', '[\\w-]{20}', { notAfter: '\\w.-' }),
  token('gitlab-pat-routable', 'GitLab personal access token', 'glpat-', '[\\w-]{27,300}\\.[0-9a-z]{2}(?:\\.)?[0-9a-z]{7}', {
    notAfter: '\\w',
  }),
  token('gitlab-ptt', 'GitLab pipeline trigger token', 'glptt-', '[0-9a-f]{40}'),
  token('gitlab-rrt', 'GitLab runner registration token', 'GR1348941', '[\\w-]{20}'),
  token('gitlab-runner-authentication-token', 'GitLab runner token', 'glrt-', '(?:t\\d_)?[\\w-]{20,300}(?:\\.[0-9a-z.]{9,10})?'),
  token('gitlab-deploy-token', 'GitLab deploy token', 'gldt-', '[\\w-]{20}'),
  token('gitlab-cicd-job-token', 'GitLab CI job token', 'glcbt-', '[0-9A-Za-z]{1,5}_[\\w-]{20}', { severity: 'high' }),
  token('gitlab-feature-flag-client-token', 'GitLab feature flags token', 'glffct-', '[\\w-]{20}', { severity: 'medium' }),
  token('gitlab-feed-token', 'GitLab feed token', 'glft-', '[\\w-]{20}', { severity: 'medium' }),
  token('gitlab-incoming-mail-token', 'GitLab incoming mail token', 'glimt-', '[\\w-]{25}', { severity: 'medium' }),
  token('gitlab-kubernetes-agent-token', 'GitLab agent token', 'glagent-', '[\\w-]{50}'),
  token('gitlab-oauth-app-secret', 'GitLab OAuth application secret', 'gloas-', '[\\w-]{64}', { severity: 'high' }),
  token('gitlab-scim-token', 'GitLab SCIM token', 'glsoat-', '[\\w-]{20}'),
  around('gitlab-session-cookie', 'GitLab session cookie', '_gitlab_session', /_gitlab_session=([0-9a-z]{32})(?!\w)/, [0], {
    severity: 'high',
  }),
  // Bitbucket, Gitea, Sourcegraph
  token('bitbucket-app-password', 'Bitbucket app password', 'ATBB', '[A-Za-z0-9]{24}[A-F0-9]{8}'),
  token('bitbucket-access-token', 'Bitbucket access token', 'ATCTT3xFfGN0', '[\\w=-]{160,200}'),
  named('bitbucket-client-id', 'Bitbucket client id', 'bitbucket', '[A-Za-z0-9]{32}', {
    severity: 'medium',
    name: /id|key|token|bitbucket$/i,
  }),
  named('bitbucket-client-secret', 'Bitbucket client secret', 'bitbucket', '[\\w=-]{64}', { severity: 'high' }),
  named('gitea-token', 'Gitea or Forgejo token', ['gitea', 'forgejo'], '[a-f0-9]{40}', { severity: 'high' }),
  token('sourcegraph-access-token', 'Sourcegraph access token', 'sgp_', '(?:(?:[0-9A-Fa-f]{16}|local)_)?[0-9A-Fa-f]{40}', {
    severity: 'high',
  }),
  named('sourcegraph-token', 'Sourcegraph access token', ['sourcegraph', 'src_access'], '[0-9A-Fa-f]{40}', { severity: 'high' }),
  // Packages
  token('npm-access-token', 'npm access token', 'npm_', '[0-9A-Za-z]{36}', { accept: hasCrc32Tail }),
  around(
    'npmrc-auth-token',
    'npm registry credential',
    '_auth',
    /(?<=^|[\n:/])_auth(?:Token)?[ \t]{0,8}=[ \t]{0,8}["']?([A-Za-z0-9+/=_.-]{16,400})(?=["'\s]|$)/,
    [0],
    { path: /npmrc$/i, entropy: 3, rank: 0.5 },
  ),
  token('pypi-upload-token', 'PyPI token', ['pypi-AgEIcHlwaS5vcmc', 'pypi-AgENdGVzdC5weXBpLm9yZ'], '[\\w-]{50,1000}'),
  token('rubygems-api-token', 'RubyGems API key', 'rubygems_', '[a-f0-9]{48}'),
  token('nuget-api-key', 'NuGet API key', 'oy2', '[a-z0-9]{43}', { entropy: 3.5 }),
  token('clojars-api-token', 'Clojars deploy token', 'CLOJARS_', '[A-Za-z0-9]{60}', { anyCase: true }),
  token('crates-io-token', 'crates.io token', 'cio', '[A-Za-z0-9]{32}', { entropy: 3.8 }),
  token('docker-pat', 'Docker personal access token', ['dckr_pat_', 'dckr_oat_'], '[\\w-]{27,32}'),
  token('artifactory-api-key', 'Artifactory API key', 'AKCp', '[A-Za-z0-9]{69}', { entropy: 3.5 }),
  token('artifactory-reference-token', 'Artifactory reference token', 'cmVmd', '[A-Za-z0-9]{59}', { entropy: 3.5 }),
  named('jfrog-api-key', 'JFrog API key', ['jfrog', 'artifactory', 'bintray', 'xray'], '[A-Za-z0-9]{73}'),
  named('jfrog-identity-token', 'JFrog identity token', ['jfrog', 'artifactory', 'bintray', 'xray'], '[A-Za-z0-9]{64}'),
  token('cloudsmith-key', 'Cloudsmith API key', 'csa_', '[a-f0-9]{40}'),
  token('octopus-deploy-api-key', 'Octopus Deploy API key', 'API-', '[A-Z0-9]{26}', {
    severity: 'high',
    entropy: 3,
    accept: (key) => /\d/.test(key),
  }),
  around(
    'nuget-config-password',
    'password in nuget.config',
    'password"',
    /(?<=<add key="(?:ClearText)?)Password"\s{1,20}value="([^"\r\n]{8,120})"/i,
    [0],
    {
      severity: 'high',
      entropy: 1,
      machineMade: false,
      path: /nuget\.config$/i,
      accept: (secret) => !/^%\S{1,100}%$/.test(secret),
      rank: 2,
    },
  ),
  // Build and quality
  ci.token('circleci-pat', 'CircleCI personal token', ['CCIPAT_', 'CCIPRJ_'], '[A-Za-z0-9]{22}_[a-f0-9]{40}'),
  ci.named('circleci-token', 'CircleCI token', ['circleci', 'circle_token', 'circle-token', 'circle_ci'], '[a-f0-9]{40}'),
  ci.token('buildkite-token', 'Buildkite token', ['bkua_', 'bkaj_'], '[a-f0-9]{40}'),
  ci.named('travisci-access-token', 'Travis CI token', 'travis', '[A-Za-z0-9]{22}', { entropy: 3.5 }),
  ci.named('droneci-access-token', 'Drone CI token', ['droneci', 'drone_token', 'drone_server_token'], '[A-Za-z0-9]{32}'),
  ci.named('jenkins-token', 'Jenkins API token', 'jenkins', '11[a-f0-9]{32}', { name: /token|pass|key/i }),
  ci.named('codecov-access-token', 'Codecov token', 'codecov', `(?:[a-z0-9]{32}|${UUID})`, { severity: 'medium' }),
  ci.named('coveralls-token', 'Coveralls repository token', ['coveralls', 'repo_token'], '[A-Za-z0-9]{32}', {
    severity: 'medium',
    entropy: 3.5,
  }),
  ci.named('snyk-api-token', 'Snyk API token', 'snyk', UUID, { name: /key|token/i, entropy: 2 }),
  ci.token('snyk-service-token', 'Snyk service account token', 'snyk_', '(?:uat|sat)\\.[a-z0-9]{8}\\.[\\w-]{20,700}'),
  ci.token('sonar-token', 'SonarQube or SonarCloud token', ['squ_', 'sqp_', 'sqa_'], '[0-9a-f]{40}'),
  ci.named('sonar-api-token', 'SonarQube or SonarCloud token', 'sonar', '(?:squ_|sqp_|sqa_)?[A-Za-z0-9_=-]{40}', {
    name: /login|token|key/i,
    rank: 2,
  }),
  ci.token('harness-api-key', 'Harness API key', ['pat.', 'sat.'], '[\\w-]{22}\\.[A-Za-z0-9]{24}\\.[A-Za-z0-9]{20}'),
  ci.token('prefect-api-token', 'Prefect API key', ['pnu_', 'pnb_'], '[A-Za-z0-9]{36}'),
  ci.token('postman-api-token', 'Postman API key', 'PMAK-', '[A-Fa-f0-9]{24}-[A-Fa-f0-9]{34}'),
  ci.token('postman-collection-key', 'Postman collection access key', 'PMAT-', '[A-Z0-9]{26}', { severity: 'medium' }),
  ci.named('launchdarkly-access-token', 'LaunchDarkly token', 'launchdarkly', '[\\w=-]{40}', {
    name: /token|key|secret|launchdarkly$/i,
  }),
  ci.token('launchdarkly-api-key', 'LaunchDarkly key', ['sdk-', 'api-'], UUID, {
    severity: 'medium',
    accept: (key) => key === key.toLowerCase(),
  }),
  ci.token('readme-api-token', 'ReadMe API key', 'rdme_', '[a-z0-9]{70}'),
  ci.token('figma-token', 'Figma token', ['figd_', 'figo_', 'figu_'], '[\\w-]{40}', { severity: 'medium' }),
  ci.token('linear-api-key', 'Linear API key', ['lin_api_', 'lin_oauth_'], '[A-Za-z0-9]{40,64}'),
  ci.named('linear-client-secret', 'Linear client secret', 'linear', '[a-f0-9]{32}', { name: /secret|client|token|key/i }),
  ci.token('atlassian-token', 'Atlassian API token', ['ATATT3xFfG', 'ATCTT3xFfG'], '[\\w=-]{100,200}', { rank: 2 }),
  ci.named('atlassian-api-token', 'Atlassian API token', ['atlassian', 'confluence', 'jira'], '[A-Za-z0-9]{20}[a-f0-9]{4}', {
    entropy: 3.5,
    name: /token|key|pass|secret|auth/i,
  }),
  ci.named('asana-client-secret', 'Asana client secret', 'asana', '[a-z0-9]{32}', { name: /secret|token|key/i }),
  ci.named('asana-client-id', 'Asana client id', 'asana', '[0-9]{16}', { severity: 'low', entropy: 2 }),
  ci.token('clickup-token', 'ClickUp token', 'pk_', '[0-9]{7,9}_[0-9A-Z]{32}'),
  ci.named('trello-access-token', 'Trello token', 'trello', '(?:ATTA[A-Za-z0-9]{60,80}|[a-zA-Z0-9]{64}|[a-zA-Z0-9-]{32})', {
    name: /token|key|secret/i,
  }),
  ci.token('notion-api-token', 'Notion API token', 'ntn_', '[0-9]{11}[A-Za-z0-9]{35}'),
  ci.token('notion-secret', 'Notion API token', 'secret_', '[A-Za-z0-9]{43}', { entropy: 4 }),
  ci.token('airtable-personnal-access-token', 'Airtable personal access token', 'pat', '[A-Za-z0-9]{14}\\.[a-f0-9]{64}'),
  ci.named('airtable-api-key', 'Airtable API key', 'airtable', '[A-Za-z0-9]{17}', { name: /key|token|secret|airtable$/i }),
];
