import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoreOf } from './cvss.ts';
import { matchPackages, vulnerabilityFinding, vulnerabilityFindings } from './findings.ts';
import { advisoryDatabase, openAdvisoryIndex } from './index-file.ts';
import { vulnerabilitiesOf } from './match.ts';
import { inRanges, readAdvisory } from './osv.ts';
import type { Package } from './package.ts';
import { packageUrl } from './package.ts';
import { baseSeverity, priorityOf, readEpss, readKev } from './priority.ts';
import type { Reachability } from './priority.ts';
import { ageDays } from './age.ts';
import { advisorySink } from './sink.ts';
import { EMPTY_WATCH, openDays, readWatchState, watchStep } from './watch.ts';

const CRITICAL = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
const FETCHED = '2026-11-20T00:00:00Z';

function osv(
  id: string,
  ecosystem: string,
  name: string,
  events: readonly object[],
  more: object = {},
  affected: object = {},
): unknown {
  return {
    id,
    modified: '2026-01-02T00:00:00Z',
    published: '2026-01-01T00:00:00Z',
    summary: `about ${id}`,
    affected: [
      { package: { ecosystem, name }, ranges: [{ type: ecosystem === 'npm' ? 'SEMVER' : 'ECOSYSTEM', events }], ...affected },
    ],
    ...more,
  };
}

function database(...raw: readonly unknown[]): ReturnType<typeof advisoryDatabase> {
  return advisoryDatabase(
    raw.map((each) => readAdvisory(each)!),
    'test',
    FETCHED,
  );
}

function pkg(ecosystem: string, name: string, version: string, more: Partial<Package> = {}): Package {
  return {
    ecosystem,
    name,
    version,
    purl: packageUrl(ecosystem, name, version),
    location: { file: 'lock', line: 3, column: 1 },
    ...more,
  };
}

for (const [ecosystem, events, affected, safe] of [
  ['npm', [{ introduced: '0' }, { fixed: '1.2.0' }], ['0.0.1', '1.1.9', '1.2.0-rc.1'], ['1.2.0', '2.0.0']],
  [
    'npm',
    [{ fixed: '1.2.0' }, { introduced: '2.0.0' }, { fixed: '2.1.0' }, { introduced: '1.0.0' }],
    ['1.0.0', '1.1.0', '2.0.5'],
    ['0.9.0', '1.2.0', '2.1.0', '3.0.0'],
  ],
  ['npm', [{ introduced: '1.0.0' }, { last_affected: '1.4.0' }], ['1.0.0', '1.4.0'], ['0.1.0', '1.4.1']],
  ['npm', [{ introduced: '1.0.0' }, { limit: '2.0.0' }], ['1.0.0', '1.9.9'], ['2.0.0']],
  ['npm', [{ introduced: '1.0.0' }, { limit: '*' }], ['1.0.0', '9.0.0'], ['0.1.0']],
  ['PyPI', [{ introduced: '0' }, { fixed: '2.0' }], ['2.0rc1', '1.0.post1'], ['2.0', '2.0.post1']],
  ['Debian:12', [{ introduced: '0' }, { fixed: '1.0-1+deb12u2' }], ['1.0-1', '1.0-1+deb12u1'], ['1.0-1+deb12u2', '1:0.1-1']],
  ['Maven', [{ introduced: '2.0-beta9' }, { fixed: '2.15.0' }], ['2.0-beta9', '2.14.1'], ['2.15.0', '2.0-alpha1', '1.2.17']],
] as const)
  test(`ranges of ${ecosystem}: ${JSON.stringify(events)}`, () => {
    const advisory = readAdvisory(osv('X-1', ecosystem, 'p', events))!;
    for (const version of affected) assert.equal(inRanges(ecosystem, version, advisory.affected[0]!.ranges), true, version);
    for (const version of safe) assert.equal(inRanges(ecosystem, version, advisory.affected[0]!.ranges), false, version);
  });

