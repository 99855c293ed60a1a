// The team's own rules for secrets, as gitleaks writes them.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import { importGitleaks } from '#scan/secrets/gitleaks/import.ts';
import { SECRET_RULES } from '#scan/secrets/rules.ts';
import { compileSecretRules } from '#scan/secrets/scanner.ts';
import type { SecretScanner } from '#scan/secrets/scanner.ts';

const BYTES_MAX = 8 * 1024 * 1024;

/**
 * Our rules and those of a gitleaks configuration beside them.
 * @throws CullisError config.unreadable, config.invalid with every mistake and its place
 */
export function scannerWith(file: string, cwd: string): SecretScanner {
  const path = resolve(cwd, file);
  const load = (name: string): string | undefined => {
    try {
      return readFileSync(resolve(dirname(path), name), 'utf8');
    } catch {
      return undefined;
    }
  };
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CullisError('config.unreadable', `the rules \`${file}\` could not be read: ${messageOf(error)}`);
  }
  if (text.length > BYTES_MAX) throw new CullisError('config.invalid', `\`${file}\` is larger than rules are`);
  const { set, diagnostics } = importGitleaks(file, text, load);
  const wrong = diagnostics.filter(({ severity }) => severity === 'error');
  if (wrong.length > 0)
    throw new CullisError(
      'config.invalid',
      wrong
        .map(({ location, message }) => `${location ? `${location.file}:${location.line}:${location.column}: ` : ''}${message}`)
        .join('; '),
    );
  const own = set.rules.length > 0 ? set.rules : SECRET_RULES;
  return compileSecretRules({ ...set, rules: own });
}
