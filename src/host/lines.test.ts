import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LINE_BURST, LINE_LENGTH_MAX, LineCutter, prefixLine, safeText } from './lines.ts';

function cut(chunks: readonly (string | Buffer)[], nowMs: () => number = () => 0): string[] {
  const lines: string[] = [];
  const cutter = new LineCutter((text) => lines.push(text), nowMs);
  for (const chunk of chunks) cutter.write(Buffer.from(chunk));
  cutter.end();
  return lines;
}

test('output is cut into lines whatever the pieces it comes in', () => {
  const euro = Buffer.from('€');
  const rows: readonly (readonly [chunks: readonly (string | Buffer)[], want: readonly string[]])[] = [
    [['a\nb\n'], ['a', 'b']],
    [
      ['a', 'b\n', 'c'],
      ['ab', 'c'],
    ],
    [['a\r\n\r\nb'], ['a', '', 'b']],
    [[euro.subarray(0, 1), euro.subarray(1, 2), Buffer.concat([euro.subarray(2), Buffer.from('\n')])], ['€']],
    [[], []],
    [['\n'], ['']],
    [[Buffer.from([0xff, 10])], ['\ufffd']],
  ];
  for (const [chunks, want] of rows) assert.deepEqual(cut(chunks), want);
});

test('a long line is cut and says by how much, also when it comes in pieces and never ends', () => {
  const [line] = cut(['x'.repeat(LINE_LENGTH_MAX - 1), 'y'.repeat(100)]);
  assert.ok(line!.startsWith('x') && line!.endsWith('y … (99 more characters)'));
  assert.equal(cut([`${'x'.repeat(LINE_LENGTH_MAX)}\n`])[0], 'x'.repeat(LINE_LENGTH_MAX));
  assert.ok(cut(Array.from({ length: 1000 }, () => 'z'.repeat(1000)))[0]!.length < LINE_LENGTH_MAX + 50);
});

test('lines beyond the rate are dropped and counted', () => {
  let nowMs = 0;
  const lines: string[] = [];
  const cutter = new LineCutter(
    (text) => lines.push(text),
    () => nowMs,
  );
  cutter.write(Buffer.from('x\n'.repeat(LINE_BURST + 7)));
  assert.equal(lines.length, LINE_BURST);
  nowMs = 5;
  cutter.write(Buffer.from('after\n'));
  assert.deepEqual(lines.slice(LINE_BURST), ['… (7 lines dropped: more than 1000 a second)', 'after']);
  cutter.write(Buffer.from('y\n'.repeat(100)));
  cutter.end();
  assert.match(lines.at(-1)!, /^… \(96 lines dropped/);
});

test('a terminal is shown colours and nothing else that controls it', () => {
  const rows: readonly (readonly [text: string, want: string])[] = [
    ['\x1b[31mred\x1b[0m', '\x1b[31mred\x1b[0m'],
    ['\x1b[38;5;12mx\x1b[m', '\x1b[38;5;12mx\x1b[m'],
    ['a\x1b[2Jb\x1b[1;1Hc', 'abc'],
    ['\x1b]0;title\x07x', 'x'],
    ['\x1b]8;;http://evil\x1b\\link', 'link'],
    ['\x1bPq#0\x1b\\x', 'x'],
    ['\x1bcreset', 'reset'],
    ['a\x08\x08\x00b\x7f\x9b2Jc', 'ab2Jc'],
    ['tab\tstays', 'tab\tstays'],
    ['\x1b[', ''],
    ['\x1b', ''],
    ['\x1b]unended', ''],
    ['a\rb', 'ab'],
  ];
  for (const [text, want] of rows) assert.equal(safeText(text), want, JSON.stringify(text));
});

test('a prefix names the workload, in colour only where that is wanted', () => {
  const line = { id: 'shop/cart', stream: 'stdout', text: '\x1b[31mred' } as const;
  assert.equal(prefixLine(line, 6, false), 'cart   | red');
  assert.match(prefixLine(line, 6, true), /^\x1b\[\d+mcart   \|\x1b\[0m \x1b\[31mred\x1b\[0m$/);
});