test('listed versions that a range covers are not kept, the others are', () => {
  const advisory = readAdvisory(
    osv('X', 'PyPI', 'p', [{ introduced: '1.0' }, { fixed: '2.0' }], {}, { versions: ['1.5', '0.5'] }),
  )!;
  assert.deepEqual(advisory.affected[0]!.versions, ['0.5']);
  const db = database(osv('X', 'PyPI', 'p', [{ introduced: '1.0' }, { fixed: '2.0' }], {}, { versions: ['1.5', '0.5'] }));
  assert.equal(vulnerabilitiesOf(pkg('PyPI', 'P', '0.5'), db).length, 1);
  assert.equal(vulnerabilitiesOf(pkg('PyPI', 'P', '0.6'), db).length, 0);
});

test('records that are none, or say nothing about packages, are passed over', () => {
  for (const raw of [undefined, null, 3, [], {}, { id: 'X' }, { id: 'X', affected: [{ ranges: [{ type: 'GIT', events: [] }] }] }])
    assert.equal(readAdvisory(raw), undefined);
});

test('aliases of several databases are one vulnerability, with the newest score and the fix on which all agree', () => {
  const db = database(
    osv('GHSA-aaaa', 'npm', 'p', [{ introduced: '0' }, { fixed: '1.2.0' }], {
      aliases: ['CVE-2026-1'],
      severity: [{ type: 'CVSS_V3', score: CRITICAL }],
      database_specific: { cwe_ids: ['CWE-79'] },
    }),
    osv('CVE-2026-1', 'npm', 'p', [{ introduced: '0' }, { fixed: '1.3.0' }], {
      severity: [{ type: 'CVSS_V4', score: 'CVSS:4.0/AV:L/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N' }],
    }),
    osv('GHSA-bbbb', 'npm', 'p', [{ introduced: '0' }, { fixed: '5.0.0' }]),
    osv('GHSA-gone', 'npm', 'p', [{ introduced: '0' }], { withdrawn: '2026-01-01T00:00:00Z' }),
    osv('GHSA-other', 'PyPI', 'p', [{ introduced: '0' }]),
  );
  const found = vulnerabilitiesOf(pkg('npm', 'p', '1.0.0'), db);
  assert.deepEqual(
    found.map(({ id }) => id),
    ['CVE-2026-1', 'GHSA-bbbb'],
  );
  assert.deepEqual(found[0]!.ids, ['CVE-2026-1', 'GHSA-aaaa']);
  assert.equal(found[0]!.score!.version, '4.0');
  assert.equal(found[0]!.fixedIn, '1.3.0');
  assert.deepEqual(found[0]!.cwe, [79]);
});

for (const [own, entry, same] of [
  ['Debian:12', 'Debian:12', true],
  ['Debian:12', 'Debian:11', false],
  ['Ubuntu:22.04:LTS', 'Ubuntu:22.04:LTS', true],
  ['Ubuntu:22.04:LTS', 'Ubuntu:Pro:22.04:LTS', true],
  ['Ubuntu:22.04:LTS', 'Ubuntu:24.04:LTS', false],
  ['Alpine:v3.18', 'Alpine:v3.18', true],
  ['Alpine:v3.18', 'Alpine:v3.19', false],
  ['Rocky Linux:9', 'Rocky Linux:9', true],
  ['Red Hat:enterprise_linux:9', 'Red Hat:enterprise_linux:9::appstream', true],
  ['Red Hat:enterprise_linux:9', 'Red Hat:enterprise_linux:8::baseos', false],
  ['Red Hat:enterprise_linux:9', 'Red Hat:openshift:4.12::el9', false],
  ['SUSE:Linux Enterprise Server 15 SP5', 'SUSE:Linux Enterprise Module for Basesystem 15 SP5', true],
  ['SUSE:Linux Enterprise Server 15 SP5', 'SUSE:Linux Enterprise Module for Basesystem 15 SP4', false],
  ['Wolfi', 'Wolfi', true],
] as const)
  test(`a package of ${own} ${same ? 'falls' : 'does not fall'} under ${entry}`, () => {
    const db = database(osv('X', entry, 'p', [{ introduced: '0' }, { fixed: '9' }]));
    assert.equal(vulnerabilitiesOf(pkg(own, 'p', '1'), db).length, same ? 1 : 0);
  });

