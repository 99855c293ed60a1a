import { saysTrailers } from '#wire/trailer-fields.ts';
import { connectionOptions } from '../header-rules.ts';
import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

/**
 * Copies what may pass. Forwarding and correlation headers are left to `correlate`, which writes them anew; claims of identity, their
 * aliases, and what is meant for one hop only end here. Policy looks at the copy, so a header that does not pass decides nothing.
 */
export function strip(x: Exchange): Step {
  const { headers: received } = x.request;
  const rules = x.runtime.headerRules;
  const options = received.get('connection');
  const listed = options === undefined ? [] : connectionOptions(received.all('connection').join(','));
  const { headers } = x;
  // The first place is the host's; its value is settled when the request is sent.
  headers.add('host', 'host', x.authority);
  for (let i = 0; i < received.length; i++) {
    const name = received.name(i);
    if (name === 'host') continue;
    const rule = rules.of(name);
    // A program's own call to somewhere else may say what it likes; whoever receives it strips.
    if (rule !== 'pass' && !(rule === 'override' && x.service.role === 'sidecar-out')) {
      if (name === 'te' && saysTrailers(received.value(i))) x.takesTrailers = true;
      continue;
    }
    if (listed.length > 0 && listed.includes(name)) continue;
    headers.add(name, received.rawName(i), received.value(i));
  }
  return 'next';
}
