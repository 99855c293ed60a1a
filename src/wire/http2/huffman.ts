// The Huffman code of HPACK (RFC 7541 section 5.2 and appendix B), read four bits at a time by a table of states.

/** Code length of each byte value, one letter each: `a` is 5 bits. The code is canonical, so lengths alone define it. */
const LENGTHS =
  'isxxxxxxxtzxxzxxxxxxxxzxxxxxxxxxbffhibdgffdgdbbbaaabbbbbbbcdkbhf' +
  'ibccccccccccccccccccccccdcdioijbkabababbbaccbbbabcbaabccccckgjix' +
  'prpprrrsrssssststtrstssssqrsrsstrqprrssqsrrtqrssqqrqsrssprrrsrrs' +
  'vvporsruvvvwwvtuoqvwwvwtqqvvxwwwptpqrqqsrruuttvsvwvvwwwwwxwwwwwv';
const EOS = 256;
const EOS_BITS = 30;

const EMITS = 0x100;
const FAILS = 0x200;
const STATES = 256;

/** Per state and four bits: next state above bit 16, flags, and the byte that is complete. */
const STEPS = new Uint32Array(STATES * 16);
/** States in which a string may end: at a symbol's end, or inside at most seven bits of ones. */
const ENDS = new Uint8Array(STATES);

build();

/** Fills the tables: the tree of the code has one inner node a state. Children are inner nodes, or leaves as `-1 - symbol`. */
function build(): void {
  const symbols = Array.from({ length: 257 }, (_, symbol) => ({
    symbol,
    bits: symbol === EOS ? EOS_BITS : LENGTHS.charCodeAt(symbol) - 0x61 + 5,
  })).sort((a, b) => a.bits - b.bits || a.symbol - b.symbol);
  const children: (number | undefined)[] = [undefined, undefined];
  let code = 0;
  let bitsBefore = 0;
  for (const { symbol, bits } of symbols) {
    code <<= bits - bitsBefore;
    bitsBefore = bits;
    let node = 0;
    for (let bit = bits - 1; bit > 0; bit--) {
      const edge = node * 2 + ((code >> bit) & 1);
      let next = children[edge];
      if (next === undefined) {
        next = children.length / 2;
        children[edge] = next;
        children.push(undefined, undefined);
      }
      node = next;
    }
    children[node * 2 + (code & 1)] = -1 - symbol;
    code++;
  }
  for (let state = 0; state < STATES; state++) {
    for (let four = 0; four < 16; four++) STEPS[state * 16 + four] = step(children, state, four);
  }
  for (let node = 0, depth = 0; depth < 8 && node >= 0; depth++) {
    ENDS[node] = 1;
    node = children[node * 2 + 1]!;
  }
}

function step(children: readonly (number | undefined)[], state: number, four: number): number {
  let node = state;
  let out = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const next = children[node * 2 + ((four >> bit) & 1)]!;
    if (next >= 0) {
      node = next;
      continue;
    }
    const symbol = -1 - next;
    if (symbol === EOS) return FAILS;
    out = EMITS | symbol;
    node = 0;
  }
  return (node << 16) | out;
}

/** Most bytes that `length` bytes of code stand for: no code is shorter than five bits. */
export const decodedBytesMax = (length: number): number => Math.ceil((length * 8) / 5);

/**
 * Decodes `bytes` from `from` to `to` into `out`, which has room for `decodedBytesMax`.
 * @returns the number of bytes written, -1 for a code that may not be (EOS inside, padding that is too long or not all ones)
 */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number, out: Uint8Array): number {
  let state = 0;
  let length = 0;
  let seen = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    const high = STEPS[(state << 4) | (byte >> 4)]!;
    if ((high & EMITS) !== 0) out[length++] = high;
    const low = STEPS[((high >>> 16) << 4) | (byte & 15)]!;
    if ((low & EMITS) !== 0) out[length++] = low;
    state = low >>> 16;
    seen |= high | low;
  }
  return (seen & FAILS) !== 0 || ENDS[state] === 0 ? -1 : length;
}
