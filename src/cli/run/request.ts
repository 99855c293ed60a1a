// `cullis request`: one request against the manifests, without a proxy and without a network.
import { CullisError } from '#base/errors.ts';
import type { RequestAuth } from '#model/decision.ts';
import type { RequestQuery } from '#policy/request.ts';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { loadInput } from '../input.ts';
import { count } from '../text.ts';
import { renderDiagnostic } from '../view/check.ts';
import { renderRequest } from '../view/request.ts';

export interface RequestFlags extends JsonFlag {
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly path: string;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly ip?: string | undefined;
  readonly header?: readonly string[] | undefined;
  readonly claim?: readonly string[] | undefined;
  readonly plaintext: boolean;
}

export async function run(cli: Cli, flags: RequestFlags, ...paths: readonly string[]): Promise<number> {
  const query = queryOf(flags);
  const { system, diagnostics } = await loadInput(cli, paths, undefined);
  const errors = diagnostics.filter((one) => one.severity === 'error');
  if (errors.length > 0) {
    // A policy that could not be read is missing from the answer, and a missing DENY would make it a lie.
    for (const one of errors.slice(0, 5)) for (const line of renderDiagnostic(one, cli.paintErr, cli.columns)) cli.err(line);
    throw new CullisError(
      'config.invalid',
      `${count(errors.length, 'error')} in the manifests, so nothing can be said for sure; \`cullis check\` lists them all`,
    );
  }
  const { evaluateRequest } = await import('#policy/request.ts');
  const result = evaluateRequest(system, query);
  if (!result.ok) {
    if (flags.json) cli.out(JSON.stringify({ error: { code: 'usage.invalid', message: result.message, help: result.help } }));
    cli.err(`${cli.paintErr('bad', 'error')} ${result.message}`);
    if (result.help !== undefined) cli.err(`  ${cli.paintErr('quiet', 'help:')} ${result.help}`);
    return EXIT.usage;
  }
  if (flags.json) cli.out(JSON.stringify(result, null, 2));
  else for (const line of renderRequest(result, flags, cli.paint, cli.columns)) cli.out(line);
  return result.allowed ? EXIT.fine : EXIT.findings;
}

/** @throws CullisError usage.invalid for a header or claim that cannot be read; what was given for it is not repeated */
export function queryOf(flags: RequestFlags): RequestQuery {
  const { from, to, method, path, host, port, ip, plaintext } = flags;
  const headers: Record<string, string[]> = { __proto__: null } as never;
  for (const text of flags.header ?? []) {
    const found = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*[:=]\s*(.*)$/s.exec(text);
    if (!found) throw new CullisError('usage.invalid', '--header must be `name: value`');
    (headers[(found[1] as string).toLowerCase()] ??= []).push(found[2] as string);
  }
  return {
    from: from === 'anyone' ? 'outside' : from,
    to,
    method,
    path,
    headers,
    plaintext,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(ip === undefined ? {} : { ip }),
    ...(flags.claim === undefined || flags.claim.length === 0 ? {} : { auth: authOf(flags.claim) }),
  };
}

/** Claims of a token that is taken as verified: `iss=…`, `sub=…`, `aud=…`, any other; a value that begins with `[` or `{` is JSON. */
function authOf(texts: readonly string[]): RequestAuth {
  const claims: Record<string, unknown> = { __proto__: null } as never;
  for (const text of texts) {
    const found = /^([^=]+)=(.*)$/s.exec(text);
    if (!found) throw new CullisError('usage.invalid', '--claim must be `name=value`');
    claims[found[1] as string] = claimValue(found[2] as string);
  }
  const issuer = textClaim(claims['iss']);
  const subject = textClaim(claims['sub']);
  const audience = claims['aud'];
  return {
    issuer,
    subject,
    principal: `${issuer}/${subject}`,
    audiences: Array.isArray(audience)
      ? audience.filter((one) => typeof one === 'string')
      : typeof audience === 'string'
        ? [audience]
        : [],
    presenter: textClaim(claims['azp']),
    claims,
  };
}

const textClaim = (value: unknown): string => (typeof value === 'string' ? value : '');

function claimValue(text: string): unknown {
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new CullisError('usage.invalid', '--claim has a value that begins like JSON and is none');
  }
}
