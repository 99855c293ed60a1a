import { CullisError } from '#base/errors.ts';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';

/** Each script asks `cullis __complete` with the words so far; a shell that gets no proposal offers files. */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_cullis() {
  local IFS=$'\\n'
  COMPREPLY=($(cullis __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _cullis cullis
`,
  zsh: `#compdef cullis
_cullis() {
  local -a found
  local line
  while IFS=$'\\t' read -r line text; do found+=("\${line//:/\\\\:}:\${text}"); done < <(cullis __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe 'cullis' found; else _files; fi
}
compdef _cullis cullis
`,
  fish: `function __cullis_complete
  set -l words (commandline -opc) (commandline -ct)
  cullis __complete -- $words[2..-1] 2>/dev/null
end
complete -c cullis -a '(__cullis_complete)'
`,
};

/** `cullis completion SHELL`, e.g. `source <(cullis completion bash)`. */
export function run(cli: Cli, flags: JsonFlag, shell: string): void {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined) throw new CullisError('usage.invalid', 'the shell must be one of bash, zsh, fish');
  if (flags.json) cli.out(JSON.stringify({ shell, script }));
  else cli.out(script.trimEnd());
}
