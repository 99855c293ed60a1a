import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { BodySink } from '../types.ts';
import { IncomingBody, UNTIL_CLOSE } from './body.ts';
import { CHUNKED } from './framing.ts';

class Recorder implements BodySink {
  text = '';
  ended = false;
  aborted: string | undefined;
  open = true;
  write(chunk: Buffer): boolean {
    assert.equal(this.ended, false);
    this.text += chunk.toString('latin1');
    return this.open;
  }
  end(): void {
    assert.equal(this.ended, false);
    this.ended = true;
  }
  abort(reason: string): void {
    this.aborted = reason;
  }
}

function host() {
  const calls: string[] = [];
  return {
    calls,
    bodyPaused: (paused: boolean) => void calls.push(paused ? 'pause' : 'resume'),
    bodyWanted: () => void calls.push('wanted'),
    bodyKept: () => {},
    bodyCompleted: (at: number) => void calls.push(`completed ${at}`),
  };
}

/** Feeds `text` cut at the given places. @returns what came out, or the refusal */
function decode(text: string, cuts: readonly number[], bytesMax = 1000): string {
  const body = new IncomingBody(host(), CHUNKED, -1, bytesMax, 1 << 20);
  const sink = new Recorder();
  body.pipe(sink);
  const bytes = Buffer.from(text, 'latin1');
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    const piece = bytes.subarray(from, to);
    const at = body.feed(piece, 0, piece.length);
    if (at < 0) return body.error;
    if (body.complete) return `${sink.text}|${bytes.toString('latin1', from + at)}`;
    assert.equal(at, piece.length);
    from = to;
  }
  return 'incomplete';
}

/** [what, chunked text, decoded|rest or refusal]; proxy hardening A 6, 9, 10. */
const ROWS: readonly (readonly [string, string, string])[] = [
  ['one chunk', '5\r\nhello\r\n0\r\n\r\n', 'hello|'],
  ['two chunks and a rest', '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET /', 'hello world|GET /'],
  ['empty', '0\r\n\r\n', '|'],
  ['many zeros', '000000000000\r\n\r\n', '|'],
  ['hex digits in both cases', 'a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n', '01234567890123456789|'],
  ['leading zeros', '005\r\nhello\r\n0\r\n\r\n', 'hello|'],
  ['data that looks like framing', '7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n', '0\r\n\r\n\r\n|'],
  ['an extension', '5;a\r\nhello\r\n0\r\n\r\n', 'hello|'],
  ['an extension with a value', '5;a=b;c="d\\"e;f"\r\nhello\r\n0;x=y\r\n\r\n', 'hello|'],
  ['a trailer, dropped', '5\r\nhello\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\nrest', 'hello|rest'],
  ['unfinished', '5\r\nhell', 'incomplete'],
  ['no last chunk', '5\r\nhello\r\n', 'incomplete'],
  ['size too long', '1000000000000\r\n', 'chunk-size'],
  ['size overflow', 'FFFFFFFFFFFFFFFF0\r\n', 'chunk-size'],
  ['no size', '\r\nhello', 'chunk-size'],
  ['negative', '-1\r\nhello', 'chunk-size'],
  ['plus', '+5\r\nhello', 'chunk-size'],
  ['prefix', '0x5\r\nhello', 'chunk-size'],
  ['underscore', '1_0\r\nhello', 'chunk-size'],
  ['space before', ' 5\r\nhello', 'chunk-size'],
  ['space behind', '5 \r\nhello', 'chunk-size'],
  ['tab behind', '5\t\r\nhello', 'chunk-size'],
  ['letter g', '5g\r\nhello', 'chunk-size'],
  ['bare LF behind the size', '5\nhello\r\n0\r\n\r\n', 'chunk-size'],
  ['bare CR behind the size', '5\rhello\r\n0\r\n\r\n', 'chunk-size'],
  ['data longer than its size', '5\r\nhello!!\r\n0\r\n\r\n', 'chunk-end'],
  ['data without CRLF', '5\r\nhello0\r\n\r\n', 'chunk-end'],
  ['data with bare LF', '5\r\nhello\n0\r\n\r\n', 'chunk-end'],
  ['data with CR CR', '5\r\nhello\r\r0\r\n\r\n', 'chunk-end'],
  ['bare semicolon', '5;\r\nhello\r\n0\r\n\r\n', 'chunk-extension'],
  ['second semicolon bare', '5;a;\r\nhello\r\n0\r\n\r\n', 'chunk-extension'],
  ['space in extension', '5; a\r\nhello\r\n0\r\n\r\n', 'chunk-extension'],
  ['LF in extension', '5;a\nhello\r\n0\r\n\r\n', 'chunk-extension'],
  ['CR in extension', '5;a\rX\r\nhello\r\n', 'chunk-size'],
  ['NUL in extension', '5;\0a\r\nhello\r\n', 'chunk-extension'],
  ['empty value', '5;a=\r\nhello\r\n', 'chunk-extension'],
  ['CR in a quoted value', '5;a="\r\n"\r\nhello\r\n', 'chunk-extension'],
  ['text behind a quoted value', '5;a="b"c\r\nhello\r\n', 'chunk-extension'],
  ['extensions over 4 KiB', `5;a=${'b'.repeat(4096)}\r\nhello\r\n0\r\n\r\n`, 'chunk-extension'],
  ['many small extensions over 4 KiB', `${'1;ab=cd\r\nx\r\n'.repeat(700)}0\r\n\r\n`, 'chunk-extension'],
  ['trailer without colon', '0\r\nX\r\n\r\n', 'trailer'],
  ['trailer with a fold', '0\r\nX: 1\r\n 2\r\n\r\n', 'trailer'],
  ['trailer with bare LF', '0\r\nX: 1\nY: 2\r\n\r\n', 'trailer'],
  ['trailer end with bare LF', '0\r\n\n', 'trailer'],
  ['trailer end with CR', '0\r\n\rX', 'trailer'],
  ['trailer with space before colon', '0\r\nX : 1\r\n\r\n', 'trailer'],
  ['trailers over 8 KiB', `0\r\n${'X: 1\r\n'.repeat(2000)}\r\n`, 'trailer'],
  ['over the body limit', `3e9\r\n${'x'.repeat(1001)}\r\n0\r\n\r\n`, 'body-large'],
];

