// Patterns over paths as CODEOWNERS and .gitignore write them, without expressions that could backtrack.

/**
 * `*` stands for anything but `/`, `**` for anything, `?` for one character but `/`. Linear in pattern times text.
 * @example globMatcher('deploy/**\/*.yaml')('deploy/shop/cart.yaml') // true
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  const tokens = tokensOf(pattern);
  return (text) => matches(tokens, text);
}

type Token = { readonly type: 'text'; readonly char: string } | { readonly type: 'one' | 'some' | 'any' };

function tokensOf(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string;
    if (char === '*' && pattern[i + 1] === '*') {
      i++;
      tokens.push({ type: 'any' });
      // `**/` also stands for no folder at all.
      if (pattern[i + 1] === '/') i++;
    } else if (char === '*') tokens.push({ type: 'some' });
    else if (char === '?') tokens.push({ type: 'one' });
    else tokens.push({ type: 'text', char });
  }
  return tokens;
}

/** All states at once, so that no input makes it slow. */
function matches(tokens: readonly Token[], text: string): boolean {
  let states = closure(tokens, new Set([0]));
  for (const char of text) {
    const next = new Set<number>();
    for (const state of states) {
      const token = tokens[state];
      if (!token) continue;
      if (token.type === 'any' || (token.type === 'some' && char !== '/')) next.add(state);
      else if ((token.type === 'one' && char !== '/') || (token.type === 'text' && token.char === char)) next.add(state + 1);
    }
    if (next.size === 0) return false;
    states = closure(tokens, next);
  }
  return states.has(tokens.length);
}

function closure(tokens: readonly Token[], states: Set<number>): Set<number> {
  for (const state of states) {
    const type = tokens[state]?.type;
    if (type === 'some' || type === 'any') states.add(state + 1);
  }
  return states;
}
