// Programs that look for vulnerable dependencies or for secrets, as pipelines name them.

export type ScanKind = 'dependency' | 'secret';

export interface Tool {
  readonly name: string;
  readonly kinds: readonly ScanKind[];
  /** Over one command, action, image, task or template in lower case, its words set apart by single spaces. */
  readonly pattern: RegExp;
}

function tool(kinds: readonly ScanKind[], name: string, pattern: RegExp): Tool {
  return { name, kinds, pattern };
}

const DEPENDENCY: readonly ScanKind[] = ['dependency'];
const SECRET: readonly ScanKind[] = ['secret'];
const BOTH: readonly ScanKind[] = ['dependency', 'secret'];

/** Order does not matter; a command may be several tools. */
export const TOOLS: readonly Tool[] = [
  tool(BOTH, 'cullis', /\bcullis (?:scan|gate)\b/),
  // Trivy looks for secrets too unless it is told what to look for.
  tool(DEPENDENCY, 'trivy', /\btrivy(?!.*--?(?:scanners|security-checks)[ =](?!\S*vuln))(?!\S*(?: --?\S+)* (?:config|conf)\b)/),
  tool(
    SECRET,
    'trivy',
    /\btrivy(?!.*--?(?:scanners|security-checks)[ =](?!\S*secret))(?!\S*(?: --?\S+)* (?:config|conf|sbom|k8s)\b)/,
  ),
  tool(DEPENDENCY, 'grype', /\bgrype\b|anchore\/scan-action|\banchore(?:ctl|-cli)\b/),
  tool(DEPENDENCY, 'osv-scanner', /\bosv-scanner\b|osv-scanner-action/),
  tool(
    DEPENDENCY,
    'snyk',
    /\bsnyk (?:test|monitor|container)\b|\bsnyk\/(?:actions|snyk|snyk-scan)|snyksecurityscan|\bsnyksecurity\b/,
  ),
  tool(
    DEPENDENCY,
    'npm audit',
    /\b(?:npm|pnpm|bun)(?: --?\S+)* audit(?![:\w-])(?! fix)|\byarn(?: npm)? audit(?![:\w-])|\baudit-ci\b|\bbetter-npm-audit\b|\bnpm-audit-resolver\b|\bcheck-audit\b/,
  ),
  tool(DEPENDENCY, 'pip-audit', /\bpip-audit\b|\bpip_audit\b|gh-action-pip-audit/),
  tool(DEPENDENCY, 'safety', /(?:^|\s)safety (?:check|scan|--|ci)|pyupio\/safety/),
  tool(
    DEPENDENCY,
    'cargo audit',
    /\bcargo(?:-| )(?:audit|deny)\b|rustsec\/audit-check|actions-rs\/audit-check|rustsec\/audit|cargo-deny-action|\bcargo vet\b/,
  ),
  tool(DEPENDENCY, 'govulncheck', /\bgovulncheck\b|govulncheck-action/),
  tool(DEPENDENCY, 'nancy', /\bnancy sleuth\b|sonatype-nexus-community\/nancy/),
  tool(DEPENDENCY, 'bundler-audit', /\bbundler?-audit\b|\bbundle audit\b/),
  tool(
    DEPENDENCY,
    'composer audit',
    /\bcomposer audit\b|local-php-security-checker|\bsymfony (?:security:check|check:security)\b|roave\/security-advisories/,
  ),
  tool(DEPENDENCY, 'dotnet list', /\bdotnet (?:list|package list).*--vulnerable|\bnugetaudit\b/),
  tool(DEPENDENCY, 'mix deps.audit', /\bmix (?:deps|hex)\.audit\b/),
  tool(DEPENDENCY, 'OWASP dependency-check', /dependency-?check/),
  tool(DEPENDENCY, 'Dependency-Track', /dependency-?track/),
  tool(DEPENDENCY, 'dependency review', /actions\/dependency-review-action/),
  tool(DEPENDENCY, 'Mend', /\bmend (?:dep|sca|code)|whitesource|\bwss-unified-agent\b|mend-?bolt/),
  tool(DEPENDENCY, 'Black Duck', /synopsys[-_ ]?(?:detect|action)|black-?duck|\bdetect(?:\d+)?\.sh\b/),
  tool(
    DEPENDENCY,
    'JFrog Xray',
    /\bjf (?:audit|scan|docker scan|build-scan|bs)\b|\bjfrog (?:audit|scan|rt bs)\b|frogbot|xray-?scan/,
  ),
  tool(DEPENDENCY, 'Sonatype', /nexus-?iq|nexuspolicyevaluation|sonatype-lift|\biq-cli\b|clm-maven-plugin|sonatype\/actions/),
  tool(DEPENDENCY, 'FOSSA', /\bfossa (?:test|analyze)\b|fossas\/fossa-action|fossa-contrib/),
  tool(DEPENDENCY, 'Docker Scout', /\bdocker scout\b|docker\/scout-action|\bdocker scan\b/),
  tool(DEPENDENCY, 'Prisma Cloud', /\btwistcli\b|prisma-cloud-scan/),
  tool(DEPENDENCY, 'Aqua', /\baqua(?:scanner|sec-scan|microscanner)\b|aqua-?security-?scan/),
  tool(DEPENDENCY, 'Sysdig', /sysdig-?(?:cli-)?scan|sysdiglabs\/scan/),
  tool(BOTH, 'Wiz', /\bwizcli\b/),
  tool(DEPENDENCY, 'Clair', /\bclair(?:ctl|-scanner)\b/),
  tool(DEPENDENCY, 'Socket', /\bsocket (?:ci|scan)\b|socketdev|socketsecurity/),
  tool(DEPENDENCY, 'Veracode SCA', /srcclr|veracode-sca/),
  tool(DEPENDENCY, 'Checkmarx', /checkmarx|cx-flow|\bcx scan\b/),
  tool(DEPENDENCY, 'OSS Review Toolkit', /oss-review-toolkit|\bort (?:advise|analyze)\b/),
  tool(DEPENDENCY, 'Retire.js', /(?:^|\s)retire(?: |$)|\bretirejs\b/),
  tool(DEPENDENCY, 'Debricked', /debricked/),
  tool(DEPENDENCY, 'Meterian', /meterian/),
  tool(DEPENDENCY, 'cve-bin-tool', /\bcve-bin-tool\b/),
  tool(DEPENDENCY, 'Vuls', /\bvuls (?:scan|report)\b/),
  tool(DEPENDENCY, 'Semgrep Supply Chain', /\bsemgrep (?:ci|scan).*--supply-chain/),
  tool(
    DEPENDENCY,
    'GitLab Dependency Scanning',
    /dependency-scanning(?:\.latest)?\.gitlab-ci|container-scanning(?:\.latest)?\.gitlab-ci|gemnasium|components\/dependency-scanning|components\/container-scanning/,
  ),
  tool(BOTH, 'GitLab Auto DevOps', /auto-devops\.gitlab-ci/),
  tool(DEPENDENCY, 'GitHub Advanced Security for Azure DevOps', /advancedsecurity-dependency-scanning/),
  tool(BOTH, 'Microsoft Security DevOps', /microsoftsecuritydevops|microsoft\/security-devops-action/),
  tool(DEPENDENCY, 'Dependabot', /^dependabot configuration$/),
  tool(DEPENDENCY, 'Renovate', /^renovate configuration$|\brenovate(?:bot)?\/(?:renovate|github-action)|\bnpx renovate\b/),
  tool(BOTH, 'MegaLinter', /megalinter\//),
  tool(SECRET, 'Super-Linter', /super-linter\/super-linter|github\/super-linter/),
  tool(SECRET, 'gitleaks', /gitleaks/),
  tool(SECRET, 'TruffleHog', /trufflehog/),
  tool(SECRET, 'detect-secrets', /\bdetect-secrets(?:-hook)?\b|yelp\/detect-secrets/),
  tool(SECRET, 'git-secrets', /\bgit-?secrets\b/),
  tool(SECRET, 'GitGuardian', /\bggshield\b|gitguardian/),
  tool(SECRET, 'Talisman', /\btalisman\b/),
  tool(SECRET, 'Whispers', /(?:^|\s)whispers(?: |$)/),
  tool(SECRET, 'secretlint', /\bsecretlint\b/),
  tool(SECRET, 'Nosey Parker', /\bnosey-?parker\b/),
  tool(SECRET, 'Kingfisher', /\bkingfisher scan\b|mongodb\/kingfisher/),
  tool(SECRET, 'ripsecrets', /\bripsecrets\b/),
  tool(SECRET, 'Semgrep Secrets', /\bsemgrep (?:ci|scan).*--secrets|p\/secrets\b/),
  tool(SECRET, 'Checkov', /\bcheckov\b(?!.*--framework (?!all|secrets))/),
  tool(SECRET, 'KICS', /\bkics\b/),
  tool(SECRET, 'GitLab Secret Detection', /secret-detection(?:\.latest)?\.gitlab-ci|components\/secret-detection/),
  tool(SECRET, 'CredScan', /\bcredscan\b/),
  tool(SECRET, 'Spectral', /spectralops|spectral-?scan\b/),
];

const BUILDS =
  /^(?:sudo )?(?:docker (?:build|buildx build|push|compose build)|docker-compose build|buildah (?:bud|build|push)|podman (?:build|push)|kaniko|\/kaniko\/executor|ko (?:build|publish|apply)|img build|nerdctl build|npm (?:ci|install|i|publish|run build|run dist)|yarn(?: install| build| run build| publish|$)|pnpm (?:i|install|build|run build|publish)|bun (?:install|run build)|mvnw?\b.* (?:package|deploy|install|verify)|\.\/mvnw\b.* (?:package|deploy|install|verify)|(?:\.\/)?gradlew?\b.*(?:build|assemble|publish|jib|bootjar)|go (?:build|install)|goreleaser|cargo (?:build|publish)|pip3? install|python3? (?:-m build|setup\.py)|poetry (?:build|publish|install)|uv (?:build|publish|sync)|twine upload|dotnet (?:build|publish|pack)|bundle install|gem (?:build|push)|composer install|skaffold (?:build|run)|helm (?:push|package)|pack build|bazel (?:build|run)|sbt |make(?: |$)|cmake --build|swift build|jib)/;
const BUILD_NAMES =
  /^(?:docker\/build-push-action|redhat-actions\/buildah-build|goreleaser\/goreleaser-action|pypa\/gh-action-pypi-publish|google-github-actions\/(?:deploy|upload)|gradle\/gradle-build-action|plugins\/(?:docker|kaniko|ecr|gcr)|gcr\.io\/kaniko-project\/executor|docker@\d|maven@\d|gradle@\d|npm@\d|dotnetcorecli@\d|jsdaniell\/create-json)|^(?:atlassian|docker)\/(?:docker-|aws-ecr-push)/;

/** Whether a command or action makes or ships something. */
export function isBuild(text: string): boolean {
  return BUILDS.test(text) || BUILD_NAMES.test(text);
}

const INSTALLS =
  /^(?:sudo )?(?:go (?:install|get)|(?:python3? -m )?pip3? install|pipx install|uv (?:tool|pip) install|npm (?:i|install|add)|(?:yarn|pnpm|bun) (?:global )?add|cargo b?install|gem install|brew install|apt(?:-get)?(?: -\S+)* install|apk(?: -\S+)* add|(?:dnf|yum|zypper)(?: -\S+)* install|choco install|dotnet tool install|composer (?:global )?require|docker pull|tar|unzip|mv|cp|chmod|ln|mkdir|rm|cd|which|type|command -v|asdf|mise)\b|^(?:curl|wget)\b(?!.*dependency-?track)|\/setup-\S+@|^\S+ (?:--version|version|--help|help)$/;

/** Whether a command only fetches, moves or names a program and does not run it. */
export function isInstall(text: string): boolean {
  return INSTALLS.test(text);
}
