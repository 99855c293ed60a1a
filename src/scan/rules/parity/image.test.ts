import { productionAlone, stagingAndProduction } from '../../../../test/fakes/environments.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { parityImage } from './image.ts';

testRule(parityImage, {
  fails: [
    ['production is behind', stagingAndProduction({}, { image: 'r.example.com/cart:1.3.0' }), 'medium'],
    ['production is ahead', stagingAndProduction({}, { image: 'r.example.com/cart:1.5.0' }), 'medium'],
    [
      'held by a digest in one only',
      stagingAndProduction({}, { image: `r.example.com/cart:1.4.0@sha256:${'0'.repeat(64)}` }),
      'medium',
    ],
    ['another image', stagingAndProduction({}, { image: 'r.example.com/other:1.4.0' }), 'medium'],
  ],
  passes: [
    ['alike', stagingAndProduction({}, { replicas: 4 })],
    ['the mirror of the registry', stagingAndProduction({}, { image: 'mirror.example.com/cart:1.4.0' })],
    ['nothing to compare with', productionAlone({ image: 'r.example.com/cart:1.3.0' })],
  ],
});
