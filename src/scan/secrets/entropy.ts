/** Shannon entropy of a text's characters, in bits a character (C. Shannon, 1948); 0 for the empty text. Characters are latin1. */
export function shannonEntropy(text: string): number {
  const counts = new Uint16Array(256);
  const length = Math.min(text.length, 65_535);
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i) & 0xff;
    counts[code] = counts[code]! + 1;
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / length) * Math.log2(count / length);
  return bits;
}