test('distributions are matched by their source package, rpm by either name', () => {
  const debian = database(osv('D', 'Debian:12', 'openssl', [{ introduced: '0' }, { fixed: '3.0.11-1' }]));
  assert.equal(
    vulnerabilitiesOf(pkg('Debian:12', 'libssl3', '3.0.9-1+b1', { source: { name: 'openssl', version: '3.0.9-1' } }), debian)
      .length,
    1,
  );
  const rocky = database(
    osv('R', 'Rocky Linux:9', 'openssl', [{ introduced: '0' }, { fixed: '1:3.0.7-24.el9' }]),
    osv('L', 'Rocky Linux:9', 'openssl-libs', [{ introduced: '0' }]),
  );
  const libs = pkg('Rocky Linux:9', 'openssl-libs', '1:3.0.1-1.el9', { source: { name: 'openssl', version: '1:3.0.1-1.el9' } });
  assert.deepEqual(
    vulnerabilitiesOf(libs, rocky).map(({ id }) => id),
    ['L', 'R'],
  );
});

test('scores of all versions of CVSS', () => {
  for (const [vector, score] of [
    [CRITICAL, 9.8],
    ['CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', 6.1],
    ['AV:N/AC:L/Au:N/C:P/I:P/A:P', 7.5],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 9.3],
  ] as const)
    assert.equal(scoreOf(vector)?.score, score);
  for (const vector of ['', 'HIGH', 'CVSS:3.1/AV:N', `CVSS:3.1/${'AV:N/'.repeat(1000)}`])
    assert.equal(scoreOf(vector), undefined);
});

const REACHED: Reachability = { from: 'internet', onPath: true, workloads: ['shop/cart'] };
const UNREACHED: Reachability = { from: 'none', onPath: false, workloads: [] };
const UNKNOWN: Reachability = { from: 'unknown', onPath: false, workloads: [] };

for (const [name, more, epss, kev, reach, dev, want] of [
  ['score alone', {}, undefined, false, UNKNOWN, false, 'medium'],
  ['exploited, reached', {}, undefined, true, REACHED, false, 'critical'],
  ['exploited, unknown', {}, undefined, true, UNKNOWN, false, 'high'],
  ['likely', {}, 0.6, false, UNKNOWN, false, 'high'],
  ['on a path, somewhat likely', {}, 0.2, false, REACHED, false, 'high'],
  ['unlikely', {}, 0.0004, false, UNKNOWN, false, 'low'],
  ['unlikely but reached', {}, 0.0004, false, REACHED, false, 'medium'],
  ['nobody reaches it', {}, undefined, false, UNREACHED, false, 'low'],
  ['development', {}, undefined, false, UNKNOWN, true, 'low'],
  ['malicious', { id: 'MAL-2026-1' }, undefined, false, UNKNOWN, false, 'critical'],
] as const)
  test(`priority: ${name} is ${want}`, () => {
    const raw = {
      ...(osv('CVE-2026-7', 'npm', 'p', [{ introduced: '0' }], {
        severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N' }],
      }) as object),
      ...more,
    };
    const [found] = vulnerabilitiesOf(pkg('npm', 'p', '1.0.0', { dev }), database(raw));
    const data = { epss: new Map(epss === undefined ? [] : [['CVE-2026-7', epss]]), kev: new Set(kev ? ['CVE-2026-7'] : []) };
    assert.equal(priorityOf(found!, data, reach).severity, want);
  });

