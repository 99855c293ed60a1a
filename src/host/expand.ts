// `$(NAME)` references in command, args and env, with exactly Kubernetes' meaning.

/**
 * Replaces every `$(NAME)` that `lookup` knows. `$$(NAME)` gives the literal `$(NAME)`, an unknown or unclosed reference stays
 * as it is written, and any other `$` is literal (Kubernetes API, Container.command and EnvVar.value).
 * @example expand('http://$(HOST)/$$(HOST)/$(NOPE)', (name) => ({ HOST: 'cart' })[name]) // 'http://cart/$(HOST)/$(NOPE)'
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let out = '';
  let from = 0;
  for (let at = text.indexOf('$'); at !== -1 && at + 1 < text.length; at = text.indexOf('$', from)) {
    out += text.slice(from, at);
    const next = text[at + 1];
    if (next === '$') {
      out += '$';
      from = at + 2;
      continue;
    }
    const end = next === '(' ? text.indexOf(')', at + 2) : -1;
    if (end === -1) {
      out += text.slice(at, at + 2);
      from = at + 2;
      continue;
    }
    out += lookup(text.slice(at + 2, end)) ?? text.slice(at, end + 1);
    from = end + 1;
  }
  return out + text.slice(from);
}

/**
 * Expands each value with those before it, as the kubelet does: a reference forward or to itself stays literal.
 * @param literal names whose values are taken as they are (they come from Secrets or fields, whose text is never expanded)
 */
export function expandEnv(
  env: Readonly<Record<string, string>>,
  literal: ReadonlySet<string> = new Set(),
): Readonly<Record<string, string>> {
  const seen = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    seen.set(name, literal.has(name) ? value : expand(value, (key) => seen.get(key)));
  }
  return Object.fromEntries(seen);
}

/** Expands every word of a command with the finished environment. */
export function expandCommand(command: readonly string[], env: Readonly<Record<string, string>>): string[] {
  return command.map((word) => expand(word, (name) => (Object.hasOwn(env, name) ? env[name] : undefined)));
}
