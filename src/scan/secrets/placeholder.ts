// What people write where a secret belongs: references, templates, masks, words that say `put yours here`.
import { createHash } from 'node:crypto';
import { PUBLIC_VALUES } from './rules/public-values.ts';

/** A value that is taken from elsewhere when the text is used: `${VAR}`, `{{ … }}`, `$(cmd)`, `%VAR%`, `<name>`, `ENC[…]`, `vault:…`. */
const REFERENCE =
  /^(?:\$[A-Za-z_{(]|\$\d$|\{\{|<[^<>]{1,120}>$|%[A-Za-z_]\w{0,80}%$|%\(|#\{|@[A-Za-z_.]{1,60}@|\[\[|__\w{1,80}__$|ENC\[|!vault|!Ref|!Sub|(?:env|secrets?|vars?|vault|ssm|op|file|ref|arn|gcp|aws|azure|sops|data|local|module|process|os|config|settings|kms)[.:]{1,2}(?:\/\/)?[A-Za-z_/[('"])/i;
/** Inside a value: a template that fills a part of it, a mask. */
const TEMPLATE = /\$\{|\{\{|<%|\$\([a-z_]|%[({][a-z_]|\*{3,}|\.{3}|\u2026|#{4,}|x{5,}|[_-]{6,}|<[a-z][\w .:-]{1,60}>/i;
const WORDS =
  /example|placeholder|change[_ .-]?(?:me|it|this)|replace[_ .-]?(?:me|this|with)|(?:insert|put|enter|add|use|set|paste|fill)[_ -]?(?:your|in|here|the)|your?[_ .-]?(?:own|api|app|secret|token|key|password|pass|client|access|account|org|team|user|name|private|id|custom|aws|azure|github|gitlab|slack)|[_-]here$|redacted|masked|hidden|dummy|foo_?bar|lorem|todo|fixme|not[_ -]?(?:a[_ -]?)?(?:real|secret|set|used|needed|required)|sample|fake|undefined|\bnull\b|\bnone\b|\bnil\b|my[_ -]?(?:secret|token|password|pass|key|api|super)|super[_ -]?secret|top[_ -]?secret|s3cr3t|p[a@]ssw[o0]rd1?2?3?4?$|test[_ -]?(?:secret|token|key|password|pass)|secret[_ -]?(?:key|token|value)|do[_ -]?not[_ -]?use|deadbeef|cafebabe|abcdefghijkl|0123456789abcdef/i;

/** Whether a machine-made secret's place holds a mask, a template or a documentation value. */
export function isMask(secret: string): boolean {
  if (
    /EXAMPLE|example|(?:^|[_-])(?:your|YOUR|my|MY)[_-]|[xX*]{6,}|\.{3}|redacted|REDACTED|placeholder|PLACEHOLDER|abc123|123abc|qwerty|asdfgh|\$\{|\{\{|<[a-z]/.test(
      secret,
    )
  )
    return true;
  return hasFewCharacters(secret);
}

/** Whether a value that a person wrote stands for a secret and is none. */
export function isPlaceholder(value: string): boolean {
  return REFERENCE.test(value) || TEMPLATE.test(value) || WORDS.test(value) || hasFewCharacters(value);
}

export function isReference(value: string): boolean {
  return REFERENCE.test(value) || TEMPLATE.test(value);
}

/** At most four different characters in twelve or more, or one character for half of it: `1111…`, `abababab…`. */
function hasFewCharacters(text: string): boolean {
  const counts = new Map<string, number>();
  let most = 0;
  const looked = text.slice(0, 200);
  for (const char of looked) {
    const count = (counts.get(char) ?? 0) + 1;
    counts.set(char, count);
    if (count > most) most = count;
  }
  return (looked.length >= 12 && counts.size <= 4) || (looked.length >= 16 && most * 2 > looked.length);
}

/** Values that vendors print in their documentation and sample projects for everybody. */
export function isPublicValue(secret: string): boolean {
  if (secret.length > 200) return false;
  return PUBLIC_VALUES.has(createHash('sha256').update(secret, 'latin1').digest('hex').slice(0, 24));
}