test("the distribution's judgment of its own package counts more than the score", () => {
  const severity = [{ type: 'CVSS_V3', score: CRITICAL }];
  for (const [raw, want] of [
    [osv('D', 'Debian:12', 'p', [{ introduced: '0' }], { severity }, { ecosystem_specific: { urgency: 'unimportant' } }), 'info'],
    [
      osv('D', 'Debian:12', 'p', [{ introduced: '0' }], { severity }, { ecosystem_specific: { urgency: 'not yet assigned' } }),
      'critical',
    ],
    [osv('D', 'Debian:12', 'p', [{ introduced: '0' }], { severity: [...severity, { type: 'Ubuntu', score: 'low' }] }), 'low'],
    [osv('D', 'Debian:12', 'p', [{ introduced: '0' }], { database_specific: { severity: 'MODERATE' } }), 'medium'],
  ] as const) {
    const [found] = vulnerabilitiesOf(pkg('Debian:12', 'p', '1'), database(raw));
    assert.equal(baseSeverity(found!), want);
  }
});

test('a notice about several CVEs stands for each, together with what else is known of it', () => {
  const db = database(
    osv('ALSA-2026:1', 'AlmaLinux:9', 'p', [{ introduced: '0' }, { fixed: '2.0-1.el9' }], {
      related: ['CVE-2026-1', 'CVE-2026-2'],
    }),
    osv('CVE-2026-2', 'AlmaLinux:9', 'p', [{ introduced: '0' }]),
  );
  const found = vulnerabilitiesOf(pkg('AlmaLinux:9', 'p', '1.0-1.el9'), db);
  assert.deepEqual(
    found.map(({ ids, fixedIn }) => [ids, fixedIn]),
    [
      [['CVE-2026-1', 'ALSA-2026:1'], '2.0-1.el9'],
      [['CVE-2026-2', 'ALSA-2026:1'], '2.0-1.el9'],
    ],
  );
});

test('EPSS and KEV files are read', () => {
  assert.deepEqual(
    [...readEpss('#model_version:v1\ncve,epss,percentile\nCVE-2021-44228,0.97,0.99\nbad\nCVE-1,7,1\nCVE-2020-1,0.01,0.5')],
    [
      ['CVE-2021-44228', 0.97],
      ['CVE-2020-1', 0.01],
    ],
  );
  assert.deepEqual([...readKev({ vulnerabilities: [{ cveID: 'CVE-2021-44228' }, { cveID: 3 }, null] })], ['CVE-2021-44228']);
  assert.deepEqual([...readKev('x')], []);
});

