import { from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { PIPE_TO_SHELL } from './pipe-to-shell.ts';

testRule(PIPE_TO_SHELL, {
  fails: [
    ['curl to bash', from('RUN curl -fsSL https://x.test/i.sh | bash -'), 'medium'],
    ['over http through sudo', from('RUN wget -qO- http://x.test/i.sh | sudo sh'), 'high'],
    ['over several lines', from('RUN apt-get update \\', '  # why', '  && curl https://x.test/i.sh \\', '  | sh'), 'medium'],
    ['in a here-document', from('RUN <<EOF', 'curl https://x.test/i.sh | sh', 'EOF'), 'medium'],
  ],
  passes: [
    ['to tar, or only printed', from('RUN curl https://x.test/a.tgz | tar xz', 'RUN echo "curl https://x.test | sh"')],
    [
      'downloaded, compared, then run',
      from('RUN curl -fsSLo i.sh https://x.test/i.sh && echo "aa i.sh" | sha256sum -c && sh i.sh'),
    ],
  ],
});