describe('chunked bodies', () => {
  for (const [what, text, want] of ROWS) {
    it(`${what}: ${want}`, () => {
      assert.equal(decode(text, []), want);
      if (text.length < 100)
        assert.equal(
          decode(
            text,
            Array.from({ length: text.length - 1 }, (_, i) => i + 1),
          ).replace(/\|.*/s, '|'),
          want.replace(/\|.*/s, '|'),
        );
    });
  }

  it('any cut gives the same content and the same rest', () => {
    const chunk = fc.tuple(
      fc.string({ minLength: 1, maxLength: 20, unit: 'binary-ascii' }),
      fc.constantFrom('', ';a', ';a=b', ';a="b c"'),
    );
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 5 }),
        fc.array(fc.nat(300), { maxLength: 6 }),
        fc.constantFrom('', 'X: y\r\n'),
        (chunks, cuts, trailer) => {
          const text = `${chunks.map(([data, extension]) => `${data.length.toString(16)}${extension}\r\n${data}\r\n`).join('')}0\r\n${trailer}\r\nREST`;
          const at = cuts.filter((cut) => cut > 0 && cut < text.length - 4).sort((a, b) => a - b);
          assert.equal(decode(text, at), `${chunks.map(([data]) => data).join('')}|REST`);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('never crashes, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('0', '5', 'a', ';', '=', '"', '\\', '\r', '\n', '\r\n', 'hello', ' ', '\0', ':'), {
          maxLength: 40,
        }),
        (words) => {
          decode(
            words.join(''),
            [3, 7].filter((cut) => cut < words.join('').length),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('reading a body', () => {
  it('keeps what comes before somebody reads, and hands it over in order', () => {
    const calls = host();
    const body = new IncomingBody(calls, 10, 10, 100, 100);
    const bytes = Buffer.from('0123456789next');
    assert.equal(body.feed(bytes, 0, 4), 4);
    const sink = new Recorder();
    body.pipe(sink);
    assert.equal(sink.text, '0123');
    assert.equal(body.missing, 6);
    assert.equal(body.feed(bytes, 4, bytes.length), 10);
    assert.equal(sink.text, '0123456789');
    assert.equal(sink.ended, true);
    assert.deepEqual(calls.calls, ['wanted', 'completed 10']);
  });

  it('pauses the connection when nobody reads too much, and when the reader asks', () => {
    const calls = host();
    const body = new IncomingBody(calls, 100, 100, 1000, 10);
    body.feed(Buffer.alloc(11), 0, 11);
    assert.deepEqual(calls.calls, ['pause']);
    const sink = new Recorder();
    sink.open = false;
    body.pipe(sink);
    assert.deepEqual(calls.calls, ['pause', 'wanted']);
    body.resume();
    body.feed(Buffer.alloc(11), 0, 11);
    assert.deepEqual(calls.calls, ['pause', 'wanted', 'resume', 'pause']);
    body.feed(Buffer.alloc(78), 0, 78);
    assert.deepEqual(calls.calls.slice(4), ['resume', 'completed 78'], 'a pause does not outlive the body');
  });

  it('a body that breaks off aborts the reader, also one that comes later', () => {
    const body = new IncomingBody(host(), 10, 10, 100, 100);
    body.feed(Buffer.from('abc'), 0, 3);
    body.fail('gone');
    const sink = new Recorder();
    body.pipe(sink);
    assert.deepEqual([sink.text, sink.ended, sink.aborted], ['', false, 'gone']);
  });

  it('lasts until the connection closes where nothing else says so', () => {
    const body = new IncomingBody(host(), UNTIL_CLOSE, -1, 100, 100);
    const sink = new Recorder();
    body.pipe(sink);
    body.feed(Buffer.from('abc'), 0, 3);
    assert.equal(body.finishAtClose(), true);
    assert.deepEqual([sink.text, sink.ended], ['abc', true]);
    const short = new IncomingBody(host(), 10, 10, 100, 100);
    assert.equal(short.finishAtClose(), false);
  });
});
