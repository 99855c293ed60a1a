import { imageFindings, imageReport } from '../../../../test/fakes/image-reports.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { IMAGE_MISSING_LIBRARY } from './missing-library.ts';

const missing = (program: string, library: string, more: object = {}): ReturnType<typeof imageReport> =>
  imageReport({ entrypoint: ['/app/run'] }, { missing: [{ program, through: program, library, interpreter: false, ...more }] });

testRuleBy(IMAGE_MISSING_LIBRARY, imageFindings, {
  fails: [
    ['of what is started', missing('app/run', 'libssl.so.3'), 'high'],
    ['of another program', missing('usr/bin/tool', 'libssl.so.3'), 'low'],
    ['through a library', missing('app/run', 'libz.so.1', { through: 'usr/lib/libpng.so' }), 'high'],
    ['the loader', missing('app/run', '/lib/ld-musl-x86_64.so.1', { interpreter: true }), 'high'],
  ],
  passes: [['everything is there', imageReport({})]],
});
