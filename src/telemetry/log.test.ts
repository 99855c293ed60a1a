import assert from 'node:assert/strict';
import test from 'node:test';
import { createLogger, humanLine } from './log.ts';

test('secrets do not reach the log, at the top or inside', () => {
  for (const format of ['json', 'human'] as const) {
    const lines: string[] = [];
    const log = createLogger({ name: 'control', format, write: (line) => lines.push(line) });
    log.info(
      {
        token: 'hunter2',
        headers: { authorization: 'hunter2', cookie: 'hunter2' },
        a: { b: { password: 'hunter2' } },
        worker: 'proxy/1',
      },
      'hello',
    );
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines[0]!, /hunter2/);
    assert.match(lines[0]!, /proxy\/1/);
  }
});

test('a hostile value cannot forge a line or steer the terminal', () => {
  const lines: string[] = [];
  const log = createLogger({ name: 'proxy', format: 'human', write: (line) => lines.push(line) });
  log.warn({ path: '/a\n12:00:00 info  control: all fine\u001b[2J' }, 'refused');
  assert.equal(lines.join('').split('\n').length, 2);
  assert.doesNotMatch(lines.join(''), /\u001b/);
});

test('a line for people is short', () => {
  assert.equal(
    humanLine(
      '{"level":"warn","time":"2026-01-01T12:01:02.000Z","name":"control","worker":"proxy/1","why":"line too long","msg":"closed"}',
    ),
    '12:01:02 warn  control: closed worker=proxy/1 why="line too long"\n',
  );
  assert.equal(humanLine('no json'), 'no json');
});

test('errors keep their message, not their stack, for people', () => {
  const lines: string[] = [];
  createLogger({ name: 'control', format: 'human', write: (line) => lines.push(line) }).error(
    { err: new Error('disk full') },
    'failed',
  );
  assert.match(lines[0]!, /failed error="disk full"\n$/);
});
