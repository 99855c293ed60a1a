import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { NO_ERROR } from './constants.ts';
import { decodeHuffman, decodedBytesMax } from './huffman.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import { HpackEncoder } from './hpack-encoder.ts';
import { Output } from './output.ts';

/** Decodes hexadecimal blocks with one decoder. @returns fields of each, or `error` */
function decode(blocks: readonly string[], decoder = new HpackDecoder(4096)): string[] {
  return blocks.map((hex) => {
    const fields: string[] = [];
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    const ok =
      decoder.decode(bytes, 0, bytes.length, { field: ({ name, value }) => void fields.push(`${name}: ${value}`) }, 2 ** 20) ===
      NO_ERROR;
    return ok ? fields.join(', ') : 'error';
  });
}

const REQUESTS = [
  ':method: GET, :scheme: http, :path: /, :authority: www.example.com',
  ':method: GET, :scheme: http, :path: /, :authority: www.example.com, cache-control: no-cache',
  ':method: GET, :scheme: https, :path: /index.html, :authority: www.example.com, custom-key: custom-value',
];

describe('header blocks of RFC 7541 appendix C', () => {
  const rows: readonly (readonly [name: string, blocks: readonly string[], want: readonly string[], tableBytes: number])[] = [
    ['C.2.1', ['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572'], ['custom-key: custom-header'], 55],
    ['C.2.2', ['040c 2f73 616d 706c 652f 7061 7468'], [':path: /sample/path'], 0],
    ['C.2.3', ['1008 7061 7373 776f 7264 0673 6563 7265 74'], ['password: secret'], 0],
    ['C.2.4', ['82'], [':method: GET'], 0],
    [
      'C.3',
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
      REQUESTS,
      164,
    ],
    [
      'C.4',
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
      REQUESTS,
      164,
    ],
    [
      'C.6.1',
      [
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      ],
      [':status: 302, cache-control: private, date: Mon, 21 Oct 2013 20:13:21 GMT, location: https://www.example.com'],
      222,
    ],
  ];
  for (const [name, blocks, want, tableBytes] of rows) {
    it(name, () => {
      const decoder = new HpackDecoder(4096);
      assert.deepEqual(decode(blocks, decoder), want);
      assert.equal(decoder.tableBytes, tableBytes);
    });
  }

  it('evicts the oldest entries of a small table (C.5)', () => {
    const decoder = new HpackDecoder(256);
    const blocks = [
      '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '4803 3330 37c1 c0bf',
    ];
    const rest = 'cache-control: private, date: Mon, 21 Oct 2013 20:13:21 GMT, location: https://www.example.com';
    assert.deepEqual(decode(blocks, decoder), [`:status: 302, ${rest}`, `:status: 307, ${rest}`]);
    assert.equal(decoder.tableBytes, 222);
  });
});

describe('header blocks that cannot be read', () => {
  const rows: readonly (readonly [why: string, ...blocks: string[]])[] = [
    ['index 0', '80'],
    ['an index behind the tables', 'be'],
    ['a name behind the tables', '7f00 01 61'],
    ['an integer that is cut off', 'ff'],
    ['an integer that never ends', 'ff80 8080 8080 8080 8080 00'],
    ['an integer that is too large', '7fff ffff ff7f'],
    ['a literal that is cut off', '400a 6375'],
    ['a value that is cut off', '0001 6102 61'],
    ['a literal without a value', '0001 61'],
    ['a table larger than was granted', '3fe2 1f'],
    ['a table size behind a field', '8220'],
    ['Huffman padding longer than seven bits', '0001 6182 1cff ff', '0001 6182 ffff'],
    ['Huffman padding of zeros', '0001 6181 00'],
    ['EOS inside a string', '0001 6184 ffff ffff'],
  ];
  for (const [why, ...blocks] of rows) it(why, () => assert.ok(decode(blocks).includes('error')));

  it('a table that shrinks and grows again and again holds no more than was granted', () => {
    const decoder = new HpackDecoder(4096);
    const entry = `40 01 61 64 ${'62'.repeat(100)}`;
    for (let i = 0; i < 500; i++) assert.notDeepEqual(decode([`20 3fe1 1f ${entry} ${entry}`], decoder), ['error']);
    assert.equal(decoder.tableBytes, 266);
  });
});

