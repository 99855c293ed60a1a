import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cullis } from '../../test/fakes/cli.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SEE = 'test/fixtures/see';
const OVERLAYS = 'test/fixtures/see-parity/overlays';

/** Command -> words after it, the exit code, members of what `--json` gives. */
const COMMANDS: Readonly<Record<string, readonly [args: readonly string[], code: number, members: readonly string[]]>> = {
  scan: [[SEE], 1, ['findings', 'paths', 'units', 'diagnostics', 'notAnalysed']],
  gate: [[SEE], 1, ['findings', 'verdict']],
  paths: [[SEE], 1, ['system', 'paths']],
  blast: [['web', SEE], 1, ['system', 'jewels']],
  fix: [[SEE], 1, ['system', 'fixes', 'certificate', 'diff']],
  threats: [[SEE], 0, ['threats']],
  reach: [['web', 'db', SEE], 0, ['system', 'open']],
  netmap: [[SEE], 0, ['system', 'flows', 'exposures']],
  parity: [[`${OVERLAYS}/staging`, `${OVERLAYS}/production`], 1, ['differences', 'compared']],
  sbom: [[SEE], 0, ['bomFormat', 'components']],
};

for (const [command, [args, code, members]] of Object.entries(COMMANDS))
  test(`${command}: --json is data, --help names what completion proposes`, async () => {
    const data = await cullis([command, '--json', ...args], { cwd: ROOT });
    assert.equal(data.code, code, data.stdout + data.stderr);
    const value = JSON.parse(data.stdout) as Readonly<Record<string, unknown>>;
    for (const member of members) assert.ok(member in value, `${member} is not in ${Object.keys(value).join()}`);

    const help = await cullis([command, '--help'], { cwd: ROOT });
    assert.equal(help.code, 0);
    const proposed = (await cullis(['__complete', '--', command, '--'], { cwd: ROOT })).stdout
      .split('\n')
      .flatMap((line) => /^(--[\w-]+)\t/.exec(line)?.[1] ?? []);
    assert.ok(proposed.includes('--json'));
    for (const flag of proposed) assert.match(help.stdout, new RegExp(`${flag}\\b`));
  });

test('a mistake is told as data too', async () => {
  for (const args of [
    ['scan'],
    ['gate'],
    ['paths'],
    ['fix'],
    ['threats'],
    ['netmap'],
    ['sbom'],
    ['blast', 'x'],
    ['reach', 'a', 'b'],
  ]) {
    const { code, stdout } = await cullis([...args, '--json', 'no-such-folder'], { cwd: ROOT });
    assert.equal(code, 2, args.join(' '));
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    assert.deepEqual([error.code, error.message], ['config.unreadable', 'no such file or folder: `no-such-folder`']);
  }
});

test('completion knows the values of flags', async () => {
  for (const [words, want] of [
    [['scan', '--fail-on', 'h'], ['high']],
    [['scan', '--format', 's'], ['sarif']],
    [
      ['gate', '--format', 'j'],
      ['json', 'junit'],
    ],
    [
      ['threats', '--format', 'm'],
      ['markdown', 'mermaid'],
    ],
    [['netmap', '--format', 'd'], ['dot']],
    [
      ['sbom', '--format', ''],
      ['cyclonedx', 'spdx'],
    ],
    [['db', 'u'], ['update']],
    [['wat'], ['watch']],
  ] as const) {
    const { stdout } = await cullis(['__complete', '--json', '--', ...words], { cwd: ROOT });
    const found = (JSON.parse(stdout) as { completion: string }[]).map(({ completion }) => completion.trim());
    assert.deepEqual(found, want, words.join(' '));
  }
});
