// History as the user's git writes it: loose, packed with deltas, merged, in a worktree, shallow.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readGitHistory } from '#sources/git.ts';

const FIRST_DAY = 15_000;
const hasGit = spawnSync('git', ['--version']).status === 0;

test(
  'git history: the same contents as git tells, loose and packed, from a worktree and a shallow clone',
  { skip: hasGit ? false : 'git is not installed' },
  () => {
    const dir = mkdtempSync(join(tmpdir(), 'cullis-history-'));
    const env = {
      PATH: process.env['PATH'],
      HOME: dir,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@x.test',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@x.test',
    };
    const at = (cwd: string, ...args: string[]): string =>
      execFileSync('git', args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const repo = join(dir, 'repo');
      execFileSync('git', ['init', '-q', '-b', 'main', repo], { env });
      const commit = (day: number, file: string, text: string): void => {
        writeFileSync(join(repo, file), text);
        at(repo, 'add', '-A');
        // Git takes no number of seconds that is too small for one.
        const date = `${(FIRST_DAY + day) * 86_400} +0000`;
        execFileSync('git', ['commit', '-q', '-m', `day ${day}`], {
          cwd: repo,
          env: { ...env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
        });
      };
      const lines = Array.from({ length: 300 }, (_, i) => `line ${i} of a file that changes a little each time\n`);
      for (let day = 1; day <= 12; day++) {
        lines[day * 20] = `changed on day ${day}\n`;
        commit(day, 'long.txt', lines.join(''));
        if (day === 4) commit(day, 'gone.txt', 'only for a while\n');
        if (day === 6) {
          at(repo, 'rm', '-q', 'gone.txt');
          commit(day, 'kept.txt', 'kept\n');
        }
      }
      at(repo, 'checkout', '-q', '-b', 'side', 'HEAD~3');
      commit(20, 'side.txt', 'side\n');
      at(repo, 'checkout', '-q', 'main');
      at(repo, 'tag', '-a', 'v1', '-m', 'v1', 'side');
      const contents = (path: string): Map<string, string> =>
        new Map(
          [...readGitHistory(path)].map((file) => [
            file.blob,
            `${file.path} ${file.when / 86_400_000 - FIRST_DAY} ${file.present}`,
          ]),
        );
      const wanted = at(repo, 'cat-file', '--batch-all-objects', '--batch-check')
        .split('\n')
        .filter((line) => line.includes(' blob '))
        .map((line) => line.slice(0, 40))
        .sort();
      const loose = contents(repo);
      assert.deepEqual([...loose.keys()].sort(), wanted);
      assert.ok([...loose.values()].includes('gone.txt 4 false'));
      assert.ok([...loose.values()].includes('kept.txt 6 true'));
      assert.ok([...loose.values()].includes('side.txt 20 false'));
      at(repo, 'gc', '-q', '--aggressive', '--prune=now');
      assert.deepEqual(contents(repo), loose);
      at(repo, 'worktree', 'add', '-q', join(dir, 'tree'), 'side');
      assert.deepEqual([...contents(join(dir, 'tree')).keys()].sort(), wanted);
      at(dir, 'clone', '-q', '--depth', '2', `file://${repo}`, join(dir, 'shallow'));
      const told: string[] = [];
      assert.ok([...readGitHistory(join(dir, 'shallow'), { tell: ({ what }) => told.push(what) })].length >= 2);
      assert.deepEqual(told, ['shallow-clone']);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
);