test('a finding says what, where, by which way, and what to do', () => {
  const db = database(
    osv('CVE-2026-1', 'npm', 'b', [{ introduced: '0' }, { fixed: '2.1.0' }], {
      severity: [{ type: 'CVSS_V3', score: CRITICAL }],
    }),
  );
  const found = pkg('npm', 'b', '2.0.0', { direct: false, path: ['pkg:npm/a@1.0.0', 'pkg:npm/b@2.0.0'] });
  const [finding] = vulnerabilityFindings([found, found], db, { reachable: () => REACHED });
  assert.equal(finding!.title, 'CVE-2026-1 in `b 2.0.0`, fixed in 2.1.0');
  assert.equal(finding!.code, 'vulnerability.known');
  assert.equal(finding!.severity, 'critical');
  assert.deepEqual(finding!.tags, ['fix:available', 'reach:path', 'reach:internet']);
  assert.match(finding!.fix!.text, /update `b` to 2\.1\.0 or later \(update `a@1\.0\.0`/);
  assert.equal(
    vulnerabilityFindings([pkg('npm', 'b', '1.9.0')], db)[0]!.id,
    finding!.id,
    'another version that is affected is the same finding',
  );
  assert.equal(vulnerabilityFindings([found, found], db).length, 1);
});

test('a malicious package is told as such', () => {
  const [one] = matchPackages([pkg('npm', 'evil', '1.0.0')], database(osv('MAL-2026-1', 'npm', 'evil', [{ introduced: '0' }])));
  const finding = vulnerabilityFinding(one!);
  assert.equal(finding.code, 'vulnerability.malicious-package');
  assert.match(finding.fix!.text, /rotate/);
});

test('the database file finds by ecosystem and name, and damaged or foreign files are refused', () => {
  const sink = advisorySink('folder', FETCHED);
  const pieces = [
    osv('A', 'npm', 'p', [{ introduced: '0' }]),
    osv('A', 'npm', 'p', [{ introduced: '0' }]),
    { id: 'none' },
    osv('B', 'Debian:12', 'p', [{ introduced: '0' }]),
  ].flatMap((raw) => sink.add(raw) ?? []);
  const file = Buffer.concat([...pieces, sink.finish(1)]);
  const open = (bytes: Buffer): ReturnType<typeof openAdvisoryIndex> =>
    openAdvisoryIndex(bytes.length, (offset, length) => bytes.subarray(offset, offset + length));
  const db = open(file)!;
  assert.deepEqual(
    db.find('npm', 'p').map(({ id }) => id),
    ['A'],
  );
  assert.deepEqual(
    db.find('Debian:11', 'p').map(({ id }) => id),
    ['B'],
  );
  assert.deepEqual(db.find('npm', 'q'), []);
  assert.deepEqual(db.meta, {
    from: 'folder',
    fetched: FETCHED,
    newest: '2026-01-02T00:00:00Z',
    count: 2,
    ecosystems: { npm: 1, Debian: 1 },
    unreadable: 1,
  });
  assert.equal(ageDays(db.meta, Date.parse('2026-11-24T00:00:00Z')), 4);
  for (const bad of [Buffer.alloc(0), Buffer.alloc(100), file.subarray(1), file.subarray(0, file.length - 1)])
    assert.equal(open(bad), undefined);
});

const NOW = Date.parse('2026-11-24T00:00:00Z');
test('watch: what opens, what a fix becomes known for, what closes and why, and how long it stood', () => {
  const day = 86_400_000;
  const before = database(osv('CVE-2026-1', 'npm', 'p', [{ introduced: '0' }]));
  const fixed = database(osv('CVE-2026-1', 'npm', 'p', [{ introduced: '0' }, { fixed: '2.0.0' }]));
  const old = pkg('npm', 'p', '1.0.0');
  const subject = (found: Package, db: typeof before) => ({
    subject: 'image',
    purls: new Set([found.purl]),
    vulnerabilities: matchPackages([found], db),
  });
  const first = watchStep(EMPTY_WATCH, [subject(old, before)], NOW);
  assert.deepEqual(
    first.opened.map(({ id, firstSeen, fixKnown }) => [id, firstSeen, fixKnown]),
    [['CVE-2026-1', '2026-11-24T00:00:00.000Z', undefined]],
  );
  const second = watchStep(first.state, [subject(old, fixed)], NOW + day);
  assert.deepEqual(
    second.changed.map(({ fixedIn, fixKnown }) => [fixedIn, fixKnown]),
    [['2.0.0', '2026-11-25T00:00:00.000Z']],
  );
  assert.equal(second.opened.length + second.closed.length, 0);
  const unseen = watchStep(second.state, [], NOW + 2 * day);
  assert.deepEqual(unseen.state, second.state);
  const third = watchStep(unseen.state, [subject(pkg('npm', 'p', '2.0.0'), fixed)], NOW + 3 * day);
  assert.deepEqual(
    third.closed.map(({ closed, fixedAt }) => [closed, fixedAt]),
    [['package-changed', '2026-11-27T00:00:00.000Z']],
  );
  assert.equal(openDays(third.closed[0]!, NOW + 100 * day), 3);
  assert.equal(openDays(second.state.entries[0]!, NOW + 5 * day), 5);
  const corrected = watchStep(first.state, [subject(old, database(osv('X', 'npm', 'z', [{ introduced: '0' }])))], NOW + day);
  assert.equal(corrected.closed[0]!.closed, 'advisory-changed');
  assert.equal(watchStep(third.state, [], NOW + 500 * day).state.entries.length, 0);
  assert.deepEqual(readWatchState(JSON.parse(JSON.stringify(third.state))), third.state);
  for (const bad of [null, {}, { version: 2, entries: [] }, { version: 1, entries: [{}] }])
    assert.equal(readWatchState(bad), undefined);
});