describe('Huffman', () => {
  it('reads every byte value by the code of appendix B', () => {
    // The code is canonical: `0` is the first of five bits, `X` the first but one of eight, 0x0a one of the longest.
    const rows: readonly (readonly [bits: string, text: string])[] = [
      ['00000', '0'],
      ['00011', 'a'],
      ['010100', ' '],
      ['11111100', 'X'],
      ['1111111111000', '\0'],
      ['111111111111111111111111111100', '\n'],
      ['11111111111111111111101110', '\xff'],
      ['1111111111111111111111111100', '\x7f'],
    ];
    for (const [bits, text] of rows) {
      const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
      const bytes = Uint8Array.from(padded.match(/.{8}/g)!, (byte) => Number.parseInt(byte, 2));
      const out = Buffer.alloc(decodedBytesMax(bytes.length));
      const length = decodeHuffman(bytes, 0, bytes.length, out);
      assert.equal(out.toString('latin1', 0, Math.max(0, length)), text, JSON.stringify(text));
    }
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const length = decodeHuffman(bytes, 0, bytes.length, Buffer.alloc(decodedBytesMax(bytes.length)));
        return length >= -1 && length <= decodedBytesMax(bytes.length);
      }),
    );
  });
});

describe('writing', () => {
  const name = fc.constantFrom('x-a', 'x-b', 'Content-Type', 'accept', 'grpc-status', 'authorization', 'x-long-name-of-a-field');
  const value = fc.oneof(
    fc.constantFrom('', 'a', 'b', 'application/json', 'x'.repeat(300)),
    fc.string({ unit: 'binary-ascii', maxLength: 60 }).map((text) => text.replaceAll(/[^\x21-\x7e]/g, '_')),
  );
  const list = fc.array(fc.tuple(name, value), { maxLength: 12 });

  it('what is written is read again, whatever the tables hold and however their size changes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(list, fc.constantFrom(-1, -1, -1, 0, 60, 200, 4096, 10_000)), { maxLength: 12 }),
        (blocks) => {
          const encoder = new HpackEncoder();
          const decoder = new HpackDecoder(4096);
          for (const [fields, size] of blocks) {
            if (size >= 0) encoder.resize(size);
            const out = new Output();
            encoder.begin(out);
            encoder.fields(out, fields);
            const read: (readonly [string, string])[] = [];
            assert.equal(
              decoder.decode(out.bytes, 0, out.length, { field: (field) => void read.push([field.name, field.value]) }, 2 ** 20),
              NO_ERROR,
            );
            assert.deepEqual(
              read,
              fields.map(([written, text]) => [written.toLowerCase(), text]),
            );
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  const write = (encoder: HpackEncoder, ...fields: (readonly [string, string])[]): Buffer => {
    const out = new Output();
    encoder.begin(out);
    encoder.fields(out, fields);
    return Buffer.from(out.bytes.subarray(0, out.length));
  };

  it('a field is a byte from its third time on, a secret never is', () => {
    const encoder = new HpackEncoder();
    const sizes = [0, 1, 2].map(() => write(encoder, ['x-app', 'shop']).length);
    assert.deepEqual(sizes, [12, 12, 1]);
    for (const secret of ['authorization', 'cookie', 'set-cookie', 'Proxy-Authorization', 'x-api-key']) {
      for (let i = 0; i < 3; i++) assert.equal(write(encoder, [secret, 's3cret'])[0]! & 0xf0, 0x10, secret);
    }
  });

  it('leaves out what belongs to one HTTP/1 connection, and space around values', () => {
    const dropped = [
      'Connection',
      'keep-alive',
      'Proxy-Connection',
      'Transfer-Encoding',
      'Upgrade',
      'host',
      'content-length',
      'expect',
      ':path',
    ];
    for (const field of dropped) assert.equal(write(new HpackEncoder(), [field, '1']).length, 0, field);
    assert.equal(write(new HpackEncoder(), ['TE', 'gzip']).length, 0);
    assert.deepEqual(decode([write(new HpackEncoder(), ['TE', 'trailers'], ['x', '\t a b ']).toString('hex')]), [
      'te: trailers, x: a b',
    ]);
  });

  it('refuses bytes that would break the message, and the table is as if nothing had been', () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder(4096);
    const read = (bytes: Buffer): string => decode([bytes.toString('hex')], decoder)[0]!;
    read(write(encoder, ['x-a', '1']));
    for (const [bad, text] of [
      ['x y', '1'],
      ['', '1'],
      ['x', 'a\r\nb'],
      ['x', 'a\0'],
      ['x', '\u{10d}'],
      ['x', `${'y'.repeat(80)}\n`],
    ] as const) {
      assert.throws(() => write(encoder, ['x-a', '1'], ['x-a', '2'], ['x-a', '2'], [bad, text]), /forbidden byte/);
      encoder.rollBack();
      assert.equal(read(write(encoder, ['x-a', '1'], ['x-a', '2'], ['x-a', '2'])), 'x-a: 1, x-a: 2, x-a: 2');
    }
  });

  it('a table size that was to be told in a block that is given up is told in the next', () => {
    const encoder = new HpackEncoder();
    encoder.resize(60);
    assert.throws(() => write(encoder, ['x', '\n']), /forbidden byte/);
    encoder.rollBack();
    assert.deepEqual([...write(encoder)], [0x20, 0x3f, 60 - 31]);
  });
});
